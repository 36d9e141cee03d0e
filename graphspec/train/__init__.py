"""Training: the loop, its events, and the run directory that keeps them."""
