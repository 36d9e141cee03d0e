"""Our own threads: together, in forked and spawned children, with the same bits each time."""

from __future__ import annotations

import multiprocessing
import os
import threading
from functools import partial
from math import inf

import numpy as np
import pytest

from graphspec import document, zoo
from graphspec.engines.base import Step
from graphspec.engines.jit import interpreter
from graphspec.engines.jit.buffers import outside
from graphspec.engines.jit.engine import JitEngine
from graphspec.engines.jit.executable import JitExecutable
from graphspec.engines.jit.table import ALONE, Flops, NativeRow, Note, Routine, bind
from graphspec.engines.jit.threads import Pool
from graphspec.plan import compile_graph
from graphspec.recipe.rules.momentum import Momentum
from tests.engines.nets import batch

SPEC = document.load(zoo.models_dir() / "tiny_convnet.json")
RULE = Momentum(rate=0.01)


def _note_thread(k) -> None:  # type: ignore[no-untyped-def]
    """out[chunk] = 1 + thread, and y[chunk] += out of the chunk before (of another thread)."""
    out, y, n = k.pointer(), k.pointer(), k.size()
    with k.chunks() as chunk:
        y[chunk] = y[chunk] + out[(chunk + n - 1) % n]
        out[chunk] = (k.thread + 1).to(out.element)


def load(threads: int = 2) -> JitExecutable:
    return JitEngine(threads=threads).load(compile_graph(SPEC), seed=1)


def train(executable: JitExecutable, steps: int = 4) -> dict[str, bytes]:
    for index in range(steps):
        feeds = batch(SPEC, 9, seed=index, dtype="float32")
        executable.train_step(feeds, RULE, Step(index, 0.01))
    return {name: array.tobytes() for name, array in executable.weights().items()}


