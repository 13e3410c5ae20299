"""How the weights ``tjepa-tiny`` are made from nothing."""
