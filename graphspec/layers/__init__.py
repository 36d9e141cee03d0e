"""Layers, one per file: fields, shape rule, parameters, forward and backward."""
