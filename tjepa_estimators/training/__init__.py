"""The one training backend, on Lightning."""
