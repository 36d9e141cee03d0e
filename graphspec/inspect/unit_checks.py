"""Whether activation functions do their work: dead units, and saturated layers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from graphspec.engines.base import Array
from graphspec.inspect.activations import SATURATED, LayerActivity, layer_activity, visible_layers
from graphspec.inspect.finding import NAMED, Finding
from graphspec.inspect.probe import Probe
from graphspec.plan import Plan

DEAD = 0.2
"""The share of dead units from which a layer is ill: half of the "as much as 40%" that the notes
see with too high a rate (Neural Networks 1, ReLU)."""
FEWEST = 20
"""Examples below which nothing is said of dead units."""


def check_units(
    probe: Probe, x: Array, progress: Callable[[float], object] = lambda _: None
) -> tuple[Finding, Finding]:
    """Dead units, and saturated layers, over a set of examples as their data set has them.

    Args:
        probe: the network.
        x: the examples.
        progress: is called with the share of them that is done; what it raises ends it.

    Raises:
        FeedError: the examples have the wrong shape, or there are none.
    """
    by_id = probe.plan.by_id
    names = [n for n in visible_layers(probe) if by_id[n].layer.preferred_init is not None]
    activity = layer_activity(probe, x, names, progress=progress) if names else {}
    return _dead(activity, len(x)), _saturated(activity, probe.plan)


def _dead(activity: Mapping[str, LayerActivity], examples: int) -> Finding:
    if not activity:
        return Finding("dead units", "unknown", "the network has no activation function")
    if examples < FEWEST:
        return Finding(
            "dead units", "unknown", f"{examples} examples are too few to call a unit dead"
        )
    shares = {name: len(item.dead) / len(item.zeros) for name, item in activity.items()}
    dead = tuple(name for name, share in shares.items() if share > DEAD)
    shown = dead or tuple(name for name, share in shares.items() if share)
    words = [
        f"{name} {len(activity[name].dead)} of {len(activity[name].zeros)} = {shares[name]:.0%}"
        for name in sorted(shown, key=lambda name: -shares[name])[:NAMED]
    ]
    units = sum(len(item.zeros) for item in activity.values())
    told = ", ".join(words) or f"none of {units:,} units"
    measured = f"the same output for all of {examples:,} examples: {told}"
    if not dead:
        return Finding("dead units", "good", measured, layers=shown)
    advice = (
        "No gradient passes a dead ReLU, so that it never comes back: take a lower learning rate "
        "and He's initial weights, or leaky_relu; look at the biases too."
    )
    return Finding("dead units", "bad", measured, advice, dead)


def _saturated(activity: Mapping[str, LayerActivity], plan: Plan) -> Finding:
    # What answers is meant to be sure.
    ends = set(plan.spec.outputs) | {
        source for name in plan.losses for source in plan.by_id[name].layer.inputs
    }
    shares = {
        name: item.saturated
        for name, item in activity.items()
        if item.saturated is not None and name not in ends
    }
    if not shares:
        return Finding("saturation", "unknown", "no hidden layer is a sigmoid or a tanh")
    bad = tuple(name for name in shares if activity[name].is_saturated)
    shown = sorted(bad or shares, key=lambda name: -shares[name])[:NAMED]
    told = ", ".join(f"{name} {shares[name]:.0%}" for name in shown)
    measured = f"values where the slope is below 0.01: {told} (a layer may have {SATURATED:.0%})"
    if not bad:
        return Finding("saturation", "good", measured, layers=tuple(shares))
    advice = (
        "Saturated units pass next to no gradient on: start with smaller weights (glorot), scale "
        "the data, put batch_norm in front, or take relu."
    )
    return Finding("saturation", "bad", measured, advice, bad)
