"""What viewers show to a network: examples of its data set, or the user's own pictures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from graphspec.engines.base import Array
from graphspec.errors import DataError
from graphspec.train.feeding import SplitName
from graphspec_gui.viewers.network import Network

PROBES = 12
"""How many examples can be shown to the network side by side."""


@dataclass(frozen=True, eq=False)
class Example:
    """What viewers show to the network: ``x`` as the data set has it, and where it is from."""

    x: Array
    label: int | None
    split: SplitName | None
    number: int
    title: str


def first_example(network: Network) -> Example:
    """The first of the validation split, or of the first split that there is."""
    parts = network.data.parts
    return example_of(network, "validation" if "validation" in parts else next(iter(parts)), 0)


def example_of(network: Network, split: SplitName, number: int) -> Example:
    """An example of the data set."""
    x, y = network.data.parts[split]
    label = int(y[number]) if y.ndim == 1 and np.issubdtype(y.dtype, np.integer) else None
    words = "" if label is None else f", {network.probe.class_name(label)}"
    return Example(x[number], label, split, number, f"{split} {number}{words}")


def example_again(network: Network, example: Example, same: bool) -> Example | None:
    """An example in the data of a network, the ``same`` as before or not; None if it has none."""
    if example.x.shape != network.shape:
        return None
    split, parts = example.split, network.data.parts
    if same or split is None:
        return example
    known = split in parts and example.number < len(parts[split][0])
    return example_of(network, split, example.number) if known else None


def read_examples_of(network: Network, path: Path) -> Iterator[Example]:
    """The user's own picture, or the examples of an array.

    Raises:
        DataError: the file cannot be read, or holds no examples of this network.
    """
    # The package of the command line brings its parser along, which the start need not wait for.
    from graphspec.cli.examples import read_examples

    examples = read_examples(path, network.shape, network.span())
    if len(examples) == 0 or examples.shape[1:] != network.shape:
        raise DataError(
            f"{path.name} holds {'×'.join(map(str, examples.shape))} numbers, and an "
            f"example of this network is {'×'.join(map(str, network.shape))}"
        )
    for i, x in enumerate(examples[:PROBES]):
        yield Example(x, None, None, i, path.name if len(examples) == 1 else f"{path.name}[{i}]")
