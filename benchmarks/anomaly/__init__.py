"""Detection of anomalies in six public sets: JEPA at one and at all resolutions beside the detectors of others."""
