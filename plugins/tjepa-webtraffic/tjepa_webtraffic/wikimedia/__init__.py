"""Views of Wikimedia articles."""
