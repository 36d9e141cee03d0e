"""The table of docs/figures.md: one row for each thing measured and number of threads.

Each bench writes its row as soon as it has it, in place of the one that was there, so that the
table can be made in pieces. Each row has its day; machine and versions are those of the last run.
"""

from __future__ import annotations

import datetime
import os
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from tests.bench.timing import Ratio, report

FIGURES = Path(__file__).parents[2] / "docs/figures.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
TITLES = (
    "what",
    "threads",
    "best peer / ours (spread)",
    "goal",
    "ours",
    "peers",
    "of the peak",
    "day",
)


class Row(NamedTuple):
    """One line of the table, in words."""

    what: str
    threads: int
    ratio: str = ""
    goal: str = ""
    ours: str = ""
    peers: str = ""
    share: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What is replaced by it: the same thing with the same number of threads."""
        return self.what, str(self.threads)

    @property
    def line(self) -> str:
        """As Markdown."""
        day = datetime.date.today().isoformat()
        return f"| {' | '.join(map(str, (*self, day)))} |"


def compared(
    what: str, threads: int, ratio: Ratio, goal: float | None = None, share: float | None = None
) -> None:
    """Write and print the row of a comparison."""
    spread = f"{ratio.middle:.2f} ({ratio.lowest:.2f}–{ratio.highest:.2f})"
    ours = f"{ratio.ours_ms:.1f} ms"
    ranked = sorted(ratio.peers.items(), key=lambda item: item[1])
    peers = ", ".join(f"{name} {ms:.1f}" for name, ms in ranked)
    row = Row(
        what,
        threads,
        spread,
        "" if goal is None else f"≥ {goal:g}",
        ours,
        f"{peers} ms",
        "" if share is None else f"{share:.0%}",
    )
    report(f"{what}, {threads} threads", spread, f"{row.goal} ours {ours}, {peers}; {row.share}")
    write(row)


def merged(lines: Sequence[str], row: Row) -> list[str]:
    """The rows of a table, with this one in place of that of the same key, or at the end."""
    table = {key: line for line in lines if (key := _key(line)) is not None}
    table[row.key] = row.line
    return list(table.values())


def _key(line: str) -> tuple[str, str] | None:
    cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
    is_row = len(cells) == len(TITLES) and cells[1].isdigit()
    return (cells[0], cells[1]) if is_row else None


def write(row: Row) -> None:
    """Put a row into docs/figures.md, with the machine and the versions."""
    text = FIGURES.read_text(encoding="utf-8")
    head, begin, rest = text.partition(BEGIN)
    old, end, tail = rest.partition(END)
    assert begin, f"{FIGURES} has lost its mark {BEGIN}"
    assert end, f"{FIGURES} has lost its mark {END}"
    packages = ("numpy", "llvmlite", "torch", "onnxruntime")
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    table = [
        f"{_processor()}, {os.cpu_count()} cores, {platform.system()}; Python "
        f"{platform.python_version()}, {versions}.",
        "",
        f"| {' | '.join(TITLES)} |",
        f"|{' --- |' * len(TITLES)}",
        *merged(old.splitlines(), row),
    ]
    FIGURES.write_text("\n".join([head + BEGIN, "", *table, "", END + tail]), encoding="utf-8")


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
