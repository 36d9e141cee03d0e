"""What is wrong with the training block, given its graph."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from graphspec import edit
from graphspec.check.shapes import Shapes
from graphspec.check.whole_objective import training_examples, whole_objective_problems
from graphspec.check.wiring import Wiring
from graphspec.errors import Fix, JsonPath, Problem
from graphspec.graph import GraphSpec, examples_input
from graphspec.layers.base import Layer
from graphspec.layers.input import Input
from graphspec.layers.scoring import can_be_distribution
from graphspec.recipe.augment.base import ImageAugmentation
from graphspec.recipe.config import TrainConfig
from graphspec.recipe.preprocess.pipeline import output_shape
from graphspec.recipe.selection import stands_for
from graphspec.record import kind_of
from graphspec.spelling import Speller

KNOWN_DATA: dict[str, tuple[tuple[int, ...], int]] = {
    "digits": ((1, 8, 8), 10),
    "fashion-mini": ((1, 28, 28), 10),
    "spiral": ((2,), 3),
    "mnist": ((1, 28, 28), 10),
    "fashion-mnist": ((1, 28, 28), 10),
    "cifar10": ((3, 32, 32), 10),
    "cifar100": ((3, 32, 32), 100),
}
"""The shape of one example and the number of classes of every data set that has a name."""


_AN_IMAGE = (1, 2, 2)
_TAKES_PROBABILITIES = {
    "hinge_loss": "softmax_loss",
    "hierarchical_softmax_loss": "softmax_loss",
    "binary_hinge_loss": "logistic_loss",
    "attribute_hinge_loss": "logistic_loss",
}


def training_problems(spec: GraphSpec, wiring: Wiring, shapes: Shapes) -> Iterator[Problem]:
    """Compare the training block with the graph that it trains; no data is read.

    What only concerns the data is a warning: a run may be given other data.
    """
    config = spec.training
    if config is None or not spec.layers:
        return
    yield from _data_problems(spec, config)
    yield from _augment_problems(spec, config)
    if any(layer.is_loss for layer in spec.layers):
        yield from _goal_problems(spec, config)
        yield from _nothing_to_train(spec, wiring, shapes)
    yield from _rule_problems(config)
    yield from whole_objective_problems(config, spec.layers, training_examples(config))
    yield from _selection_problems(spec, config)


def _data_problems(spec: GraphSpec, config: TrainConfig) -> Iterator[Problem]:
    examples = examples_input(spec.inputs, spec.layers)
    if examples is None:
        yield Problem(
            "no-example-input",
            "the graph has no input for examples, only labels: give one a shape",
            ("inputs",),
        )
        return
    # Training fills one input with the examples and one other with their answers.
    answers = [item for item in spec.inputs if item is not examples]
    labels = [item for item in answers if item.classes is not None]
    if len(answers) > 1:
        names = ", ".join(item.id for item in answers)
        yield Problem(
            "too-many-answers",
            f"a data set has one answer per example, and the graph takes {len(answers)} ({names})",
            ("inputs", answers[1].id),
            severity="warning",
        )
    if config.data not in KNOWN_DATA:
        return
    shape, classes = KNOWN_DATA[config.data]
    shape = output_shape(config.preprocess, shape)
    if examples.shape != shape:
        yield _data_mismatch("data-shape", config.data, examples, "shape", shape)
    for label in labels[:1]:
        if label.classes != classes:
            yield _data_mismatch("data-classes", config.data, label, "classes", classes)


def _data_mismatch(code: str, data: str, item: Input, field: str, right: Any) -> Problem:
    wrong = getattr(item, field)
    shown = [list(value) if isinstance(value, tuple) else value for value in (wrong, right)]
    what = f"examples of shape {shown[0]}" if field == "shape" else f"labels of {wrong} classes"
    return Problem(
        code,
        f"the input {item.id!r} takes {what}, and the data set {data!r} has {shown[1]}",
        ("inputs", item.id, field),
        arithmetic=f"{shown[0]} ≠ {shown[1]}",
        severity="warning",
        fixes=(
            Fix(
                f"set {field} of {item.id} to {shown[1]}",
                partial(edit.set_field, name=item.id, field=field, value=right),
            ),
        ),
    )


def _augment_problems(spec: GraphSpec, config: TrainConfig) -> Iterator[Problem]:
    examples = examples_input(spec.inputs, spec.layers)
    labels = [item for item in spec.inputs if item.classes is not None]
    if examples is None:
        return
    # What is fed has another shape than the examples where preprocessing changes it.
    shape: tuple[int, ...] | None = examples.shape
    if output_shape(config.preprocess, _AN_IMAGE) != _AN_IMAGE:
        shape, _ = KNOWN_DATA.get(config.data or "", (None, 0))
    for k, item in enumerate(config.augment):
        if isinstance(item, ImageAugmentation):
            if shape is not None and len(shape) != 3:
                yield Problem(
                    "images-expected",
                    f"{item.kind} changes images (channels, height, width), and the examples of "
                    f"{examples.id!r} have the shape {list(shape)}",
                    ("training", "augment", k),
                    arithmetic=f"{len(shape)} axes ≠ 3",
                    fixes=(_without(config, "augment", k),),
                )
            continue
        readers = ((label, layer) for label in labels for layer in spec.layers)
        for label, layer in readers:
            if not can_be_distribution(label.id, [layer]):
                yield _whole_labels(config, k, label, layer)


def _whole_labels(config: TrainConfig, k: int, label: Input, reader: Layer) -> Problem:
    kind, fixes = kind_of(reader), [_without(config, "augment", k)]
    if other := _TAKES_PROBABILITIES.get(kind):
        change = partial(edit.set_field, name=reader.id, field="kind", value=other)
        fixes.append(Fix(f"make {reader.id} a {other}", change))
    return Problem(
        "whole-labels",
        f"{config.augment[k].kind} blends the labels of two examples, and {reader.id!r} ({kind}) "
        f"takes {label.id!r} as whole labels only: use a loss that takes class probabilities "
        "(softmax_loss, logistic_loss)",
        ("training", "augment", k),
        fixes=tuple(fixes),
    )


def _goal_problems(spec: GraphSpec, config: TrainConfig) -> Iterator[Problem]:
    labelled = any(layer.is_loss and "label" in layer.ports for layer in spec.layers)
    if config.monitor == "accuracy" and not labelled:
        yield Problem(
            "no-accuracy",
            "training.monitor is the accuracy, and the graph has no loss on class labels",
            ("training", "monitor"),
            fixes=(_training_fix("monitor", "loss"),),
        )


def _nothing_to_train(spec: GraphSpec, wiring: Wiring, shapes: Shapes) -> Iterator[Problem]:
    for i, layer in enumerate(spec.layers):
        tensors = [shapes.of.get(s) if s is not None else None for s in wiring.sources[i]]
        known = [tensor for tensor in tensors if tensor is not None]
        if i not in shapes.of or layer.id in shapes.unfit:
            # Whether it has weights is not known before its inputs are right.
            return
        if any(param.trained for param in layer.params(*known).values()):
            return
    yield Problem(
        "nothing-to-train",
        "no layer has weights, so there is nothing to train. Add a layer such as linear",
        ("layers",),
        severity="warning",
    )


def _rule_problems(config: TrainConfig) -> Iterator[Problem]:
    warm_up = getattr(config.schedule, "warm_up", 0)
    unit = getattr(config.schedule, "unit", "epoch")
    length = config.steps if unit == "step" else None if config.steps else config.epochs
    if length is not None and warm_up >= length:
        yield Problem(
            "warm-up-too-long",
            f"the rate rises for {warm_up:g} {unit}s, and training has only {length}: it never "
            "gets to fall",
            ("training", "schedule", "warm_up"),
            arithmetic=f"{warm_up:g} ≥ {length}",
            severity="warning",
            fixes=(_training_fix("schedule.warm_up", length / 10),),
        )
    decay = getattr(config.update, "weight_decay", 0)
    squares: list[JsonPath] = [
        ("training", "penalties", k)
        for k, penalty in enumerate(config.penalties)
        if getattr(penalty, "kind", None) == "l2"
    ]
    if decay and squares:
        yield Problem(
            "decayed-twice",
            f"weights shrink twice: by the rule's weight_decay ({decay:g}) and by the L2 penalty. "
            "Use one of the two",
            squares[0],
            severity="warning",
            fixes=(_training_fix("update.weight_decay", 0.0),),
        )


def _selection_problems(spec: GraphSpec, config: TrainConfig) -> Iterator[Problem]:
    ids = [layer.id for layer in spec.layers]
    speller = Speller(ids)
    for field in ("penalties", "constraints"):
        for k, item in enumerate(getattr(config, field)):
            for name in item.only or ():
                if not any(stands_for(name, layer) for layer in ids):
                    rest = [other for other in item.only if other != name]
                    meant = speller.nearest(name, exclude=rest)
                    path = f"{field}[{k}].only"
                    fixes = [_training_fix(path, [*rest, meant])] if meant else []
                    fixes.append(_training_fix(path, rest) if rest else _without(config, field, k))
                    yield Problem(
                        "unknown-layer",
                        f"training.{path} names {name!r}, and there is no layer or group of that "
                        f"name{'' if meant is None else f'. Did you mean {meant!r}?'}",
                        ("training", field, k, "only"),
                        fixes=tuple(fixes),
                    )


def _without(config: TrainConfig, field: str, k: int) -> Fix:
    kept = [item.model_dump(mode="json") for item in getattr(config, field)]
    del kept[k]
    return Fix(
        f"remove training.{field}[{k}]",
        partial(edit.set_value, path=f"training.{field}", value=kept),
    )


def _training_fix(field: str, value: Any) -> Fix:
    return Fix(
        f"set training.{field} to {value}",
        partial(edit.set_value, path=f"training.{field}", value=value),
    )
