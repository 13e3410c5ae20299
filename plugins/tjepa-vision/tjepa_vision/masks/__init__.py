"""Which tokens of an image or a clip are hidden."""
