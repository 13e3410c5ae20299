"""Written digits with few labels and frames to come, from encoders that were pretrained on pixels and from controls."""
