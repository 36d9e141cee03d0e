"""``graphspec predict``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from rich.table import Table

from graphspec import api
from graphspec.cli.engine import EngineOptions
from graphspec.cli.examples import read_examples
from graphspec.cli.output import ACCENT, out, print_json, say
from graphspec.engines.choosing import AS_BEFORE
from graphspec.errors import NonFiniteError, OptionError
from graphspec.evaluation import predict_sampled
from graphspec.graph import examples_input
from graphspec.layers.base import Array
from graphspec.plan import compile_graph
from graphspec.train.evaluate import find_class_scores
from graphspec.train.rundir import Run, find_run


def predict(
    run: str,
    *files: Path,
    top: int = 5,
    checkpoint: api.Checkpoint = "best",
    averaged: bool = False,
    choice: EngineOptions = AS_BEFORE,
    samples: int | None = None,
    json: bool = False,
) -> None:
    """Classify images or rows with a trained network, preprocessed as in training.

    Of a network that was trained on numbers instead of classes, its output is shown.

    Parameters
    ----------
    run
        A run: its folder, its name, or "latest".
    files
        Images (resized to the network's input), or .npy and .npz files with examples on the first
        axis (in an .npz under the key x).
    top
        How many classes to show of each example.
    checkpoint
        "best", "latest", or the step of a checkpoint.
    averaged
        Take the running average of the weights (training.average).
    samples
        Average the probabilities of so many passes with the noise of training (dropout), in place
        of one without it.
    json
        Print JSON, with the probability of every class.
    """
    found = find_run(run)
    if top < 1:
        raise OptionError(f"--top is how many classes to show, and must be above 0, not {top}")
    if not files:
        raise OptionError("name at least one image, .npy or .npz file to classify")
    taking = examples_input(found.spec.inputs, found.spec.layers)
    shape = () if taking is None else taking.tensor().shape
    span = found.env.get("range")
    names, parts = [], []
    for file in files:
        examples = read_examples(file, shape, span)
        parts.append(examples)
        several = len(examples) > 1
        names += [f"{file.name}[{i}]" if several else file.name for i in range(len(examples))]
    x = np.concatenate(parts)
    weights = api.load_weights(found, checkpoint=checkpoint, averaged=averaged)
    pair = find_class_scores(compile_graph(found.spec))
    if samples is not None:
        if pair is None:
            raise OptionError("--samples averages probabilities, and this network has no classes")
        probabilities = predict_sampled(found, x, samples=samples, weights=weights, choice=choice)
    else:
        layer = found.spec.outputs[0] if pair is None else pair.scores
        values = api.predict(found, x, outputs=[layer], weights=weights, choice=choice)[layer]
        if not np.isfinite(values).all():
            raise NonFiniteError(layer, "value")
        if pair is None:
            _show_values(names, values.reshape(len(values), -1), json=json)
            return
        probabilities = pair.probabilities(values, weights)
    classes = _class_names(found, probabilities.shape[1])
    if json:
        print_json(
            [
                {
                    "example": name,
                    "class": classes[int(row.argmax())],
                    "probabilities": {c: float(p) for c, p in zip(classes, row, strict=True)},
                }
                for name, row in zip(names, probabilities, strict=True)
            ]
        )
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("example")
    for rank in range(min(top, len(classes))):
        table.add_column("most likely" if rank == 0 else "", style=ACCENT if rank == 0 else "")
    for name, row in zip(names, probabilities, strict=True):
        order = np.argsort(-row, kind="stable")[:top]
        table.add_row(name, *(f"{classes[i]} {row[i]:.1%}" for i in order))
    out.print(table)


def _show_values(names: list[str], values: Array, *, json: bool) -> None:
    rows = values.tolist()
    if json:
        print_json([{"example": n, "values": row} for n, row in zip(names, rows, strict=True)])
        return
    for name, row in zip(names, rows, strict=True):
        say(f"{name}  {'  '.join(f'{value:.6g}' for value in row)}")


def _class_names(run: Run, count: int) -> list[str]:
    names = run.env.get("classes") or []
    return list(names) if len(names) == count else [str(i) for i in range(count)]
