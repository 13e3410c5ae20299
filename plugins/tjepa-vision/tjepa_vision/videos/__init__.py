"""Clips: how they are read and cut into tubelets."""
