"""Scripts that produce the numbers of the documentation; ``python -m benchmarks --list`` names them."""
