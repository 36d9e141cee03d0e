"""``graphspec knn``."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Literal

from rich.table import Table
from rich.text import Text

from graphspec import api
from graphspec.classic.distances import Array
from graphspec.classic.nearest_neighbour import NearestNeighbour, cross_validate
from graphspec.classic.results import write_run
from graphspec.cli.files import json_or_text
from graphspec.cli.output import err, out, print_json, say
from graphspec.cli.picture.regions import of_neighbours
from graphspec.data import Dataset
from graphspec.errors import DataError, OptionError
from graphspec.graph import GraphSpec
from graphspec.layers.input import Input
from graphspec.quantities import si, size
from graphspec.recipe.config import TrainConfig
from graphspec.train.session import load_named

USUAL = (1, 3, 5, 8, 10, 12, 15, 20, 50, 100)
"""The numbers of neighbours that the notes' assignment tries."""


def knn(
    *,
    data: str,
    data_options: str | None = None,
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
    examples, once. The results are a run: graphspec runs lists it beside those of networks.

    Parameters
    ----------
    data
        A name from graphspec data list, or a path.
    data_options
        What the data set's reader is told, such as {"label": "species"} for a CSV file.
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
        For points in the plane: also write the decision regions of each k into the run, as a
        picture (regions.png) and as arrays (regions.npz).
    json
        Print JSON.
    """
    began = time.time()
    config = _settings(data, data_options, train, test, seed)
    chosen = load_named(config)
    if not chosen.classes:
        raise DataError(
            f"{data!r} has real targets, and nearest neighbours vote for classes: make classes of "
            "them with the data option bins."
        )
    x, y, x_test, y_test = _divide(chosen, config)
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
    picture = of_neighbours(model, chosen.name, ks) if regions else None
    written = write_run(_question(chosen), config, results, began=began, path=run)
    if picture is not None:
        for file in ("regions.png", "regions.npz"):
            picture.save(written.path / file)
    if len(accuracies) > 1:
        warning = (
            f"the test examples have been asked {len(accuracies)} times, once for each k. Whoever "
            "chooses by them has trained on them: choose k with --folds"
        )
        err.print(Text.assemble(("! ", "bold yellow"), warning))
    if json:
        print_json(results | {"folder": str(written.path)})
    else:
        _show(results, written.path)


def _numbers(text: str) -> tuple[int, ...]:
    """Read ``1,3,5``."""
    words = [word.strip() for word in text.split(",")]
    if not all(word.isdecimal() and int(word) > 0 for word in words):
        raise OptionError(f"--k is {text!r}; give whole numbers above 0 with commas, such as 1,3,5")
    return tuple(dict.fromkeys(int(word) for word in words))


def _settings(
    data: str, options: str | None, train: int | None, test: float, seed: int
) -> TrainConfig:
    """The data and its division, as the settings of a run have them; nothing is trained."""
    if train is not None and train < 1:
        raise OptionError(f"--train is {train}; remember at least one example.")
    split: dict[str, Any] = {"validation": 0, "test": test, "seed": seed}
    if train is not None:
        split = {"validation": 0, "seed": None, "train": train}
    return api.settings(
        GraphSpec(inputs=(), layers=()),
        data,
        split=split,
        data_options=json_or_text(options or "{}"),
    )


def _divide(data: Dataset, config: TrainConfig) -> tuple[Array, Array, Array, Array]:
    split = config.split
    given = None if data.x_test is None or data.y_test is None else (data.x_test, data.y_test)
    if split.train is not None:
        count = int(split.train)
        if count > len(data):
            raise OptionError(f"--train is {count}; {data.name!r} has 1 to {len(data)} examples.")
        return data.x[:count], data.y[:count], *(given or (data.x[count:], data.y[count:]))
    if given is not None:
        return data.x, data.y, *given
    parts = data.split(test=split.test, seed=split.seed, stratified=True)
    return data.x[parts.train], data.y[parts.train], data.x[parts.test], data.y[parts.test]


def _question(data: Dataset) -> GraphSpec:
    """What is asked of the examples, as a network's inputs: there are no layers to answer it."""
    x, label = Input(id="x", shape=data.shape), Input(id="label", classes=len(data.classes))
    return GraphSpec(name=f"knn-{data.name}"[:100], inputs=(x, label), layers=())


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
