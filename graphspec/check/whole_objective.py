"""What a rule asks of a training when it needs the whole loss as a function of all weights."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from graphspec import edit
from graphspec.errors import Fix, Problem
from graphspec.layers.base import Layer
from graphspec.recipe.config import Part, TrainConfig
from graphspec.recipe.rules.newton import LARGEST_HESSIAN, Newton, too_large
from graphspec.recipe.rules.whole import WholeRule

KNOWN_SIZES: dict[str, tuple[int, bool]] = {
    "digits": (1797, False),
    "fashion-mini": (8000, True),
    "spiral": (300, False),
    "mnist": (60_000, True),
    "fashion-mnist": (60_000, True),
    "cifar10": (50_000, True),
    "cifar100": (50_000, True),
}
"""The examples of every data set that has a name, and whether it has a test part besides."""


def whole_objective_problems(
    config: TrainConfig, layers: Sequence[Layer], examples: int | None
) -> Iterator[Problem]:
    """Everything that would change the loss from step to step, or that the rule leaves aside.

    Args:
        config: the settings.
        layers: what is trained.
        examples: the size of the training split; None where it is not known.
    """
    rule = config.update
    if not isinstance(rule, WholeRule):
        return
    if examples is not None and config.batch < examples:
        yield Problem(
            "full-batch-only",
            f"{rule.kind} compares the losses of different weights, and losses of different "
            f"batches cannot be compared: it takes all {examples:,} training examples in every "
            f"step, and training.batch is {config.batch:,}. Take them all, or use a rule for "
            "batches such as adam",
            ("training", "batch"),
            arithmetic=f"{config.batch:,} < {examples:,}",
            fixes=(_set("batch", examples), _set("update", {"kind": "adam", "rate": 0.001})),
        )
    drawing = [layer.id for layer in layers if layer.draws]
    if drawing:
        yield Problem(
            "steady-loss-only",
            f"{rule.kind} compares the losses of different weights, and {drawing[0]!r} draws at "
            "random, so that the loss changes by itself. Use a rule for batches such as adam, or "
            "a network without it",
            ("training", "update"),
            layer=drawing[0],
            fixes=(_set("update", {"kind": "adam", "rate": 0.001}),),
        )
    for field, nothing, why in (
        ("augment", [], "the loss would change by itself from step to step"),
        ("constraints", [], "it would leave the place that it has found to be lower"),
        ("clip_norm", None, "the length of a step is its own choice"),
    ):
        if getattr(config, field):
            yield Problem(
                "not-with-this-rule",
                f"training.{field} cannot be used with {rule.kind}: {why}. Leave it out",
                ("training", field),
                fixes=(_set(field, nothing),),
            )


def training_examples(config: TrainConfig) -> int | None:
    """How many examples of a data set with a name are trained on; None where only data can say."""
    if config.data not in KNOWN_SIZES or config.data_options:
        return None
    total, has_test = KNOWN_SIZES[config.data]
    test = 0 if has_test else _size(total, config.split.test)
    return max(1, total - _size(total, config.split.validation) - test)


def _size(total: int, part: Part) -> int:
    return int(total * part + 0.5) if part < 1 else int(part)


def curvature_problem(config: TrainConfig, weights: int, itemsize: int) -> Problem | None:
    """What is wrong with Newton's method for so many weights, with the way out."""
    reason = too_large(weights, itemsize) if isinstance(config.update, Newton) else None
    if reason is None:
        return None
    return Problem(
        "hessian-too-large",
        reason,
        ("training", "update"),
        arithmetic=f"{weights * weights * itemsize:,} > {LARGEST_HESSIAN:,} bytes",
        fixes=(_set("update", {"kind": "lbfgs", "rate": 1.0}),),
    )


def _set(field: str, value: Any) -> Fix:
    shown = value["kind"] if isinstance(value, dict) else value
    return Fix(
        f"set training.{field} to {'null' if shown is None else shown}",
        partial(edit.set_value, path=f"training.{field}", value=value),
    )
