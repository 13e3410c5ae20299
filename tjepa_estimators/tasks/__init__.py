"""What is done with an encoder: forecast, score anomalies. Arrays in, arrays out."""
