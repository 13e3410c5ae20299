"""Samples that may be shipped."""
