"""Kernels are compiled once, by whoever comes first: thread, forked child, spawned child."""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any, get_args

import numpy as np
import pytest

from graphspec import zoo
from graphspec.engines.jit import compiler, footprint
from graphspec.engines.jit.buffers import outside
from graphspec.engines.jit.builder import Kernel
from graphspec.engines.jit.cache import ObjectCache
from graphspec.engines.jit.engine import JitEngine
from graphspec.engines.jit.lowering.lower import Lowered, lower
from graphspec.engines.jit.lowering.site import Accuracy
from graphspec.engines.jit.table import NativeRow, Routine, bind
from graphspec.engines.jit.target import host
from graphspec.errors import EngineError
from graphspec.plan import compile_graph
from tests.engines.jit.calling import call
from tests.engines.jit.test_every_layer import CASES, around


def add_constant(constant: float, k: Kernel) -> None:
    x, n = k.pointer(), k.size()
    for i, lanes in k.sweep(0, n):
        x.store(x.load(i, lanes) + constant, i, lanes)


def added(constant: int) -> Any:
    x = np.zeros(1000, np.float32)
    call(f"add_{constant}", partial(add_constant, float(constant)), x, x.size)
    return x


def test_threads_that_compile_and_run_at_once() -> None:
    results: dict[tuple[int, int], Any] = {}

    def work(thread: int) -> None:
        for constant in range(20):
            results[thread, constant] = added(constant)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 40
    for (_, constant), x in results.items():
        np.testing.assert_array_equal(x, np.full(1000, constant, np.float32))


def child(queue: Any) -> None:
    queue.put((float(added(3)[5]), float(added(77)[999])))


@pytest.mark.parametrize(
    "method",
    [
        pytest.param(
            "fork",
            marks=[
                pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot fork"),
                # Python warns of every fork of a process that has threads; ours must bear it.
                pytest.mark.filterwarnings("ignore::DeprecationWarning"),
            ],
        ),
        "spawn",
    ],
)
def test_children_run_known_and_new_kernels(method: str) -> None:
    added(3)
    context: Any = multiprocessing.get_context(method)
    queue = context.Queue()
    process = context.Process(target=child, args=(queue,))
    process.start()
    assert queue.get(timeout=60) == (3.0, 77.0)
    process.join()
    assert process.exitcode == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_fork_while_another_thread_compiles_does_not_hang() -> None:
    def compile_many() -> None:
        for constant in range(1000, 1040):
            compiler.compile_module(
                compiler.llvm_text("many", partial(add_constant, float(constant))), host()
            )

    thread = threading.Thread(target=compile_many)
    thread.start()
    children = []
    for number in range(5):
        pid = os.fork()
        if pid == 0:
            constant = 200 + number
            os._exit(0 if added(constant)[0] == constant else 1)
        children.append(pid)
    thread.join()
    codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children]
    assert codes == [0] * 5


def test_another_kernel_of_the_same_name_is_refused() -> None:
    address = compiler.native("clash", partial(add_constant, 1.0))
    with pytest.raises(EngineError, match="two kernels have the name 'clash'"):
        compiler.native("clash", partial(add_constant, 2.0))
    with pytest.raises(EngineError, match="two kernels have the name 'clash'"):
        compiler.native("clash", lambda k: add_constant(2.0, k))
    # The same kernel may be written by whomsoever.
    assert compiler.native("clash", partial(add_constant, 1.0)) == address
    assert compiler.native("clash", lambda k: add_constant(1.0, k)) == address


def test_a_clash_within_one_network_is_refused_before_it_runs() -> None:
    out = outside("out", np.zeros(4, np.float32))
    rows = [
        NativeRow(Routine("clash in a table", partial(add_constant, c)), (out, 4), 1, (), (out,))
        for c in (1.0, 2.0)
    ]
    with pytest.raises(EngineError, match="two kernels have the name 'clash in a table'"):
        bind(rows)


def test_no_two_kernels_of_all_layers_and_all_networks_share_a_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first: dict[str, compiler.Emit] = {}

    def compared(*given: Any) -> Lowered:
        lowered = lower(*given)
        for row in (*lowered.prepare, *lowered.rows):
            if isinstance(row, NativeRow):
                name, emit = row.routine.name, row.routine.emit
                if not compiler.same_writer(first.setdefault(name, emit), emit):
                    compiler.refuse_another(name, first[name], emit, host())
        return lowered

    monkeypatch.setattr(footprint, "lower", compared)
    specs = [*(around(kind, number) for kind, number in CASES), *map(zoo.load, zoo.names())]
    for spec, accuracy, training in product(specs, get_args(Accuracy), (True, False)):
        engine = JitEngine(threads=2, accuracy=accuracy)
        engine.workspace(compile_graph(spec), 2, training=training)
    assert len(first) > 100


def test_the_cache_is_asked_first(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    cache, emit = ObjectCache(tmp_path / "jit"), partial(add_constant, 1.0)
    code = compiler.object_code("cached", emit, host(), cache)

    def refuse(*_: object) -> bytes:
        raise AssertionError("compiled again")

    monkeypatch.setattr(compiler, "compile_module", refuse)
    assert compiler.object_code("cached", emit, host(), cache) == code
    with pytest.raises(AssertionError, match="compiled again"):
        compiler.object_code("another name", emit, host(), cache)


@pytest.mark.parametrize(
    "change", [{"cpu": "another"}, {"features": "+another"}, {"width": 1}], ids=str
)
def test_code_of_another_processor_is_not_taken(tmp_path: Any, change: dict[str, Any]) -> None:
    cache, emit = ObjectCache(tmp_path / "jit"), partial(add_constant, 1.0)
    cache.put(compiler._key("moved", emit, replace(host(), **change)), b"code of that processor")
    assert compiler.object_code("moved", emit, host(), cache) != b"code of that processor"


def test_other_sources_make_other_keys(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    cache, emit = ObjectCache(tmp_path / "jit"), partial(add_constant, 1.0)
    changes: list[Callable[[], None]] = [
        lambda: None,
        lambda: monkeypatch.setattr(compiler, "source_hash", lambda: "another"),
        lambda: monkeypatch.setattr(compiler, "_file_hash", lambda path: "another"),
    ]
    for count, change in enumerate(changes, start=1):
        change()
        compiler.object_code("keyed", emit, host(), cache)
        assert len(list(cache.folder.iterdir())) == count
