"""What every picture shares: its style, and how it is written to a file.

matplotlib is imported when a picture is drawn, and not before: most uses of graphspec draw none.
"""

from __future__ import annotations

import json
import math
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from graphspec import atomic
from graphspec.errors import DataError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito 2008, Color Universal Design: told apart by colour-blind people. Their yellow comes
# last, because it is hard to see on white.
PALETTE = (
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c6bb1", "#f0e442",
)  # fmt: skip
INK, QUIET, FAINT = "#24292f", "#57606a", "#d8dce1"
TITLE, LABEL, SMALL = 10, 9, 8
"""Sizes of text in points."""
MAP = "viridis"
"""For what has a size: equal steps look equal, in grey as well."""
DIVERGING = "RdBu_r"
"""For what has a sign."""

PICTURES = (".svg", ".png", ".pdf")
NUMBERS = (".json", ".npz")
_STYLE: dict[str, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": QUIET,
    "axes.labelcolor": INK,
    "axes.labelsize": LABEL,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titlesize": TITLE,
    "axes.titleweight": "bold",
    "figure.constrained_layout.use": True,
    "figure.facecolor": "white",
    "figure.titlesize": TITLE,
    "font.family": "DejaVu Sans",  # the one that comes with matplotlib: the same everywhere
    "font.size": LABEL,
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "image.cmap": MAP,
    "legend.fontsize": SMALL,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "pdf.fonttype": 42,
    "savefig.dpi": 200,
    "svg.hashsalt": "graphspec",
    "text.color": INK,
    "xtick.color": QUIET,
    "xtick.labelsize": SMALL,
    "ytick.color": QUIET,
    "ytick.labelsize": SMALL,
}
# Without these the same picture would have other bytes every time.
_UNDATED: Mapping[str, dict[str, None]] = {
    ".svg": {"Date": None},
    ".pdf": {"CreationDate": None},
    ".png": {},
}


class Picture(ABC):
    """A picture, and the numbers that are drawn: what a file of them holds, and tests compare."""

    size: ClassVar[tuple[float, float]] = (6.4, 4.0)
    """Width and height in inches."""

    @abstractmethod
    def draw(self, figure: Figure) -> None:
        """Draw it on an empty figure."""

    @abstractmethod
    def numbers(self) -> dict[str, Any]:
        """What is drawn: JSON values, and arrays by name."""

    def extent(self) -> tuple[float, float]:
        """Width and height in inches, where they depend on what is drawn."""
        return self.size

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write it: a picture (.svg, .png, .pdf) or its numbers (.json, .npz), by the ending.

        The same picture has the same bytes. In JSON, what is not finite is null.

        Raises:
            DataError: the ending is none of these, or the file cannot be written.
        """
        target = Path(path)
        ending = target.suffix.lower()
        if ending not in PICTURES + NUMBERS:
            raise DataError(
                f"{os.fspath(path)!r} does not say what to write: end it in "
                f"{', '.join(PICTURES)} for a picture, in {' or '.join(NUMBERS)} for its numbers"
            )
        try:
            if ending == ".json":
                text = json.dumps(as_json(self.numbers()), indent=2, ensure_ascii=False)
                atomic.write_text(target, text + "\n")
            else:
                with atomic.writing(target) as temporary, temporary.open("wb") as file:
                    if ending == ".npz":
                        np.savez_compressed(file, **_flat(self.numbers()))
                    else:
                        with styled():
                            self.figure().savefig(
                                file, format=ending[1:], metadata=_UNDATED[ending]
                            )
        except OSError as error:
            raise DataError(f"cannot write {os.fspath(path)!r}: {error.strerror}") from error
        return target

    def figure(self) -> Figure:
        """The drawn figure of matplotlib, for those who want to change it."""
        from matplotlib.figure import Figure

        with styled():
            figure = Figure(figsize=self.extent())
            self.draw(figure)
        return figure


@contextmanager
def styled() -> Iterator[None]:
    """The style sheet, in place of whatever the user's matplotlib has been set to."""
    import matplotlib as mpl
    from cycler import cycler

    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_STYLE)
        mpl.rcParams["axes.prop_cycle"] = cycler(color=PALETTE)
        yield


def as_json(value: Any) -> Any:
    """Arrays as lists, and null for what JSON has no number for."""
    if isinstance(value, Mapping):
        return {str(key): as_json(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return as_json(value.tolist())
    if isinstance(value, list | tuple):
        return [as_json(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _flat(numbers: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    arrays: dict[str, Any] = {}
    for key, value in numbers.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            arrays |= _flat(value, f"{name}.")
        else:
            arrays[name] = np.asarray(np.nan if value is None else value)
    return arrays


def colour(index: int) -> str:
    """The colour of a class or a curve; after the last it begins again."""
    return PALETTE[index % len(PALETTE)]


def mixed(index: int, share: float) -> tuple[float, float, float]:
    """A class's colour mixed with white: the ground that its points lie on."""
    text = colour(index)
    parts = (int(text[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (1 - share * (1 - part) for part in parts)
    return red, green, blue


def quiet_grid(axes: Axes, axis: Literal["both", "x", "y"] = "both") -> None:
    """Thin lines behind the curves."""
    axes.grid(visible=True, axis=axis)
    axes.tick_params(length=3)


def bare(axes: Axes) -> None:
    """No frame, no ticks: for drawings that are no graphs of anything."""
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)
