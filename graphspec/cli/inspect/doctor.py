"""``graphspec inspect doctor``."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter
from rich.table import Table
from rich.text import Text

from graphspec.cli.engine import EngineOptions
from graphspec.cli.inspect.opened import CheckpointOption, DataOption, JsonOption, Name, open_look
from graphspec.cli.output import out, print_json, say
from graphspec.cli.waiting import waiting
from graphspec.engines.choosing import AS_BEFORE
from graphspec.inspect.doctor import examine
from graphspec.inspect.finding import Finding, Verdict

_MARKS: dict[Verdict, tuple[str, str]] = {
    "good": ("good", "green"),
    "bad": ("bad", "bold red"),
    "unknown": ("cannot be told", "dim"),
}


def doctor_command(
    name: Name,
    *,
    data: DataOption = None,
    checkpoint: CheckpointOption = "best",
    quick: Annotated[
        bool, Parameter(help="Leave out the last check, which trains a copy on twenty examples.")
    ] = False,
    choice: EngineOptions = AS_BEFORE,
    json: JsonOption = False,
) -> None:
    """What is wrong with a network or its training: each check with its numbers, and what to do.

    The first loss against that of chance, updates against weights, dead and saturated units, where
    a NaN came from, the gap between training and validation, and whether twenty examples can be
    learnt by heart. A network file is examined with its first weights, as far as that goes.
    """
    look = open_look(name, data, checkpoint, untrained=True, choice=choice)
    opened = look.opened
    history = None if opened.run is None else opened.run.read_history().history
    with waiting("examining", json=json) as progress:
        found = tuple(
            examine(
                look.probe,
                opened.data,
                opened.config,
                opened.engine,
                history,
                by_heart=not quick,
                progress=progress,
            )
        )
    if json:
        print_json([finding.to_json() for finding in found])
        return
    out.print(_table(found))
    bad = sum(finding.verdict == "bad" for finding in found)
    good = sum(finding.verdict == "good" for finding in found)
    say(f"{look.name}: {bad} bad, {good} good, {len(found) - bad - good} cannot be told")


def _table(found: tuple[Finding, ...]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("check", "verdict"):
        table.add_column(title, no_wrap=True)
    table.add_column("what was measured, and what to do")
    for finding in found:
        words, style = _MARKS[finding.verdict]
        told = Text(finding.measured)
        if finding.advice:
            told.append(f"\n→ {finding.advice}", "bold" if finding.verdict == "bad" else "dim")
        table.add_row(finding.check, Text(words, style), told)
    return table
