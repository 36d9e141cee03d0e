"""Kernels by family; each file opens with its formula and its memory layout."""
