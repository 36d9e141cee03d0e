"""Loss and accuracy over many batches, in evaluation mode."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from graphspec.engines.base import Array, Executable, Feeds
from graphspec.errors import NonFiniteError
from graphspec.plan import Plan


@dataclass(frozen=True)
class Metrics:
    """What an evaluation gives.

    ``losses`` has the mean over the examples of each loss layer, and ``accuracy`` the share of
    examples whose highest score is that of their class (None for graphs without class scores).
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
    """The layer whose scores are compared with the labels, and the input that gives these."""

    scores: str
    label: str


def find_class_scores(plan: Plan) -> ClassScores | None:
    """The scores that accuracy is taken from: of a loss on labels, best of one that is an output.

    Networks with auxiliary losses have several; the main one's scores are an output.
    """
    found = []
    for name in plan.losses:
        layer = plan.by_id[name].layer
        sources = layer.inputs
        # A hierarchical softmax reads features: its port of this place is no list of scores.
        if len(sources) == 2 and layer.ports[0].startswith("score"):
            tensor = plan.inputs.get(sources[1])
            if tensor is not None and tensor.classes is not None and not tensor.shape:
                found.append(ClassScores(*sources))
    mains = [pair for pair in found if pair.scores in plan.spec.outputs]
    return next(iter(mains + found), None)


def count_right(scores: Array, labels: Array) -> int:
    """How many examples have their highest score at their own class.

    A single score, as binary losses take it, stands for class 1 where it is above zero. Of class
    probabilities (N, C) in the place of labels the largest is the class.
    """
    if labels.ndim == 2:
        labels = labels.argmax(axis=1)
    rows = scores.reshape(len(scores), -1)
    predicted = rows[:, 0] > 0 if rows.shape[1] == 1 else rows.argmax(axis=1)
    return int((predicted == labels).sum())


def evaluate_batches(
    executable: Executable,
    batches: Iterable[Feeds],
    on_scores: Callable[[Array, Array], None] | None = None,
) -> Metrics:
    """Mean losses and accuracy over batches; running statistics are used, not changed.

    ``on_scores`` is called with the class scores and the labels of every batch.

    Raises:
        FeedError: a batch does not fit the plan.
        NonFiniteError: a loss is not finite; it names the first layer whose value is not.
    """
    plan = executable.plan
    pair = find_class_scores(plan)
    wanted = [*plan.losses, *([] if pair is None else [pair.scores])]
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
            right += count_right(values[pair.scores], feeds[pair.label])
            if on_scores is not None:
                on_scores(values[pair.scores], feeds[pair.label])
    accuracy = None if pair is None else right / examples
    return Metrics({name: total / examples for name, total in sums.items()}, accuracy, examples)


def _first_culprit(executable: Executable, feeds: Feeds) -> str:
    names = [node.id for node in executable.plan.nodes]
    values = executable.run(feeds, outputs=names).values
    return next((name for name in names if not np.isfinite(values[name]).all()), names[-1])
