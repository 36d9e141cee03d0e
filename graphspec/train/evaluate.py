"""Loss and accuracy over many batches, in evaluation mode."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from graphspec.engines.base import Array, Executable, Feeds
from graphspec.errors import NonFiniteError
from graphspec.layers.scoring import Loss
from graphspec.layers.softmax import Softmax
from graphspec.plan import Plan
from graphspec.tensor import TensorSpec


@dataclass(frozen=True)
class Metrics:
    """What an evaluation gives.

    ``losses`` has the mean over the examples of each loss layer, and ``accuracy`` the share of
    labels that are answered rightly, of all where an example has several (attributes, or the steps
    of a chain); it is None for graphs without a loss on class labels.
    ``test_uses`` counts how often the run has been evaluated on its test split, this time included;
    it is None for other splits, and without a run.
    """

    losses: dict[str, float]
    accuracy: float | None
    examples: int
    test_uses: int | None = None

    @cached_property
    def loss(self) -> float:
        """The sum of the losses, without penalties."""
        return sum(self.losses.values())


@dataclass(frozen=True, slots=True)
class ClassScores:
    """A loss on class labels: what it reads, and what that answers.

    ``scores`` and ``label`` are its inputs by id, ``labels`` is what the second one holds, and
    ``params`` the full names of the loss's own parameters. ``per_class`` is true where what it
    reads has a number for every class, so that unit i speaks for class i.
    """

    scores: str
    label: str
    labels: TensorSpec
    loss: Loss
    params: tuple[str, ...]
    per_class: bool
    is_softmax: bool
    """Whether what it reads are probabilities already."""

    def weights(self, executable: Executable) -> Mapping[str, Array]:
        """What ``answers`` and ``probabilities`` need of an executable: most losses own nothing."""
        return executable.weights() if self.params else {}

    def answers(self, values: Array, weights: Mapping[str, Array]) -> Array:
        """The labels (N, …) that values of ``scores`` stand for.

        A single score stands for class 1 where it is above zero, a list for its highest.
        """
        found = self.loss.answers(values, self._own(weights))
        return found.reshape(len(values), *self.labels.shape)

    def probabilities(self, values: Array, weights: Mapping[str, Array]) -> Array:
        """What values of ``scores`` say of every class, (N, …, C) in float64."""
        if self.is_softmax:
            return values.astype(np.float64)
        found = self.loss.probabilities(values, self._own(weights))
        return found.reshape(len(values), *self.labels.shape, -1)

    def count_right(self, values: Array, labels: Array, weights: Mapping[str, Array]) -> int:
        """How many labels are those that the values stand for.

        Of class probabilities (N, …, C) in the place of labels the largest is the label.
        """
        if labels.ndim > 1 + len(self.labels.shape):
            labels = labels.argmax(axis=-1)
        return int((self.answers(values, weights) == labels).sum())

    def _own(self, weights: Mapping[str, Array]) -> dict[str, Array]:
        return {name.rpartition(".")[2]: weights[name] for name in self.params}


def find_answers(plan: Plan) -> ClassScores | None:
    """The loss whose labels accuracy is taken from, best one that reads an output.

    One label an example goes before several. Networks with auxiliary losses have several such
    losses; what the main one reads is an output.
    """
    found = []
    for name in plan.losses:
        node = plan.by_id[name]
        layer = node.layer
        tensor = plan.inputs.get(layer.inputs[-1])
        if not isinstance(layer, Loss) or tensor is None or tensor.classes is None:
            continue
        source = plan.by_id.get(layer.inputs[0])
        found.append(
            ClassScores(
                layer.inputs[0],
                layer.inputs[1],
                tensor,
                layer,
                tuple(f"{name}.{local}" for local in node.params),
                node.sources[0].shape == (*tensor.shape, tensor.classes) and not node.params,
                source is not None and isinstance(source.layer, Softmax),
            )
        )
    found.sort(key=lambda one: (bool(one.labels.shape), one.scores not in plan.spec.outputs))
    return next(iter(found), None)


def find_class_scores(plan: Plan) -> ClassScores | None:
    """The same for classifiers: None where an example has several labels, or numbers."""
    found = find_answers(plan)
    return None if found is None or found.labels.shape else found


def evaluate_batches(
    executable: Executable,
    batches: Iterable[Feeds],
    on_scores: Callable[[Array, Array], None] | None = None,
) -> Metrics:
    """Mean losses and accuracy over batches; running statistics are used, not changed.

    ``on_scores`` is called with what the loss on labels reads, for every batch, and the labels.

    Raises:
        FeedError: a batch does not fit the plan.
        NonFiniteError: a loss is not finite; it names the first layer whose value is not.
    """
    plan = executable.plan
    pair = find_answers(plan)
    wanted = [*plan.losses, *([] if pair is None else [pair.scores])]
    weights = {} if pair is None else pair.weights(executable)
    sums = dict.fromkeys(plan.losses, 0.0)
    right = examples = 0
    for feeds in batches:
        values = executable.run(feeds, outputs=wanted).values
        size = len(next(iter(feeds.values())))
        examples += size
        for name in sums:
            # One number per example, or several (the mean over those is an example's loss).
            sums[name] += float(values[name].mean(dtype=np.float64)) * size
        if not all(math.isfinite(total) for total in sums.values()):
            raise NonFiniteError(_first_culprit(executable, feeds), "value")
        if pair is not None:
            right += pair.count_right(values[pair.scores], feeds[pair.label], weights)
            if on_scores is not None:
                on_scores(values[pair.scores], feeds[pair.label])
    accuracy = None if pair is None else right / (examples * pair.labels.size)
    return Metrics({name: total / examples for name, total in sums.items()}, accuracy, examples)


def _first_culprit(executable: Executable, feeds: Feeds) -> str:
    names = [node.id for node in executable.plan.nodes]
    values = executable.run(feeds, outputs=names).values
    return next((name for name in names if not np.isfinite(values[name]).all()), names[-1])
