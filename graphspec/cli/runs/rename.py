"""``graphspec runs rename``."""

from __future__ import annotations

from graphspec.cli.output import say
from graphspec.train.rundir import find_run


def rename_command(run: str, name: str) -> None:
    """Give a run another name; its folder is renamed.

    Parameters
    ----------
    run
        The run's folder, its name, or "latest".
    name
        The new name.
    """
    say(f"The run is now in {find_run(run).rename(name).path}")
