"""The fast engine's tests need its compiler; where that is missing, numpy serves."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

collect_ignore_glob = [] if find_spec("llvmlite") else ["test_*.py"]


@pytest.fixture(autouse=True)
def _together(monkeypatch: pytest.MonkeyPatch) -> None:
    """All threads do all rows: the networks here are so small that one would do them alone."""
    monkeypatch.setattr("graphspec.engines.jit.table.SMALL", 0)
