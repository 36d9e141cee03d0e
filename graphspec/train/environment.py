"""What the bits of a result depend on besides the settings: versions, processor, threads."""

from __future__ import annotations

import platform
import re
from pathlib import Path
from typing import Any

import numpy as np

from graphspec import __version__
from graphspec.engines.base import Engine


def capture(engine: Engine) -> dict[str, Any]:
    """The environment as JSON values. Names no machine and no person."""
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return {
        "graphspec": __version__,
        "engine": engine.name,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "blas": f"{blas.get('name')} {blas.get('version')}",
        "system": platform.system(),
        "machine": platform.machine(),
        "processor": _processor(),
        "threads": engine.threads,
        **getattr(engine, "environment", {}),
    }


def differences(before: dict[str, Any], now: dict[str, Any]) -> tuple[str, ...]:
    """Sentences on what has changed and may change the last bits of a result."""
    return tuple(
        f"{key} was {before[key]!r} and is {now.get(key)!r}"
        for key in before
        if before[key] != now.get(key)
    )


def _processor() -> str:
    """The processor's model: BLAS chooses its kernels by it."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return platform.processor()
    match = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return match.group(1).strip() if match else platform.processor()
