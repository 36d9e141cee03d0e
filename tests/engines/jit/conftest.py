"""The fast engine's tests need its compiler; where that is missing, numpy serves."""

from __future__ import annotations

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("llvmlite") else ["test_*.py"]
