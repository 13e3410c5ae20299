"""Transfer: an encoder pretrained on one domain forecasts another, with few or many of its windows, beside controls."""
