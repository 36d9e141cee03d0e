"""From a data set to what a graph is fed: which array goes where, and what is held out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from graphspec.data.dataset import Dataset
from graphspec.data.loader import Batch, Loader
from graphspec.data.splits import Indices, balanced, some
from graphspec.engines.feeds import soft_labels
from graphspec.engines.generators import generator
from graphspec.errors import DataError
from graphspec.graph import examples_input
from graphspec.plan import Plan
from graphspec.recipe.augment.base import ImageAugmentation
from graphspec.recipe.config import SplitConfig, TrainConfig
from graphspec.recipe.preprocess.base import PreprocessStep
from graphspec.recipe.preprocess.pipeline import Pipeline, output_shape
from graphspec.recipe.rules.base import UpdateRule
from graphspec.tensor import TensorSpec

Array = npt.NDArray[Any]
# Evaluating one example at a time is slow, and all of them at once may take too much memory.
_SMALLEST_BATCH, _LARGEST_BATCH = 64, 1024
SplitName = Literal["train", "validation", "test"]


@dataclass(frozen=True, slots=True)
class Binding:
    """Which input takes the examples and which their labels or targets (None: nothing does)."""

    x: str
    y: str | None
    labels: bool = False
    """Whether the targets, which are real numbers, stand for several labels of an example."""
    words: bool = False
    """Whether the examples are whole numbers, such as those of words."""

    def feeds(self, x: Array, y: Array) -> dict[str, Array]:
        """What an executable is fed for some examples."""
        x = x.astype(np.int64) if self.words else x
        if self.y is None:
            return {self.x: x}
        return {self.x: x, self.y: y.astype(np.int64) if self.labels else y}


def bind(plan: Plan, data: Dataset, steps: Sequence[PreprocessStep] = ()) -> Binding:
    """Find the inputs that a data set fills once its examples have been preprocessed.

    The first input that is no label takes the examples; whole numbers, such as those of words, if
    it has classes (``{"shape": [T], "classes": V}``). Of what is left, a label takes class indices,
    several labels (``{"shape": [K], "classes": 2}``) take targets (N, K) that are whole, and
    numbers take real targets.

    Raises:
        DataError: the shapes or the classes do not fit, or an input stays empty.
    """
    needed = [item for item in plan.spec.inputs if item.id in plan.inputs]
    taking = examples_input(needed, [node.layer for node in plan.nodes])
    if taking is None:
        raise DataError(f"the graph {plan.spec.name!r} has no input for examples: give one a shape")
    x, words = taking.id, taking.classes is not None
    shape = output_shape(steps, data.shape)
    if plan.inputs[x].shape != shape:
        after = "" if shape == data.shape else " after preprocessing"
        raise DataError(
            f"input {x!r} takes examples of shape {list(plan.inputs[x].shape)}, and those of "
            f"{data.name!r} have {list(shape)}{after}. Set the input's shape to {list(shape)}, "
            "or use other data."
        )
    if words and steps:
        raise DataError(
            f"input {x!r} takes whole numbers, and preprocessing is for measured ones. Leave "
            "preprocess out."
        )
    if words:
        _refuse_unlisted(x, plan.inputs[x], data.name, "examples", (data.x, data.x_test))
    rest = [name for name in plan.inputs if name != x]
    if not rest:
        return Binding(x, None, words=words)
    if len(rest) > 1:
        names = ", ".join(repr(name) for name in rest)
        raise DataError(
            f"a data set has one answer per example, and the graph takes {len(rest)} ({names})"
        )
    (y,) = rest
    tensor = plan.inputs[y]
    if tensor.dtype == "int":
        if tensor.shape and not data.classes:
            _refuse_labels(y, tensor, data)
            return Binding(x, y, labels=True, words=words)
        if not data.classes or tensor.shape:
            raise DataError(
                f"input {y!r} is a {tensor}, and {data.name!r} has "
                f"{'one class per example' if data.classes else 'real targets'}. Use other data, "
                "or an input with a shape and an l2_loss."
            )
        if tensor.classes != len(data.classes):
            raise DataError(
                f"input {y!r} has {tensor.classes} classes, and {data.name!r} has "
                f"{len(data.classes)}. Set its classes, and the units of the layer before the "
                f"loss, to {len(data.classes)}."
            )
    elif data.classes or tensor.shape != data.y.shape[1:]:
        given = "class labels" if data.classes else f"targets of shape {list(data.y.shape[1:])}"
        raise DataError(
            f"input {y!r} takes targets of shape {list(tensor.shape)}, and {data.name!r} has "
            f"{given}. Use other data, or change the input."
        )
    return Binding(x, y, words=words)


def _refuse_labels(y: str, tensor: TensorSpec, data: Dataset) -> None:
    """Refuse targets that are not one class for each label of an example."""
    if tensor.shape != data.y.shape[1:]:
        raise DataError(
            f"input {y!r} takes labels of shape {list(tensor.shape)}, and {data.name!r} has "
            f"targets of shape {list(data.y.shape[1:])}. Set its shape, and the units of the layer "
            f"before the loss, to {list(data.y.shape[1:])}."
        )
    _refuse_unlisted(y, tensor, data.name, "targets", (data.y, data.y_test))


def _refuse_unlisted(
    name: str, tensor: TensorSpec, data: str, what: str, parts: Sequence[Array | None]
) -> None:
    """Refuse numbers that are none of an input's classes."""
    classes = tensor.classes or 0
    for part in parts:
        if part is None:
            continue
        wrong = part[(part < 0) | (part >= classes) | (part % 1 != 0)]
        if wrong.size:
            raise DataError(
                f"input {name!r} takes whole numbers from 0 to {classes - 1}, and the {what} of "
                f"{data!r} have {wrong[0]:g} among them. Use other data, or an input without "
                "classes."
            )


