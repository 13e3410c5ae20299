"""Thin wrappers, one per library."""
