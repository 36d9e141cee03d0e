"""Writing what a command drew, and saying where it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from graphspec.cli.output import print_json, say
from graphspec.inspect.pictures.sheet import Picture, as_json

Outputs = Annotated[tuple[Path, ...], Parameter(name=("--output", "-o"), show_default=False)]
"""Files to write: each a picture or its numbers, by its ending."""
Examples = Annotated[
    int, Parameter(name="--examples", help="How many training examples are taken, the first ones.")
]


def give(picture: Picture, output: Sequence[Path], default: str, *, json: bool) -> None:
    """Write a picture to every given file, or print its numbers, or write it by its usual name."""
    files = output or (() if json else (Path(default),))
    written = [picture.save(file) for file in files]
    if json:
        print_json(as_json(picture.numbers()))
        return
    for file in written:
        say(f"wrote {file}")
