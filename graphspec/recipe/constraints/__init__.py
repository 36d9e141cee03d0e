"""Constraints that weights are brought back to after every step, one per file."""
