"""The layer reference, from the layers' docstrings."""
