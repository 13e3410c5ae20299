"""Detection of anomalies in six public sets: JEPA at one and three resolutions beside classical detectors."""
