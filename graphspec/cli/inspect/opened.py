"""Opening a network for a look inside, and choosing the example to look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from graphspec import api
from graphspec.cli.examples import read_examples
from graphspec.cli.opening import Opened, open_network
from graphspec.engines.base import Array
from graphspec.engines.choosing import AS_BEFORE, Choice
from graphspec.errors import DataError, OptionError
from graphspec.inspect.probe import Probe

Name = Annotated[
    str,
    Parameter(
        help='A run (folder, name, or "latest"); or a network file or model, with its first '
        "weights."
    ),
]
DataOption = Annotated[
    str | None, Parameter(help="Another data set than the one that the settings name.")
]
CheckpointOption = Annotated[
    api.Checkpoint,
    Parameter(help='Which weights of the run: "best", "latest", or the step of a checkpoint.'),
]
OutputOption = Annotated[
    tuple[Path, ...],
    Parameter(
        name=("--output", "-o"),
        show_default=False,
        help="Where to write, by the ending: the picture (.svg, .png, .pdf) or its numbers (.json, "
        ".npz); by default a .png that is called like the command. May be given several times.",
    ),
]
JsonOption = Annotated[bool, Parameter(help="Print the numbers as JSON.")]
Split = Literal["train", "validation", "test"]
SplitOption = Annotated[Split, Parameter(name="--split", help="Where examples are taken from.")]
ExampleOption = Annotated[
    int, Parameter(name="--example", help="The number of the example in the split, from 0.")
]
ImageOption = Annotated[
    Path | None,
    Parameter(
        name="--image", help="Your own picture, or one example as .npy, instead of the split's."
    ),
]
ExamplesOption = Annotated[
    tuple[int, ...],
    Parameter(
        name="--example",
        help="The number of the example in the split, from 0. May be given several times.",
    ),
]
ImagesOption = Annotated[
    tuple[Path, ...],
    Parameter(
        name="--image",
        help="Your own picture, or examples as .npy, instead of the split's. May be given several "
        "times.",
    ),
]


def leave_test_alone(split: Split, instead: str) -> None:
    """Refuse to go through the whole test split without counting it as a use.

    Raises:
        OptionError: it is the test split.
    """
    if split == "test":
        raise OptionError(
            "whoever looks at the test split has used it: graphspec evaluate --split test "
            f"{instead}, and counts it"
        )


@dataclass(frozen=True, eq=False)
class Look:
    """A network to be looked into, with its data."""

    opened: Opened
    probe: Probe

    @property
    def name(self) -> str:
        """What people call the network."""
        return self.opened.name

    def examples(self, split: Split, count: int | None = None) -> tuple[Array, Array]:
        """The first examples of a split, as the data set has them, and their labels.

        Raises:
            DataError: the split is empty.
        """
        parts = self.opened.data.parts
        if split not in parts:
            raise DataError(f"there are no {split} examples; there are {', '.join(parts)}")
        x, y = parts[split]
        return x[:count], y[:count]

    def example(self, split: Split, number: int, image: Path | None) -> tuple[Array, str]:
        """One example as the data set has it, and what to call it.

        Raises:
            DataError: it is not there, or cannot be read.
        """
        if image is not None:
            return self._read(image)[0], image.name
        x, y = self.examples(split)
        if not 0 <= number < len(x):
            raise DataError(
                f"there are {len(x):,} {split} examples, 0 to {len(x) - 1}, and no number {number}"
            )
        label = self.probe.class_name(int(y[number])) if y.ndim == 1 and self.is_classifier else ""
        return x[number], f"{split} example {number}{f', a {label}' if label else ''}"

    def probes(
        self, split: Split, numbers: Sequence[int], images: Sequence[Path]
    ) -> dict[str, Array]:
        """Examples as the data set has them, by what to call them; errors as for ``example``."""
        if not images:
            return {what: x for x, what in (self.example(split, n, None) for n in numbers)}
        found = [(image, self._read(image)) for image in images]
        return {
            f"{image.name}[{i}]" if len(examples) > 1 else image.name: x
            for image, examples in found
            for i, x in enumerate(examples)
        }

    def _read(self, image: Path) -> Array:
        x = self.opened.data.parts["train"][0]
        return read_examples(image, x.shape[1:], (float(x.min()), float(x.max())))

    @property
    def is_classifier(self) -> bool:
        """Whether its examples have classes."""
        return bool(self.probe.classes)


def open_look(
    name: str,
    data: str | None = None,
    checkpoint: api.Checkpoint = "best",
    *,
    untrained: bool = False,
    choice: Choice = AS_BEFORE,
) -> Look:
    """A network file, a shipped model or a run, to be looked into; as for ``open_network``."""
    opened = open_network(name, data, checkpoint=checkpoint, untrained=untrained, choice=choice)
    probe = Probe(
        opened.executable,
        opened.data.pipeline,
        opened.data.binding.x,
        opened.data.dtype,
        opened.data.classes,
    )
    return Look(opened, probe)
