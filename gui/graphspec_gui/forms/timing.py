"""Where the time of a training step goes: the fast engine's operations, measured layer by layer."""

from __future__ import annotations

import threading
from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from graphspec.engines.choosing import usable_cores, why_not_jit
from graphspec.errors import EngineError
from graphspec.graph import GraphSpec
from graphspec.plan import compile_graph
from graphspec.recipe.config import TrainConfig
from graphspec.recipe.rules.base import UpdateRule
from graphspec_gui.findings import Findings
from graphspec_gui.job import Job

_MOST = 512e6
"""Bytes of values and as many of gradients that are taken for measuring; a larger batch is cut."""


class Measuring(QObject):
    """One step of a network, run off the UI thread with random numbers, layer by layer.

    Args:
        spec: the network; it must compile.
        batch: how many examples the step has.
        parent: who owns it.
    """

    advanced = Signal(float)
    """The share that is done, from 0 to 1."""
    made = Signal(object)
    """Seconds by layer."""
    failed = Signal(str)
    """Why there are none."""

    def __init__(self, spec: GraphSpec, batch: int, parent: QObject) -> None:
        super().__init__(parent)
        self.spec, self.batch = spec, batch
        self._told = -1
        self._cancelled = threading.Event()
        job = Job(lambda: layer_seconds(spec, batch, self._watch))
        job.made.connect(self.made)
        job.failed.connect(self.failed)
        for over in (job.made, job.failed):
            over.connect(self.deleteLater)
        job.start()

    def cancel(self) -> None:
        """Measure no further; ``failed`` comes once it has heard."""
        self._cancelled.set()

    def _watch(self, share: float) -> None:
        if self._cancelled.is_set():
            raise EngineError("the measuring was cancelled")
        # A network has thousands of rows, and the bar a hundred pixels.
        if int(100 * share) > self._told:
            self._told = int(100 * share)
            self.advanced.emit(share)


def layer_seconds(
    spec: GraphSpec, batch: int, watch: Callable[[float], object]
) -> dict[str, float]:
    """Seconds of a step, forward, backward and update, by layer.

    An operation that several layers were made into counts for each of them in equal parts.
    ``watch`` is told the share that is done, and may raise to end it.

    Raises:
        EngineError: there are no kernels for this processor.
        PlanError: the network has errors.
    """
    if reason := why_not_jit("float32"):
        raise EngineError(f"only the fast engine can be measured, and there is none: {reason}")
    from graphspec.engines.jit.explaining import explain

    found = dict.fromkeys(spec.by_id, 0.0)
    rule = (spec.training or TrainConfig()).update
    measured = explain(
        compile_graph(spec),
        batch=batch,
        threads=usable_cores(),
        rule=rule if isinstance(rule, UpdateRule) else None,
        profile=True,
        watch=watch,
    )
    for line in measured.lines:
        for name in line.layers:
            if name in found:
                found[name] += (line.seconds or 0.0) / len(line.layers)
    return found


def batch_of(findings: Findings) -> int:
    """How many examples are measured at once: those of a step, if they need not too much memory."""
    wanted = (findings.spec.training or TrainConfig()).batch
    one = sum(row.activation_bytes for row in findings.rows.values())
    return max(1, min(wanted, int(_MOST // max(one, 1))))
