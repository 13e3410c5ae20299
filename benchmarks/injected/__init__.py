"""Anomalies planted into real series: which kinds are caught, at which resolution."""
