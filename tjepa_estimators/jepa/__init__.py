"""The joint-embedding predictive architecture: masks, predictor, losses, health."""
