"""Series in: containers, windows, scaling, bundled and synthetic domains."""
