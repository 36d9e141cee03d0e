"""``graphspec picture regions`` and ``folds``."""

from __future__ import annotations

import json as reader
from pathlib import Path

import numpy as np

from graphspec.classic.distances import Metric
from graphspec.classic.nearest_neighbour import NearestNeighbour
from graphspec.classic.results import RESULTS
from graphspec.cli.files import json_or_text
from graphspec.cli.output import say
from graphspec.cli.pictures import Outputs, give
from graphspec.data import load_data
from graphspec.errors import DataError
from graphspec.inspect.pictures.folds import FoldsPicture
from graphspec.inspect.pictures.panels import Ground, RegionsPicture
from graphspec.train.rundir import find_run

_MARGIN = 0.08


def regions_command(
    *,
    data: str = "spiral",
    k: str = "1,5",
    metric: Metric = "l2",
    cells: int = 240,
    output: Outputs = (),
    json: bool = False,
) -> None:
    """Decision regions of nearest neighbours, with the ties marked.

    Cells where two classes have equally many votes are white.

    Parameters
    ----------
    data
        Points in the plane: a name from graphspec data list, or a path.
    k
        The numbers of neighbours, with commas: a panel for each.
    metric
        The distance: l1 or l2.
    cells
        How many along each side of a panel.
    output
        Where to write, by the ending: the picture (.svg, .png, .pdf) or its numbers (.json, .npz);
        by default regions.svg. May be given several times.
    json
        Print the numbers as JSON.
    """
    if cells < 2:
        raise DataError(f"--cells is {cells}; a panel has at least 2 along each side")
    chosen = load_data(data)
    if not chosen.classes:
        raise DataError(f"{data!r} has real targets; nearest neighbours vote for classes")
    model = NearestNeighbour(chosen.x, chosen.y, metric=metric)
    low, high = model.x.min(axis=0), model.x.max(axis=0)
    middle, half = (low + high) / 2, (0.5 + _MARGIN) * float((high - low).max() or 1)
    grounds = []
    for number in _numbers(k):
        found = model.regions(number, middle - half, middle + half, cells)
        name = "nearest neighbour" if number == 1 else f"{number} nearest neighbours"
        grounds.append(Ground(name, found.labels, found.abscissae, found.ordinates, found.ties))
    points = np.asarray(model.x, np.float64)
    title = f"{chosen.name}: what {metric.upper()} neighbours answer"
    give(RegionsPicture(title, points, chosen.y, tuple(grounds)), output, "regions.svg", json=json)
    if not json:
        for ground in grounds:
            assert ground.ties is not None
            say(f"{ground.title}: {ground.ties.mean():.2%} of the cells are tied")


def folds_command(run: str, *, output: Outputs = (), json: bool = False) -> None:
    """The cross-validation of a graphspec knn: points, mean and spread.

    Parameters
    ----------
    run
        The run of a graphspec knn: its folder, its name, or "latest".
    output
        Where to write, by the ending: the picture (.svg, .png, .pdf) or its numbers (.json, .npz);
        by default folds.svg. May be given several times.
    json
        Print the numbers as JSON.
    """
    folder = Path(run) if (Path(run) / RESULTS).is_file() else find_run(run).path
    path = folder / RESULTS
    try:
        found = reader.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(
            f"the run {str(folder)!r} is of a network: name one of graphspec knn"
        ) from None
    except ValueError as error:
        raise DataError(f"{str(path)!r} is damaged: {error}") from error
    folds = found.get("folds") if isinstance(found, dict) else None
    if not folds:
        raise DataError(f"{str(path)!r} has no cross-validation: run graphspec knn with --folds")
    picture = FoldsPicture(
        np.array(folds["k"]),
        np.array(folds["points"], np.float64),
        f"Cross-validation on {found['data']} ({folds['metric'].upper()})",
    )
    give(picture, output, "folds.svg", json=json)


def _numbers(text: str) -> list[int]:
    numbers = json_or_text(f"[{text}]")
    if (
        not isinstance(numbers, list)
        or not numbers
        or not all(type(n) is int and n > 0 for n in numbers)
    ):
        raise DataError(f"--k is {text!r}; give whole numbers above 0 with commas, such as 1,5")
    return numbers
