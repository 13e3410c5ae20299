"""Series in: containers, windows, scaling, bundled domains."""
