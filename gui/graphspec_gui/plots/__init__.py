"""Curves of runs: loss, accuracy, rate, update-to-weight ratio, gradient norm."""
