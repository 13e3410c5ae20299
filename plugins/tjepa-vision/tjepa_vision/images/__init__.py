"""Images: how they are read and cut into patches."""
