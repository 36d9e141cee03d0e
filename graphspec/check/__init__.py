"""Every problem of a graph in one pass, with its place, its arithmetic and its fixes."""

from graphspec.check.analysis import Analysis, analyse
from graphspec.check.sizes import find_problems, refuse_oversize

__all__ = ["Analysis", "analyse", "find_problems", "refuse_oversize"]
