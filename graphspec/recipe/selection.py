"""Which layers' weights a setting is about."""

from __future__ import annotations

from graphspec.record import Record


class OnWeights(Record):
    """What acts on weights: of every layer, or of some; never on biases and scales."""

    only: tuple[str, ...] | None = None
    """The ids of the layers whose weights it acts on, where a dotted id's beginning stands for all
    of its group; null: every layer. Two entries give two layers two strengths."""

    def covers(self, layer: str) -> bool:
        """Whether it acts on the weights of a layer."""
        return self.only is None or any(stands_for(name, layer) for name in self.only)


def stands_for(name: str, layer: str) -> bool:
    """Whether a name in ``only`` means a layer: by its id, or by the group that it is in."""
    return layer == name or layer.startswith(f"{name}.")
