"""Data sets: built-in ones, readers for foreign files, splits, and batches."""
