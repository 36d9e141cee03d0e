"""Engines by name, and which one computes where none is named."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from typing import Any, Literal, NamedTuple, get_args

from graphspec.check.sizes import WorkspaceFor
from graphspec.engines.base import Engine
from graphspec.engines.numpy import NumpyEngine
from graphspec.errors import EngineError, EngineWarning
from graphspec.graph import GraphSpec
from graphspec.memory import Workspace
from graphspec.plan import compile_graph

EngineName = Literal["jit", "numpy"]
Accuracy = Literal["fast", "accurate"]
NAMES: tuple[EngineName, ...] = ("jit", "numpy")


class Choice(NamedTuple):
    """What is asked for; None leaves it as it is or would be.

    Args:
        engine: What computes: "jit" (kernels compiled for this processor) or "numpy"; by default
            as in the run, or for a network file the fastest that can.
        threads: How many threads the jit engine takes; by default as in the run, or for a network
            file all cores.
        accuracy: In float32: "fast" (errors of a layer to 2e-5 of its largest value) or
            "accurate" (2e-6); by default as in the run, or else "fast".
    """

    engine: EngineName | None = None
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

    Where numpy serves because the fast engine cannot be used here, an ``EngineWarning`` says so.

    Args:
        name: ``jit``, ``numpy``, or None for the fastest that computes in ``dtype`` here.
        dtype: float32 or float64.
        threads: of the jit engine; None takes all cores that the process may use.
        accuracy: in float32; None takes ``fast``.

    Raises:
        EngineError: there is none of that name, or it does not work here or not in that type; or
            there is no such accuracy, or not so many threads.
    """
    if name is None:
        name, threads = _fastest(dtype, threads)
    if name not in NAMES:
        raise EngineError(f"there is no engine {name!r}; there are {', '.join(NAMES)}")
    if accuracy not in (None, *get_args(Accuracy)):
        raise EngineError(
            f"there is no accuracy {accuracy!r}; there are {', '.join(get_args(Accuracy))}"
        )
    if name == "numpy":
        if threads is not None and threads != 1:
            raise EngineError(f"the numpy engine computes on one thread, not on {threads}")
        return NumpyEngine(dtype, accuracy or "fast")  # type: ignore[arg-type]
    if reason := why_not_jit(dtype):
        raise EngineError(f"the jit engine cannot be used: {reason}. Take the numpy engine")
    from graphspec.engines.jit.engine import JitEngine

    return JitEngine(threads=threads_here(threads), accuracy=accuracy or "fast")


def _fastest(dtype: str, threads: int | None) -> tuple[EngineName, int | None]:
    """The engine that is taken where none is named, with so many threads.

    Raises:
        EngineError: as for ``threads_here``.
    """
    if not (reason := why_not_jit(dtype)):
        return "jit", threads
    if dtype != "float32":
        return "numpy", threads
    threads_here(threads)
    warnings.warn(f"computing with numpy, which is slower: {reason}", EngineWarning, stacklevel=3)
    return "numpy", None


def workspace_of(spec: GraphSpec) -> WorkspaceFor:
    """What the engine that a graph is trained on where none is named takes of its own."""
    dtype = "float32" if spec.training is None else spec.training.dtype

    def workspace(batch: int, *, training: bool) -> Workspace:
        # Nothing is computed, so nobody need be told by what.
        engine = open_engine("numpy" if why_not_jit(dtype) else "jit", dtype)
        return engine.workspace(compile_graph(spec), batch, training=training)

    return workspace


def reopen_engine(
    recorded: Mapping[str, Any],
    dtype: str,
    choice: Choice = AS_BEFORE,
) -> Engine:
    """The engine of a run from its environment, with as many threads, or as asked for now.

    A run of the jit engine that comes to a machine without it goes on with numpy, and an
    ``EngineWarning`` says so.

    Raises:
        EngineError: as for ``open_engine``.
    """
    before = str(recorded.get("engine", "numpy"))
    name, threads = choice.engine or before, choice.threads
    accuracy = choice.accuracy or recorded.get("accuracy")
    if choice.engine is None and name == "jit":
        name, threads = _fastest(dtype, threads)
    if name == before == "jit" and threads is None:
        # Unless it comes from a far larger machine.
        found = recorded.get("threads")
        threads = None if found is None or found > _most_threads() else found
    return open_engine(name, dtype, threads=threads, accuracy=accuracy)


def threads_here(asked: int | None) -> int:
    """How many threads the jit engine takes: as asked for, or one for each usable core.

    Raises:
        EngineError: fewer than one are asked for, or more than two for each core.
    """
    if asked is None:
        return usable_cores()
    if not 1 <= asked <= _most_threads():
        raise EngineError(
            f"there are {usable_cores()} cores to compute on: ask for 1 to {_most_threads()} "
            f"threads, not for {asked}"
        )
    return asked


def _most_threads() -> int:
    return 2 * max(usable_cores(), 2)


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
    try:
        from graphspec.engines.jit.target import host

        host()
    except EngineError as error:
        return str(error)
    # A package of another Python, or whose libraries the system lacks.
    except (ImportError, OSError) as error:
        return f"the package llvmlite cannot be loaded ({error})"
    return ""