@dataclass(frozen=True, eq=False)
class TrainingData:
    """The parts of a data set, what they feed, and the preprocessing fitted to the first part.

    ``parts`` holds (x, y) as the data set has them, for each split that is not empty; ``batch`` is
    the number of examples that are evaluated at a time. ``mixed_classes`` is the number of classes
    when augmentations blend labels, which are then fed as class probabilities. ``classes`` names
    the classes.
    """

    name: str
    binding: Binding
    pipeline: Pipeline
    parts: Mapping[SplitName, tuple[Array, Array]]
    dtype: Literal["float32", "float64"]
    batch: int
    mixed_classes: int | None = None
    classes: tuple[str, ...] = ()

    @property
    def sizes(self) -> dict[str, int]:
        """The number of examples in each split."""
        return {name: len(x) for name, (x, _) in self.parts.items()}

    def loader(self, config: TrainConfig) -> Loader:
        """Training batches, augmented and preprocessed, in an order drawn from the seed."""
        x, y = self.parts["train"]

        def prepare(x: Array, y: Array, rng: np.random.Generator) -> tuple[Array, Array]:
            if self.mixed_classes is not None:
                y = np.eye(self.mixed_classes, dtype=self.dtype)[y]
            for augmentation in config.augment:
                x, y = augmentation.change(x, y, rng)
            return self.pipeline.apply(x, self.dtype), y

        return Loader(
            x,
            y,
            min(config.batch, len(x)),
            rng=generator(config.seed, "order"),
            # In another order, the same examples would have another loss in the last bits.
            shuffle=config.shuffle and isinstance(config.update, UpdateRule),
            drop_last=config.drop_last,
            dtype=self.dtype,
            transform=prepare,
        )

    def feeds(self, batch: Batch) -> dict[str, Array]:
        """What an executable is fed for a training batch."""
        return self.binding.feeds(batch.x, batch.y)

    def batches(self, split: SplitName) -> Iterator[dict[str, Array]]:
        """Feeds for every example of a split once, in order.

        Raises:
            DataError: the split is empty.
        """
        if split not in self.parts:
            raise DataError(
                f"{self.name!r} has no {split} examples here; there are "
                f"{', '.join(self.parts)}. Set split.{split} to hold some out."
            )
        x, y = self.parts[split]
        for start in range(0, len(x), self.batch):
            chosen = slice(start, start + self.batch)
            yield self.binding.feeds(self.pipeline.apply(x[chosen], self.dtype), y[chosen])

    def fingerprint(self) -> str:
        """SHA-256 of the training and validation examples in their order, as 64 hex digits."""
        digest = hashlib.sha256()
        for name in ("train", "validation"):
            for array in self.parts.get(name, ()):
                digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
                digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()


