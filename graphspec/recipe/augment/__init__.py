"""Augmentations, one per file: random changes of the training examples."""
