"""``graphspec evaluate``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from rich.table import Table
from rich.text import Text

from graphspec import api, zoo
from graphspec.cli.engine import EngineOptions
from graphspec.cli.files import read_spec
from graphspec.cli.output import err, out, print_json, say
from graphspec.engines.choosing import AS_BEFORE
from graphspec.errors import OptionError, RunError
from graphspec.evaluation import (
    AttributeEvaluation,
    AttributeReport,
    ClassReport,
    Evaluation,
    evaluate_attributes,
    evaluate_classes,
    has_attributes,
)
from graphspec.plan import compile_graph
from graphspec.train.evaluate import Metrics, find_answers
from graphspec.train.rundir import find_run

_WIDEST = 20
"""Classes of which a confusion matrix is still readable; JSON has it in any case."""


def evaluate(
    run: str,
    *,
    weights: Path | None = None,
    data: str | None = None,
    split: Literal["train", "validation", "test"] = "validation",
    checkpoint: api.Checkpoint = "best",
    averaged: bool = False,
    choice: EngineOptions = AS_BEFORE,
    samples: int | None = None,
    report: bool = False,
    predictions: Path | None = None,
    json: bool = False,
) -> None:
    """Loss and accuracy of a trained network on held-out data.

    Uses of the test split are counted in the run: whoever chooses by it has trained on it.

    Parameters
    ----------
    run
        A run (folder, name or "latest"); with --weights a network file or model name.
    weights
        A safetensors file with the weights of the network file.
    data
        Another data set than the run's; it is divided as the run's settings say.
    split
        Which examples.
    checkpoint
        "best", "latest", or the step of a checkpoint.
    averaged
        Take the running average of the weights (training.average).
    samples
        Average the probabilities of so many passes with the noise of training (dropout), in place
        of one without it.
    report
        Tell precision, recall and F1 of every class or attribute, what is taken for what, and
        calibration.
    predictions
        Write the label, the prediction and all probabilities of every example to this .csv file.
    json
        Print JSON.
    """
    if weights is None and (run in zoo.names() or run.endswith(".json")):
        raise RunError(
            f"{run} is a network without weights. Name a run (graphspec runs list shows them), or "
            "give --weights FILE.safetensors"
        )
    found: Evaluation | AttributeEvaluation | None = None
    if weights is not None:
        if report or predictions is not None or averaged or samples is not None:
            raise OptionError(
                "--report, --predictions, --averaged and --samples need a run, and no --weights"
            )
        metrics = api.evaluate_weights(read_spec(run), weights, data, split=split, choice=choice)
    elif report or predictions is not None or samples is not None:
        arrays = api.load_weights(run, checkpoint=checkpoint, averaged=averaged)
        if samples is None and has_attributes(find_answers(compile_graph(find_run(run).spec))):
            found = evaluate_attributes(
                run, data, split=split, checkpoint=checkpoint, weights=arrays, choice=choice
            )
        else:
            found = evaluate_classes(
                run,
                data,
                split=split,
                checkpoint=checkpoint,
                weights=arrays,
                choice=choice,
                samples=samples,
            )
        metrics = found.metrics
        if predictions is not None:
            found.write_csv(predictions)
    else:
        metrics = api.evaluate(
            run, data, split=split, checkpoint=checkpoint, averaged=averaged, choice=choice
        )
    warn_of_test(metrics)
    shown = found.report if found is not None and report else None
    if json:
        print_json(
            {
                "split": split,
                "examples": metrics.examples,
                "loss": metrics.loss,
                "losses": dict(metrics.losses),
                "accuracy": metrics.accuracy,
                "test_uses": metrics.test_uses,
                **({} if shown is None else {"report": shown.to_json()}),
            }
        )
        return
    say(f"{metrics.examples:,} {split} examples")
    say(f"loss      {metrics.loss:.4f}")
    if metrics.accuracy is not None:
        say(f"accuracy  {metrics.accuracy:.2%}")
    if isinstance(shown, AttributeReport):
        _say_attributes(shown)
    elif shown is not None:
        say_report(shown)
    if predictions is not None:
        say(f"wrote {predictions}")


def warn_of_test(metrics: Metrics) -> None:
    """Say on standard error that a test set has been used before."""
    if metrics.test_uses is not None and metrics.test_uses > 1:
        err.print(
            Text.assemble(
                ("! ", "bold yellow"),
                f"the test split has been used {metrics.test_uses} times for this run. Whoever "
                "chooses by it has trained on it: choose on the validation split, and test once",
            )
        )


def say_report(report: ClassReport) -> None:
    """Print the figures of every class, the confusion matrix and the calibration."""
    for k, share in report.top.items():
        if k > 1:
            say(f"top {k}     {share:.2%}")
    say(f"macro F1  {report.macro_f1:.4f}")
    names = [figures.name for figures in report.classes]
    out.print(
        _table(
            ("class", "precision", "recall", "F1", "examples"),
            [
                (f.name, f"{f.precision:.2%}", f"{f.recall:.2%}", f"{f.f1:.4f}", f"{f.support:,}")
                for f in report.classes
            ],
        )
    )
    if len(names) <= _WIDEST:
        rows = [(name, *map(str, row)) for name, row in zip(names, report.confusion, strict=True)]
        out.print(_table(("actual ↓ taken for →", *names), rows))
    if report.calibration is None:
        say("calibration: none, because the scores of this loss are no probabilities")
        return
    say(f"expected calibration error {report.calibration.error:.4f}")
    rows = [
        (f"{b.low:.1f} to {b.high:.1f}", f"{b.count:,}", f"{b.confidence:.2%}", f"{b.accuracy:.2%}")
        for b in report.calibration.bins
        if b.count
    ]
    out.print(_table(("confidence", "examples", "said", "was right"), rows))


def _say_attributes(report: AttributeReport) -> None:
    say(f"all right {report.exact:.2%}  (examples with every attribute right)")
    out.print(
        _table(
            ("attribute", "accuracy", "precision", "recall", "F1", "have it"),
            [
                (
                    f.name,
                    *(f"{share:.2%}" for share in (f.accuracy, f.precision, f.recall)),
                    f"{f.f1:.4f}",
                    f"{f.support:,}",
                )
                for f in report.attributes
            ],
        )
    )


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for i, title in enumerate(titles):
        table.add_column(Text(title), justify="right" if i else "left")
    for row in rows:
        table.add_row(*map(Text, row))
    return table