def divide(
    plan: Plan, data: Dataset, config: TrainConfig, *, pipeline: Pipeline | None = None
) -> TrainingData:
    """Divide a data set as the settings say, and fit the preprocessing to the training part.

    Args:
        plan: what will be fed.
        data: all examples.
        config: the split, the preprocessing, the batch and the type.
        pipeline: preprocessing that has been fitted already, by an earlier session of the run.

    Raises:
        DataError: the data does not fit the graph, or nothing is left for training.
    """
    binding = bind(plan, data, config.preprocess)
    if binding.words and config.augment:
        raise DataError(
            f"augmentations change measured numbers, and {binding.x!r} takes whole ones. Leave "
            "augment out."
        )
    needs_images = [item.kind for item in config.augment if isinstance(item, ImageAugmentation)]
    if needs_images and len(data.shape) != 3:
        raise DataError(
            f"{', '.join(needs_images)} change images (channels, height, width), and the examples "
            f"of {data.name!r} have the shape {list(data.shape)}. Leave them out of augment."
        )
    mixed = _mixed_classes(plan, binding, config)
    settings = config.split
    has_test = data.x_test is not None
    indices = data.split(
        validation=settings.validation,
        test=0 if has_test else settings.test,
        seed=settings.seed,
        stratified=settings.stratified and bool(data.classes),
    )
    parts: dict[SplitName, tuple[Array, Array]] = {}
    for name in ("train", "validation", "test"):
        chosen = getattr(indices, name)
        if name == "train":
            chosen = _training_part(data, chosen, settings)
        if len(chosen):
            parts[name] = (data.x[chosen], data.y[chosen])
    if data.x_test is not None and data.y_test is not None:
        parts["test"] = (data.x_test, data.y_test)
    if pipeline is None:
        pipeline = Pipeline.fit(config.preprocess, parts["train"][0])
    batch = min(max(config.batch, _SMALLEST_BATCH), _LARGEST_BATCH)
    return TrainingData(
        data.name, binding, pipeline, parts, config.dtype, batch, mixed, data.classes
    )


def _training_part(data: Dataset, indices: Indices, settings: SplitConfig) -> Indices:
    """The training examples that are used: some of them, or as many of each class.

    Raises:
        DataError: there are not so many, or classes are to be balanced and there are none.
    """
    if settings.balance is not None and not data.classes:
        raise DataError(
            f"{data.name!r} has real targets, so there are no classes to balance. Leave "
            "split.balance out, or make classes with the data option bins."
        )
    if settings.train is not None:
        labels = data.y[indices] if settings.stratified and data.classes else None
        indices = some(indices, settings.train, labels)
    if settings.balance is not None:
        indices = balanced(indices, data.y[indices], settings.balance)
    return indices


def _mixed_classes(plan: Plan, binding: Binding, config: TrainConfig) -> int | None:
    """The number of classes, where labels are to be blended; None where none are.

    Raises:
        DataError: a loss on the labels cannot take class probabilities.
    """
    blends = any(not isinstance(item, ImageAugmentation) for item in config.augment)
    if not blends or binding.y is None or plan.inputs[binding.y].dtype == "float":
        return None
    if binding.y not in soft_labels(plan) or binding.labels:
        raise DataError(
            f"mixup blends labels, and something that reads {binding.y!r} takes whole labels only. "
            "Use softmax_loss or logistic_loss, or leave mixup out of augment."
        )
    return plan.inputs[binding.y].classes
