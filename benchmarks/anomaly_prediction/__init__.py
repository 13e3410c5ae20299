"""Will the next window hold an anomaly? The protocol of the MTS-JEPA paper on MSL and SMAP, with its controls."""
