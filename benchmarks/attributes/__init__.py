"""One encoder for all attributes of a series, one for each, or a mixture of experts."""
