"""``graphspec runs rename``."""

from __future__ import annotations

from graphspec.cli.output import print_json, say
from graphspec.train.rundir import find_run


def rename_command(run: str, name: str, *, json: bool = False) -> None:
    """Give a run another name; its folder is renamed.

    Parameters
    ----------
    run
        The run's folder, its name, or "latest".
    name
        The new name.
    json
        Print JSON.
    """
    renamed = find_run(run).rename(name)
    if json:
        print_json({"name": renamed.name, "path": str(renamed.path)})
    else:
        say(f"The run is now in {renamed.path}")
