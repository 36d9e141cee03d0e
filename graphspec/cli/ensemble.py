"""``graphspec ensemble``."""

from __future__ import annotations

from typing import Literal

from rich.table import Table
from rich.text import Text

from graphspec.cli.engine import EngineOptions
from graphspec.cli.evaluate import say_report, warn_of_test
from graphspec.cli.output import out, print_json, say
from graphspec.engines.choosing import AS_BEFORE, Choice
from graphspec.ensemble import (
    Ensemble,
    ensemble_of_average,
    ensemble_of_checkpoints,
    ensemble_of_runs,
)
from graphspec.errors import OptionError


def ensemble(
    *runs: str,
    top: int | None = None,
    checkpoints: bool = False,
    average: float | None = None,
    averaged: bool = False,
    data: str | None = None,
    split: Literal["train", "validation", "test"] = "validation",
    report: bool = False,
    choice: EngineOptions = AS_BEFORE,
    json: bool = False,
) -> None:
    """Evaluate several trained networks as one, by the mean of their probabilities.

    Parameters
    ----------
    runs
        Runs: folders, names, or "latest".
    top
        Take only so many runs, those with the best validation metric.
    checkpoints
        Take all checkpoints of one run in place of several runs.
    average
        Take one network: the running average of the weights of one run's checkpoints, each of
        which leaves this share (such as 0.9) of what came before it.
    averaged
        Take of every run the running average of the weights that its training kept
        (training.average).
    data
        Another data set than that of the runs.
    split
        Which examples. Uses of the test split are counted in every run.
    report
        Tell precision, recall and F1 of every class.
    json
        Print JSON.
    """
    model = _made(runs, top, checkpoints, average, averaged, data, choice)
    found = model.evaluate(data, split=split, choice=choice)
    together = found.together.metrics
    warn_of_test(together)
    rows = [
        (member.name, metrics.accuracy, metrics.loss)
        for member, metrics in zip(model.members, found.alone, strict=True)
    ]
    if json:
        print_json(
            {
                "split": split,
                "examples": together.examples,
                "loss": together.loss,
                "accuracy": together.accuracy,
                "test_uses": together.test_uses,
                "members": [
                    {"name": name, "accuracy": share, "loss": loss} for name, share, loss in rows
                ],
                **({"report": found.together.report.to_json()} if report else {}),
            }
        )
        return
    say(f"{together.examples:,} {split} examples")
    table = Table(box=None, pad_edge=False, header_style="bold")
    for i, title in enumerate(("model", "accuracy", "loss")):
        table.add_column(title, justify="right" if i else "left")
    for name, share, loss in [*rows, ("together", together.accuracy, together.loss)]:
        table.add_row(Text(name), "" if share is None else f"{share:.2%}", f"{loss:.4f}")
    out.print(table)
    if report:
        say_report(found.together.report)


def _made(
    runs: tuple[str, ...],
    top: int | None,
    checkpoints: bool,
    average: float | None,
    averaged: bool,
    data: str | None,
    choice: Choice,
) -> Ensemble:
    if not runs:
        raise OptionError("name at least one run; graphspec runs list shows them")
    if not checkpoints and average is None:
        return ensemble_of_runs(runs, top=top, averaged=averaged)
    if averaged or len(runs) != 1 or top is not None or (checkpoints and average is not None):
        raise OptionError("--checkpoints and --average take one run each, and nothing else")
    if average is None:
        return ensemble_of_checkpoints(runs[0])
    if not 0 <= average < 1:
        raise OptionError(f"--average must be in [0, 1), and is {average:g}")
    return ensemble_of_average(runs[0], data, decay=average, choice=choice)
