"""``graphspec picture capacity``, ``preprocessing`` and ``trajectories``."""

from __future__ import annotations

import numpy as np
from rich.table import Table

from graphspec.cli.output import out
from graphspec.cli.pictures import Outputs, give
from graphspec.data import load_data
from graphspec.errors import DataError, OptionError
from graphspec.inspect.pictures.capacity import capacity_picture
from graphspec.inspect.pictures.preprocessing import cloud, preprocessing_picture
from graphspec.inspect.pictures.trajectories import trajectories


def capacity_command(
    *, steps: int = 3000, seed: int = 0, output: Outputs = (), json: bool = False
) -> None:
    """What more units and stronger penalties do, trained on a spiral.

    Six networks are trained, which takes about ten seconds: 3, 6 and 20 hidden units without a
    penalty, and 20 units with λ = 0.001, 0.01 and 0.1.

    Parameters
    ----------
    steps
        Of training.
    seed
        Of the points and of the first weights.
    output
        Where to write, by the ending: the picture (.svg, .png, .pdf) or its numbers (.json, .npz);
        by default capacity.svg. May be given several times.
    json
        Print the numbers as JSON.
    """
    if steps < 1:
        raise OptionError(f"--steps is {steps}; training takes at least 1")
    picture, found = capacity_picture(steps=steps, seed=seed)
    give(picture, output, "capacity.svg", json=json)
    if json:
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("units", "λ", "data loss", "accuracy"):
        table.add_column(title, justify="right")
    for one in found:
        row = (str(one.units), f"{one.strength:g}", f"{one.loss:.4f}", f"{one.accuracy:.1%}")
        table.add_row(*row)
    out.print(table)


def preprocessing_command(
    *, data: str | None = None, output: Outputs = (), json: bool = False
) -> None:
    """Centring, normalising, decorrelating and whitening of points, by the steps themselves.

    Parameters
    ----------
    data
        Points in the plane; by default a slanted cloud.
    output
        Where to write, by the ending: the picture (.svg, .png, .pdf) or its numbers (.json, .npz);
        by default preprocessing.svg. May be given several times.
    json
        Print the numbers as JSON.
    """
    points = cloud() if data is None else np.asarray(load_data(data).x, np.float64)
    if points.shape[1:] != (2,):
        raise DataError(
            f"the pictures are of points in the plane, and the examples of {data!r} have the shape "
            f"{list(points.shape[1:])}. Use a set with two numbers an example, such as spiral"
        )
    give(preprocessing_picture(points), output, "preprocessing.svg", json=json)


def trajectories_command(*, steps: int = 120, output: Outputs = (), json: bool = False) -> None:
    """The ways of update rules over a saddle and through a valley.

    Parameters
    ----------
    steps
        How many updates every rule makes.
    output
        Where to write, by the ending: the picture (.svg, .png, .pdf) or its numbers (.json, .npz);
        by default trajectories.svg. May be given several times.
    json
        Print the numbers as JSON.
    """
    if steps < 1:
        raise OptionError(f"--steps is {steps}; a way has at least 1")
    give(trajectories(steps=steps), output, "trajectories.svg", json=json)
