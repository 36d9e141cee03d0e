"""Charts written into files, a piece at a time: millions of points take seconds."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from graphspec import atomic
from graphspec.errors import DataError

if TYPE_CHECKING:
    from graphspec.inspect.pictures.curves import CurvesPicture
    from graphspec_gui.plots.curves import Curve

ENDINGS = (".png", ".svg", ".pdf", ".csv")
_ROWS = 4_000
"""Points between two looks at whether the file is still wanted."""


@dataclass(frozen=True)
class Page:
    """A chart as it is now, for one file: its points if that is a .csv, else its picture."""

    path: Path
    x: str
    """What is on its x axis."""
    curves: Sequence[Curve]
    picture: CurvesPicture

    def save(self) -> Iterator[int]:
        """Write the file, whole or not at all; yields how many more points it holds each time.

        Raises:
            DataError: it cannot be written.
        """
        if self.path.suffix.lower() != ".csv":
            self.picture.save(self.path)
            yield len(self)
            return
        try:
            with (
                atomic.writing(self.path) as temporary,
                temporary.open("w", encoding="utf-8", newline="") as file,
            ):
                writer = csv.writer(file, lineterminator="\n")
                writer.writerow(["run", "curve", self.x, "value"])
                for curve in self.curves:
                    run, tag = Path(curve.key[0]).name, curve.key[1]
                    for start in range(0, len(curve.x), _ROWS):
                        part = slice(start, start + _ROWS)
                        x, y = curve.x[part], curve.y[part]
                        places = x.astype(np.int64) if self.x == "step" else x
                        rows = zip(places.tolist(), y.tolist(), strict=True)
                        writer.writerows([(run, tag, *row) for row in rows])
                        yield len(x)
        except OSError as error:
            raise DataError(f"cannot write {str(self.path)!r}: {error.strerror}") from error

    def __len__(self) -> int:
        return sum(len(curve.x) for curve in self.curves)


def save(pages: Sequence[Page]) -> Iterator[float]:
    """Write one after the other; yields the share that is done.

    Raises:
        DataError: one cannot be written; those before it are there.
    """
    done, count = 0, sum(map(len, pages))
    for page in pages:
        for points in page.save():
            done += points
            yield done / count
