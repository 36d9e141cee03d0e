"""What training costs besides its steps, and listing many runs."""

from __future__ import annotations

import shutil
import time

from graphspec.train.rundir import list_runs
from graphspec.train.session import train_run
from tests.bench.timing import report
from tests.train.nets import linear, new_run


def test_steps_of_almost_nothing(tmp_path):
    # Two hundred multiplications a step: all that is left is the loop, the log and the batches.
    run = new_run(tmp_path / "run", linear(), data="spiral", epochs=100, checkpoint_every=10_000)
    begun = time.perf_counter()
    events = sum(1 for _ in train_run(run.path))
    taken = time.perf_counter() - begun
    report("a tiny network's step, with its log", f"{1e6 * taken / events:.0f} µs", "")


def test_a_thousand_runs(tmp_path):
    run = new_run(tmp_path / "first", linear(), data="spiral", epochs=2)
    list(train_run(run.path))
    for number in range(1000):
        shutil.copytree(run.path, tmp_path / "runs" / str(number))
    begun = time.perf_counter()
    rows = [
        (item.name, item.status, item.metrics, item.best) for item in list_runs(tmp_path / "runs")
    ]
    taken = time.perf_counter() - begun
    assert len(rows) == 1000
    report("listing a thousand runs", f"{1000 * taken:.0f} ms", "goal 1000 ms")
