"""The memory of a training run beside PyTorch's, and how near the plan's estimate comes.

Each network is trained for three steps in a process of its own. What counts is the most that was
resident at any time, less what was there once everything had been imported.
"""

from __future__ import annotations

import sys

import pytest

from graphspec.engines.choosing import open_engine, why_not_jit
from graphspec.memory import estimate
from graphspec.plan import compile_graph
from tests.bench.child import NETWORKS, THREADS, taken
from tests.bench.table import Row, write
from tests.bench.timing import report

pytest.importorskip("torch")
pytestmark = pytest.mark.skipif(
    bool(why_not_jit("float32")) or sys.platform == "win32", reason="no fast engine here"
)
MEGA = 1e6


@pytest.mark.parametrize("name", NETWORKS)
def test_memory(name):
    taken("ours", name)  # whoever comes first compiles the kernels
    ours = taken("ours", name) / MEGA
    peers = {who: taken(who, name) / MEGA for who in ("eager", "channels last")}
    make, batch = NETWORKS[name]
    plan = compile_graph(make())
    own = open_engine("jit", "float32", threads=THREADS).workspace(plan, batch)
    share = estimate(plan, batch, slots=1, workspace=own).total / MEGA / ours
    row = Row(
        f"memory of training {name}, batch {batch}",
        THREADS,
        f"{min(peers.values()) / ours:.2f}",
        "≥ 1",
        f"{ours:.0f} MB, estimate {share:.2f} of it",
        f"{', '.join(f'{who} {size:.0f}' for who, size in peers.items())} MB",
    )
    report(row.what, row.ratio, f"{row.goal} ours {row.ours}, {row.peers}")
    write(row)
