"""How far a command is that takes a while, and how long it will still take."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from graphspec.cli.output import err


@contextmanager
def waiting(words: str, *, json: bool) -> Iterator[Callable[[float], None]]:
    """Show a bar on a terminal until it is over; what is given takes the share that is done."""
    columns = (TextColumn(words), BarColumn(), TimeRemainingColumn())
    hidden = json or not err.is_terminal
    with Progress(*columns, console=err, transient=True, disable=hidden) as progress:
        task = progress.add_task("", total=1.0)

        def tell(share: float) -> None:
            progress.update(task, completed=share)

        yield tell
