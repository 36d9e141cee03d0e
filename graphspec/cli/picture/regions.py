"""``graphspec picture regions`` and ``folds``."""

from __future__ import annotations

import json as reader
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from graphspec.classic.distances import Array, Metric
from graphspec.classic.nearest_neighbour import GRID, NearestNeighbour
from graphspec.classic.results import RESULTS
from graphspec.cli.files import json_or_text
from graphspec.cli.opening import open_network
from graphspec.cli.output import say
from graphspec.cli.pictures import Outputs, give
from graphspec.data import load_data
from graphspec.errors import DataError, OptionError
from graphspec.inspect.pictures.folds import FoldsPicture
from graphspec.inspect.pictures.panels import Ground, RegionsPicture
from graphspec.train.evaluate import find_class_scores
from graphspec.train.rundir import find_run

_MARGIN = 0.08


def regions_command(
    run: str | None = None,
    *,
    data: str | None = None,
    k: str = "1,5",
    metric: Metric = "l2",
    cells: int = 240,
    output: Outputs = (),
    json: bool = False,
) -> None:
    """Decision regions of nearest neighbours, or of a trained network.

    Cells where two classes have equally many votes are white.

    Parameters
    ----------
    run
        A run of a network, or "latest"; without it, nearest neighbours answer.
    data
        Points in the plane: a name from graphspec data list, or a path. By default spiral, and for
        a run its training examples.
    k
        The numbers of neighbours, with commas: a panel for each.
    metric
        The distance of neighbours: l1 or l2.
    cells
        How many along each side of a panel.
    output
        Where to write, by the ending: the picture (.svg, .png, .pdf) or its numbers (.json, .npz);
        by default regions.svg. May be given several times.
    json
        Print the numbers as JSON.
    """
    if cells < 2:
        raise OptionError(f"--cells is {cells}; a panel has at least 2 along each side")
    if run is not None:
        give(_of_network(run, data, cells), output, "regions.svg", json=json)
        return
    chosen = load_data(data or "spiral")
    if not chosen.classes:
        raise DataError(f"{data!r} has real targets; nearest neighbours vote for classes")
    model = NearestNeighbour(chosen.x, chosen.y, metric=metric)
    picture = of_neighbours(model, chosen.name, _numbers(k), cells)
    give(picture, output, "regions.svg", json=json)
    if not json:
        for ground in picture.grounds:
            assert ground.ties is not None
            say(f"{ground.title}: {ground.ties.mean():.2%} of the cells are tied")


def of_neighbours(
    model: NearestNeighbour, name: str, ks: Sequence[int], cells: int = GRID
) -> RegionsPicture:
    """What the nearest of the points that a model remembers answer, with a panel for each k.

    Raises:
        DataError: the examples are not points in the plane.
    """
    low, high = _square(model.x)
    grounds = []
    for k in ks:
        found = model.regions(k, low.tolist(), high.tolist(), cells)
        title = "nearest neighbour" if k == 1 else f"{k} nearest neighbours"
        grounds.append(Ground(title, found.labels, found.abscissae, found.ordinates, found.ties))
    points = np.asarray(model.x, np.float64)
    title = f"{name}: what {model.metric.upper()} neighbours answer"
    return RegionsPicture(title, points, model.y, tuple(grounds))


def _of_network(run: str, data: str | None, cells: int) -> RegionsPicture:
    opened = open_network(run, data)
    plan, binding = opened.executable.plan, opened.data.binding
    pair = find_class_scores(plan)
    x, y = opened.data.parts["train"]
    if pair is None or x.shape[1:] != (2,):
        raise DataError(
            f"decision regions are of classes in the plane, and {opened.name!r} reads examples of "
            f"the shape {list(x.shape[1:])}. Take a network of points, such as spiral_net"
        )
    low, high = _square(x)
    abscissae, ordinates = (
        start + (end - start) * (np.arange(cells) + 0.5) / cells
        for start, end in zip(low, high, strict=True)
    )
    points = np.stack(np.meshgrid(abscissae, ordinates), axis=-1).reshape(-1, 2)
    fed = {binding.x: opened.data.pipeline.apply(points, opened.config.dtype)}
    values = opened.executable.run(fed, outputs=[pair.scores]).values[pair.scores]
    labels = pair.answers(values, pair.weights(opened.executable))
    ground = Ground("the network's answers", labels.reshape(cells, cells), abscissae, ordinates)
    return RegionsPicture(opened.name, np.asarray(x, np.float64), y, (ground,))


def _square(x: Array) -> tuple[Array, Array]:
    """The lower left and the upper right corner of a square around all points, with a margin."""
    low, high = x.min(axis=0).astype(np.float64), x.max(axis=0).astype(np.float64)
    middle, half = (low + high) / 2, (0.5 + _MARGIN) * (float((high - low).max()) or 1.0)
    return middle - half, middle + half


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
        raise OptionError(f"--k is {text!r}; give whole numbers above 0 with commas, such as 1,5")
    return numbers
