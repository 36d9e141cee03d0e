"""The charts that there are, and which curves of a run each of them shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Group:
    """A chart: which tags of ``History.series`` it shows, and with which words.

    The ``first`` tags stand first, and always look alike, though they may come after others.
    """

    title: str
    takes: Callable[[str], str | None]
    first: tuple[str, ...] = ()

    def among(self, tags: Iterable[str]) -> Iterator[tuple[int, str, str]]:
        """What it shows of some tags: the place of each in the chart, the tag, and its words."""
        known = {tag: words for tag in tags if (words := self.takes(tag))}
        for place, tag in enumerate(dict.fromkeys((*self.first, *known))):
            if tag in known:
                yield place, tag, known[tag]


def _loss(tag: str) -> str | None:
    section, _, name = tag.partition("/")
    if section == "train" and name.startswith("penalty."):
        return f"penalty ({name.removeprefix('penalty.')})"
    if section == "train" and name.startswith("loss."):
        return f"data loss ({name.removeprefix('loss.')})"
    if name == "loss.averaged":
        return f"{section}, averaged weights"
    return {"train/loss": "train", "validation/loss": "validation", "test/loss": "test"}.get(tag)


def _ratio(tag: str) -> str | None:
    section, _, name = tag.partition("/")
    return name if section == "update_ratio" else None


def _norm(tag: str) -> str | None:
    section, _, name = tag.partition("/")
    return name if section == "grad_norm" else {"train/grad_norm": "‖dw‖ of all"}.get(tag)


_ACCURACY = {
    "train/accuracy": "train",
    "validation/accuracy": "validation",
    "validation/accuracy.averaged": "validation, averaged weights",
    "test/accuracy": "test",
}
GROUPS = (
    Group("Loss", _loss, ("train/loss", "validation/loss")),
    Group("Accuracy", _ACCURACY.get, ("train/accuracy", "validation/accuracy")),
    Group("Learning rate", {"train/rate": "rate", "train/momentum": "momentum"}.get),
    Group("Update to weight ratio", _ratio),
    Group("Gradient norm", _norm, ("train/grad_norm",)),
)
