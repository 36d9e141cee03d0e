"""A folder with what a baseline found, beside the runs of networks.

classic.json     the method, its settings, its results
env.json         versions and processor, as in a run
regions.npz      for points in the plane: labels and ties of each k on a grid
regions-k5.png   the same as a picture
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from graphspec import atomic
from graphspec.classic.nearest_neighbour import Regions
from graphspec.engines.numpy import NumpyEngine
from graphspec.errors import RunError
from graphspec.train import environment, rundir
from graphspec.train.session import new_folder

RESULTS = "classic.json"
# Of each class its own hue, by turns of the golden angle; a tie is white.
_GOLDEN = 0.381966
_TIE = (255, 255, 255)


def write_results(
    name: str,
    results: Mapping[str, Any],
    path: str | os.PathLike[str] | None = None,
    regions: Mapping[int, Regions] | None = None,
) -> Path:
    """Write a folder of results and return its path.

    It is no ``Run``: there is no network in it to go on with or to predict by.

    Args:
        name: of the method and its data, for the folder.
        results: JSON values.
        path: the new folder; None makes one in the runs folder.
        regions: decision regions by the number of neighbours.

    Raises:
        RunError: the folder cannot be made, or is not empty.
    """
    folder = new_folder(name) if path is None else Path(path)
    versions = environment.capture(NumpyEngine())
    versions = {key: value for key, value in versions.items() if key not in ("engine", "threads")}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise RunError(f"{str(folder)!r} is not empty. Choose a new folder.")
        atomic.write_text(folder / rundir.ENVIRONMENT, json.dumps(versions, indent=2) + "\n")
        if regions:
            _write_regions(folder, regions)
        # Last, because it is what makes the folder whole.
        atomic.write_text(folder / RESULTS, json.dumps(results, indent=2) + "\n")
    except OSError as error:
        raise RunError(f"cannot write the results to {str(folder)!r}: {error.strerror}") from error
    return folder


def paint(regions: Regions, classes: int) -> Image.Image:
    """The regions as a picture: a hue for each class, white for ties, ordinates upwards."""
    palette = Image.new("HSV", (max(classes, 1), 1))
    for label in range(classes):
        palette.putpixel((label, 0), (int(255 * (label * _GOLDEN % 1)), 150, 230))
    colours = np.asarray(palette.convert("RGB"))[0]
    pixels = colours[regions.labels]
    pixels[regions.ties] = _TIE
    return Image.fromarray(np.ascontiguousarray(pixels[::-1]))


def _write_regions(folder: Path, regions: Mapping[int, Regions]) -> None:
    arrays: dict[str, Any] = {}
    classes = 1 + max(int(found.labels.max()) for found in regions.values())
    for k, found in regions.items():
        arrays |= {f"labels_k{k}": found.labels, f"ties_k{k}": found.ties}
        arrays |= {"abscissae": found.abscissae, "ordinates": found.ordinates}
        with atomic.writing(folder / f"regions-k{k}.png") as temporary:
            paint(found, classes).save(temporary, "PNG")
    with atomic.writing(folder / "regions.npz") as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **arrays)
