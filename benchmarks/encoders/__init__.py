"""Time, memory and worth of every encoder, at equal width and depth and at equal parameters."""
