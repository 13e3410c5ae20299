"""The verbs of the command line, one module each; every one has ``run(options)``."""
