"""``graphspec knn``."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
from rich.table import Table

from graphspec.classic.distances import Array
from graphspec.classic.nearest_neighbour import NearestNeighbour, Regions, cross_validate
from graphspec.classic.results import write_results
from graphspec.cli.output import out, print_json, say, si, size
from graphspec.data import Dataset, load_data
from graphspec.errors import DataError

USUAL = (1, 3, 5, 8, 10, 12, 15, 20, 50, 100)
"""The numbers of neighbours that the notes' assignment tries."""


def knn(
    *,
    data: str,
    k: str | None = None,
    metric: Literal["l1", "l2"] = "l2",
    folds: int = 5,
    train: int | None = None,
    test: float = 0.2,
    seed: int = 0,
    run: Path | None = None,
    regions: bool = False,
    json: bool = False,
) -> None:
    """Classify by the nearest examples: the baseline that a network has to beat.

    Every k is tried by cross-validation on the training examples; the best one answers the test
    examples, once. The results are written into a folder.

    Parameters
    ----------
    data
        A name from graphspec data list, or a path.
    k
        The numbers of neighbours to try, with commas; by default those of the notes, 1 to 100,
        that there are examples for.
    metric
        The distance: l1, the sum of differences, or l2, the root of their squares' sum.
    folds
        Into how many contiguous folds the training examples are divided; with 0 there is no
        cross-validation, and every k answers the test examples.
    train
        Remember the first so many examples in order, and test on all others.
    test
        The share (or number) of examples that is held out at random, when the set has no test
        part of its own and --train is not given.
    seed
        Of that random division.
    run
        The folder to write to; by default a new one in ./runs (or in $GRAPHSPEC_RUNS).
    regions
        For points in the plane: also write a picture of the decision regions for each k.
    json
        Print JSON.
    """
    chosen = load_data(data)
    if not chosen.classes:
        raise DataError(f"{data!r} has real targets; nearest neighbours vote for classes.")
    x, y, x_test, y_test = _divide(chosen, train, test, seed)
    remembered = len(x) - -(-len(x) // folds) if folds else len(x)
    ks = _numbers(k) if k is not None else tuple(n for n in USUAL if n <= max(remembered, 1))
    model = NearestNeighbour(x, y, metric=metric)
    results: dict[str, Any] = {
        "method": "nearest_neighbour",
        "metric": metric,
        "data": data,
        "train": len(x),
        "test": len(x_test),
        "seed": None if train else seed,
        "cost": model.cost._asdict(),
        "folds": None,
    }
    asked = ks
    if folds:
        found = cross_validate(x, y, ks, folds=folds, metric=metric)
        results["folds"] = found.to_json()
        asked = (found.best,)
    accuracies = model.accuracies(x_test, y_test, asked) if len(x_test) else ()
    results["accuracy"] = [
        {"k": number, "accuracy": value, "right": round(value * len(x_test))}
        for number, value in zip(asked, accuracies, strict=False)
    ]
    folder = write_results(
        f"knn-{chosen.name}", results, run, _regions(model, ks) if regions else None
    )
    if json:
        print_json(results | {"folder": str(folder)})
    else:
        _show(results, folder)


def _numbers(text: str) -> tuple[int, ...]:
    """Read ``1,3,5``."""
    words = [word.strip() for word in text.split(",")]
    if not all(word.isdecimal() and int(word) > 0 for word in words):
        raise DataError(f"--k is {text!r}; give whole numbers above 0 with commas, such as 1,3,5")
    return tuple(dict.fromkeys(int(word) for word in words))


def _divide(
    data: Dataset, train: int | None, test: float, seed: int
) -> tuple[Array, Array, Array, Array]:
    if train is not None:
        if not 0 < train <= len(data):
            raise DataError(f"--train is {train}; {data.name!r} has 1 to {len(data)} examples.")
        x_test, y_test = data.x[train:], data.y[train:]
        if data.x_test is not None and data.y_test is not None:
            x_test, y_test = data.x_test, data.y_test
        return data.x[:train], data.y[:train], x_test, y_test
    if data.x_test is not None and data.y_test is not None:
        return data.x, data.y, data.x_test, data.y_test
    parts = data.split(test=test, seed=seed, stratified=True)
    return data.x[parts.train], data.y[parts.train], data.x[parts.test], data.y[parts.test]


def _regions(model: NearestNeighbour, ks: tuple[int, ...]) -> dict[int, Regions]:
    low, high = model.x.min(axis=0), model.x.max(axis=0)
    margin = 0.1 * np.maximum(high - low, np.finfo(np.float32).tiny)
    return {k: model.regions(k, low - margin, high + margin) for k in ks}


def _show(results: dict[str, Any], folder: Path) -> None:
    if results["folds"]:
        found = results["folds"]
        table = Table(box=None, pad_edge=False, header_style="bold")
        for title in ("k", "mean", "std", "folds"):
            table.add_column(title, justify="right")
        rows = zip(found["k"], found["mean"], found["std"], found["points"], strict=True)
        for k, mean, std, points in rows:
            best = "bold green" if k == found["best"] else ""
            shown = " ".join(f"{point:.3f}" for point in points)
            table.add_row(str(k), f"{mean:.4f}", f"{std:.4f}", shown, style=best)
        out.print(table)
    for row in results["accuracy"]:
        share = f"{row['right']:,} of {results['test']:,}"
        say(f"k = {row['k']}: {row['accuracy']:.2%} of the test examples ({share})")
    cost = results["cost"]
    say(
        f"stored {size(cost['stored_bytes'])}; fitted in {cost['fit_seconds']:.0e} s; "
        f"{si(cost['operations'])} differences an answer"
    )
    say(f"results in {folder}")
