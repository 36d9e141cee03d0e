"""Faults of the machine, made on purpose."""

from __future__ import annotations

import sys

import pytest

linux_only = pytest.mark.skipif(
    sys.platform != "linux", reason="another process's limits cannot be set"
)


def fill_disk(pid: int, *, full: bool) -> None:
    """Let a process write nothing to any file, as on a full disk, or everything again."""
    import resource

    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (0 if full else hard, hard))
