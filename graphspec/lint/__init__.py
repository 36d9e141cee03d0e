"""Advice on a network that can be run: what the CS231n notes would do otherwise, and why."""

from graphspec.lint.advice import CODES, find_advice
from graphspec.lint.scene import depth

__all__ = ["CODES", "depth", "find_advice"]
