"""Where the time of a training step goes: the fast engine's operations, measured layer by layer."""

from __future__ import annotations

from graphspec.engines.choosing import usable_cores, why_not_jit
from graphspec.errors import EngineError
from graphspec.graph import GraphSpec
from graphspec.plan import compile_graph
from graphspec.recipe.config import TrainConfig
from graphspec_gui.findings import Findings

_MOST = 512e6
"""Bytes of values and as many of gradients that are taken for measuring; a larger batch is cut."""


def layer_seconds(spec: GraphSpec, batch: int) -> dict[str, float]:
    """Seconds of a step, forward, backward and update, by layer.

    An operation that several layers were made into counts for each of them in equal parts.

    Raises:
        EngineError: there are no kernels for this processor.
        PlanError: the network has errors.
    """
    if reason := why_not_jit("float32"):
        raise EngineError(f"only the fast engine can be measured, and there is none: {reason}")
    from graphspec.engines.jit.explaining import explain

    found = dict.fromkeys(spec.by_id, 0.0)
    plan = compile_graph(spec)
    for line in explain(plan, batch=batch, threads=usable_cores(), profile=True).lines:
        for name in line.layers:
            if name in found:
                found[name] += (line.seconds or 0.0) / len(line.layers)
    return found


def batch_of(findings: Findings) -> int:
    """How many examples are measured at once: those of a step, if they need not too much memory."""
    wanted = (findings.spec.training or TrainConfig()).batch
    one = sum(row.activation_bytes for row in findings.rows.values())
    return max(1, min(wanted, int(_MOST // max(one, 1))))
