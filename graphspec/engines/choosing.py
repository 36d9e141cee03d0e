"""Engines by name, and which one computes where none is named."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from typing import Any, Literal, NamedTuple

from graphspec.check.sizes import WorkspaceFor
from graphspec.engines.base import Engine
from graphspec.engines.numpy import NumpyEngine
from graphspec.errors import EngineError
from graphspec.graph import GraphSpec
from graphspec.memory import Workspace
from graphspec.plan import compile_graph

EngineName = Literal["jit", "numpy"]
Accuracy = Literal["fast", "accurate"]
NAMES: tuple[EngineName, ...] = ("jit", "numpy")


class Choice(NamedTuple):
    """What is asked for; None leaves it as it is or would be."""

    engine: str | None = None
    threads: int | None = None
    accuracy: Accuracy | None = None


AS_BEFORE = Choice()


def open_engine(
    name: str | None,
    dtype: str,
    *,
    threads: int | None = None,
    accuracy: Accuracy | None = None,
) -> Engine:
    """An engine by its name.

    Args:
        name: ``jit``, ``numpy``, or None for the fastest that computes in ``dtype`` here.
        dtype: float32 or float64.
        threads: of the jit engine; None takes all cores that the process may use.
        accuracy: of the jit engine; None takes ``fast``.

    Raises:
        EngineError: there is none of that name, or it does not work here or not in that type.
    """
    if name is None:
        name = "numpy" if why_not_jit(dtype) else "jit"
    if name not in NAMES:
        raise EngineError(f"there is no engine {name!r}; there are {', '.join(NAMES)}")
    if name == "numpy":
        if threads is not None and threads != 1:
            raise EngineError(f"the numpy engine computes on one thread, not on {threads}")
        return NumpyEngine(dtype)  # type: ignore[arg-type]
    if reason := why_not_jit(dtype):
        raise EngineError(f"the jit engine cannot be used: {reason}. Take the numpy engine")
    from graphspec.engines.jit.engine import JitEngine

    return JitEngine(threads=threads or usable_cores(), accuracy=accuracy or "fast")


def workspace_of(spec: GraphSpec) -> WorkspaceFor:
    """What the engine that a graph is trained on where none is named takes of its own."""
    dtype = "float32" if spec.training is None else spec.training.dtype

    def workspace(batch: int, *, training: bool) -> Workspace:
        return open_engine(None, dtype).workspace(compile_graph(spec), batch, training=training)

    return workspace


def reopen_engine(
    recorded: Mapping[str, Any],
    dtype: str,
    choice: Choice = AS_BEFORE,
) -> Engine:
    """The engine of a run from its environment, with as many threads, or as asked for now.

    A run of the jit engine that comes to a machine without it goes on with numpy, which the
    comparison of the two environments then tells.

    Raises:
        EngineError: as for ``open_engine``.
    """
    before = str(recorded.get("engine", "numpy"))
    name, threads, accuracy = choice.engine or before, choice.threads, choice.accuracy
    if choice.engine is None and name == "jit" and why_not_jit(dtype):
        name = "numpy"
    if name == before == "jit":
        threads = threads or _bearable(recorded.get("threads"))
        accuracy = accuracy or recorded.get("accuracy")
    return open_engine(name, dtype, threads=threads, accuracy=accuracy)


def _bearable(threads: int | None) -> int | None:
    """The number of threads of a run, unless it comes from a far larger machine."""
    cores = usable_cores()
    return cores if threads is not None and threads > 2 * cores else threads


def usable_cores() -> int:
    """The cores that this process may use, which containers make fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def why_not_jit(dtype: str) -> str:
    """Why the jit engine cannot compute in this type here; empty where it can."""
    if dtype != "float32":
        return f"it computes in float32, and {dtype} is asked for"
    return _why_not_here()


@cache
def _why_not_here() -> str:
    if find_spec("llvmlite") is None:
        return "the package llvmlite is missing (pip install llvmlite)"
    from graphspec.engines.jit.target import host

    try:
        host()
    except EngineError as error:
        return str(error)
    return ""
