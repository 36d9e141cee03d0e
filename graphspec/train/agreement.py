"""What the settings of a training mean for the graph that is trained, and whether they agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal

from graphspec.check.whole_objective import whole_objective_problems
from graphspec.errors import SpecError
from graphspec.plan import Plan
from graphspec.recipe.config import TrainConfig
from graphspec.recipe.selection import stands_for
from graphspec.spelling import did_you_mean
from graphspec.train.evaluate import ClassScores


def choose_monitor(config: TrainConfig, pair: ClassScores | None) -> Literal["accuracy", "loss"]:
    """The metric that is watched: the one that was asked, else the accuracy of a classifier.

    Of several labels an example, most may be right whatever is answered: there it is the loss.

    Raises:
        SpecError: the graph has no class labels, and the accuracy is to be monitored.
    """
    if config.monitor == "accuracy" and pair is None:
        raise SpecError(
            "training.monitor is the accuracy, and the graph has no loss on class labels. "
            "Monitor the loss."
        )
    return config.monitor or ("loss" if pair is None or pair.labels.shape else "accuracy")


def refuse_unknown_layers(config: TrainConfig, plan: Plan) -> None:
    """Refuse penalties and constraints of layers that are not there.

    Raises:
        SpecError: the graph has no layer or group of a name.
    """
    layers = [node.id for node in plan.nodes]
    for field in ("penalties", "constraints"):
        for item in getattr(config, field):
            for name in item.only or ():
                if not any(stands_for(name, layer) for layer in layers):
                    raise SpecError(
                        f"training.{field} names the layer {name!r}, and the graph has none of "
                        f"that id{did_you_mean(name, layers)}"
                    )


def refuse_part_losses(config: TrainConfig, plan: Plan, examples: int) -> None:
    """Refuse what a rule that needs the whole loss would not get.

    Args:
        config: the settings.
        plan: what is trained.
        examples: the size of the training split.

    Raises:
        SpecError: the batch is a part of the examples, or the loss changes by itself.
    """
    layers = [node.layer for node in plan.nodes]
    problems = tuple(whole_objective_problems(config, layers, examples))
    if problems:
        raise SpecError(problems)


def number_repeats(kinds: Sequence[str]) -> list[str]:
    """Names for kinds: ``l2``, and ``l2-1``, ``l2-2`` where one comes twice."""
    total, seen = Counter(kinds), Counter[str]()
    names = []
    for kind in kinds:
        seen[kind] += 1
        names.append(f"{kind}-{seen[kind]}" if total[kind] > 1 else kind)
    return names
