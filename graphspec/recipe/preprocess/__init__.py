"""Preprocessing steps, one per file: fitted on the training split only."""