@pytest.mark.parametrize("threads", [1, 2, 3, 5])
def test_chunks_go_to_threads_by_a_fixed_share(threads: int) -> None:
    n = 11
    out, y = np.zeros(n, np.float32), np.zeros(n, np.float32)
    values = outside("out", out), outside("y", y)
    routine = Routine("test_note_thread", partial(_note_thread))
    table = bind([NativeRow(routine, (*values, n), n, values, values)])
    pool = Pool(threads)
    pool.run(table.native, 0, 1)
    shares = [
        t + 1 for t in range(threads) for _ in range(n * t // threads, n * (t + 1) // threads)
    ]
    np.testing.assert_array_equal(out, shares)
    pool.close()


@pytest.mark.parametrize("threads", [2, 3])
def test_a_row_that_reads_what_others_wrote_waits_for_them(threads: int) -> None:
    n = 64
    a, b = np.zeros(n, np.float32), np.zeros(n, np.float32)

    def copy_turned(k) -> None:  # type: ignore[no-untyped-def]
        source, target, count = k.pointer(), k.pointer(), k.size()
        with k.chunks() as chunk:
            target[chunk] = source[count - 1 - chunk] + 1.0

    routine = Routine("test_copy_turned", copy_turned)
    x, y = outside("a", a), outside("b", b)
    there = NativeRow(routine, (x, y, n), n, (x,), (y,))
    back = NativeRow(routine, (y, x, n), n, (y,), (x,))
    table = bind([there, back] * 200)
    pool = Pool(threads)
    for _ in range(5):
        pool.run(table.native, 0, len(table.native))
    np.testing.assert_array_equal(a, np.full(n, 2000))
    pool.close()


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_what_is_small_is_done_by_the_caller_with_the_bits_of_all_threads(
    threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = train(load(threads))
    monkeypatch.setattr("graphspec.engines.jit.table.SMALL", inf)
    executable = load(threads)
    assert train(executable) == together
    # The others were never told of a run.
    assert executable._pool._control[interpreter.RUN] == 0


@pytest.mark.parametrize("small", [0, 200])
def test_rows_are_small_by_what_they_compute_and_read(
    small: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graphspec.engines.jit.table.SMALL", small)
    x, y = (outside(name, np.zeros(50, np.float32)) for name in "xy")
    routine = Routine("test_note_thread", partial(_note_thread))

    def flags(flops: Flops, times: int) -> list[int]:
        rows = [NativeRow(routine, (), 1, (x,), (y,), Note(flops=flops))] * times
        return [int(flag) & ALONE for flag in bind(rows).native[:, 3]]

    alone = ALONE if small else 0
    assert flags(0, 3) == [alone] * 3
    assert flags(0, 4) == [0] * 4
    assert flags(149, 1) == [alone]
    assert flags(150, 1) == [0]
    assert flags(lambda: 1, 1) == [0]


def test_rows_that_touch_nothing_in_common_do_not_wait() -> None:
    arrays = [outside(str(i), np.zeros(4, np.float32)) for i in range(4)]
    routine = Routine("test_note_thread", partial(_note_thread))
    rows = [
        NativeRow(routine, (), 1, (arrays[0],), (arrays[1],)),
        NativeRow(routine, (), 1, (arrays[0],), (arrays[2],)),
        NativeRow(routine, (), 1, (arrays[2],), (arrays[3],)),
        NativeRow(routine, (), 1, (arrays[1],), (arrays[0],)),
    ]
    assert bind(rows).native[:, 3].tolist() == [0, 0, 1, 0]


@pytest.mark.parametrize("before", ["reads", "writes"])
@pytest.mark.parametrize("after", ["reads", "writes"])
def test_only_two_readers_of_the_same_do_not_wait_for_each_other(before: str, after: str) -> None:
    shared, *own = (outside(str(i), np.zeros(4, np.float32)) for i in range(3))
    routine = Routine("test_note_thread", partial(_note_thread))
    rows = [
        NativeRow(routine, (), 1, (shared,), (mine,))
        if way == "reads"
        else NativeRow(routine, (), 1, (mine,), (shared,))
        for way, mine in zip((before, after), own, strict=True)
    ]
    waits = (before, after) != ("reads", "reads")
    assert bind(rows).native[:, 3].tolist() == [0, int(waits)]


def test_the_same_seed_and_threads_give_the_same_bits() -> None:
    assert train(load(2)) == train(load(2))


def test_two_executables_train_at_once() -> None:
    alone = train(load(2), 8)
    found: list[dict[str, bytes]] = []
    workers = [threading.Thread(target=lambda: found.append(train(load(2), 8))) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert found == [alone] * 3


def test_one_executable_serves_several_python_threads() -> None:
    executable = load(2)
    # Each has examples of its own: who comes in between would leave the others' numbers behind.
    feeds = [batch(SPEC, 64, seed=number, dtype="float32") for number in range(3)]
    (output,) = executable.plan.outputs
    expected = [executable.run(each).values[output] for each in feeds]
    found: list[list[np.ndarray]] = [[] for _ in feeds]

    def look(number: int) -> None:
        for _ in range(50):
            found[number].append(executable.run(feeds[number]).values[output])

    workers = [threading.Thread(target=look, args=(number,)) for number in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    for got, wanted in zip(found, expected, strict=True):
        assert len(got) == 50
        assert all(np.array_equal(array, wanted) for array in got)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_child_starts_threads_of_its_own() -> None:
    executable = load(2)
    train(executable, 2)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        # Whatever happens, the child must not go on as a second test run.
        try:
            weights = train(executable, 2)
            os.write(writer, b"".join(weights.values())[-64:])
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as file:
        said = file.read()
    os.waitpid(child, 0)
    assert said == b"".join(train(executable, 2).values())[-64:]


def _in_child(queue) -> None:  # type: ignore[no-untyped-def]
    queue.put(train(load(2), 2))


def test_a_spawned_child_computes_the_same_bits() -> None:
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    child = context.Process(target=_in_child, args=(queue,))
    child.start()
    said = queue.get(timeout=60)
    child.join()
    assert said == train(load(2), 2)


def test_threads_end_with_their_executable() -> None:
    # The objects themselves: the system gives the number of a thread that has ended to another.
    before = set(threading.enumerate())
    executable = load(3)
    train(executable, 1)
    own = [t for t in threading.enumerate() if t not in before]
    assert len(own) == 2
    del executable
    for thread in own:
        thread.join(timeout=5)
        assert not thread.is_alive()
