"""Penalties on the weights (regularisation), one per file."""
