"""One training in a process of its own, for its memory: ``python -m tests.bench.child WHO NAME``.

Prints two numbers of bytes: what was resident when everything was imported, but for the batch, and
the most that was resident in three steps of training.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from graphspec.engines.base import Step
from graphspec.plan import Plan, compile_graph
from graphspec.recipe.rules.momentum import Momentum
from tests.bench.workloads import WORKLOADS, normed, resnet18_small, separable

RATE, STEPS, THREADS = 1e-4, 3, 2
NETWORKS = {
    "W1": (lambda: WORKLOADS["W1"].spec, 64),
    "W2": (lambda: WORKLOADS["W2"].spec, 64),
    "W3": (lambda: WORKLOADS["W3"].spec, 128),
    "W4": (lambda: WORKLOADS["W4"].spec, 16),
    "W1 with batch norm": (normed, 64),
    "ResNet-18 at 64×64": (resnet18_small, 16),
    "depthwise-separable": (separable, 16),
}


def taken(who: str, name: str) -> int:
    """The most bytes that a training takes besides what is imported."""
    command = [sys.executable, "-m", "tests.bench.child", who, name]
    said = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout
    before, most = map(int, said.split())
    return most - before


def main(who: str, name: str) -> None:
    make, batch = NETWORKS[name]
    plan = compile_graph(make())
    rng = np.random.default_rng(0)
    image, label = plan.inputs
    x = rng.standard_normal((batch, *plan.inputs[image].shape), dtype=np.float32)
    y = rng.integers(plan.inputs[label].classes, size=batch)
    (_ours if who == "ours" else _torch)(plan, x, y, who)


def _ours(plan: Plan, x: Any, y: Any, who: str) -> None:
    from graphspec.engines.jit.compiler import native_all  # noqa: F401 - part of the baseline
    from graphspec.engines.jit.engine import JitEngine

    before = resident() - x.nbytes - y.nbytes
    image, label = plan.inputs
    executable = JitEngine(threads=THREADS).load(plan, seed=0)
    rule = Momentum(rate=RATE, momentum=0.9)
    for index in range(STEPS):
        executable.train_step({image: x, label: y}, rule, Step(index=index, rate=RATE))
    print(before, resident("VmHWM"))


def _torch(plan: Plan, x: Any, y: Any, who: str) -> None:
    import torch

    from tests.bench.peers import TorchNetwork

    torch.set_num_threads(THREADS)
    before = resident() - x.nbytes - y.nbytes
    model: Any = TorchNetwork(plan)
    images = torch.from_numpy(x)
    if who == "channels last" and x.ndim == 4:
        model = model.to(memory_format=torch.channels_last)
        images = images.contiguous(memory_format=torch.channels_last)
    model.train()
    rule = torch.optim.SGD(model.parameters(), lr=RATE, momentum=0.9)
    labels = torch.from_numpy(y)
    for _ in range(STEPS):
        rule.zero_grad(set_to_none=True)
        torch.nn.functional.cross_entropy(model(images), labels).backward()
        rule.step()
    print(before, resident("VmHWM"))


def resident(which: str = "VmRSS") -> int:
    """Bytes of this process that are in memory now, or were at most (``VmHWM``).

    Not ``getrusage``, whose maximum a child takes over from the process that started it.
    """
    status = Path("/proc/self/status").read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in status if line.startswith(f"{which}:"))


if __name__ == "__main__":
    main(*sys.argv[1:])
