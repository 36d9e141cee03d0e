"""``graphspec runs delete``."""

from __future__ import annotations

import sys

from graphspec.cli.failure import UNREADABLE
from graphspec.cli.output import err, out, print_json, say
from graphspec.train.rundir import find_run


def delete_command(*runs: str, yes: bool = False, json: bool = False) -> int:
    """Remove runs with everything in them. This cannot be undone.

    Parameters
    ----------
    runs
        The runs' folders or names.
    yes
        Do not ask.
    json
        Print JSON; needs --yes.
    """
    found = [find_run(run) for run in runs]
    if not found:
        err.print("Name at least one run. graphspec runs list shows them.")
        return UNREADABLE
    if not yes:
        if json or not sys.stdin.isatty():
            err.print("Nobody is there to be asked; pass --yes to delete.")
            return UNREADABLE
        names = ", ".join(run.name for run in found)
        if out.input(f"Delete {names}? [y/N] ").strip().lower() not in ("y", "yes"):
            say("Nothing was deleted.")
            return UNREADABLE
    for run in found:
        run.delete()
        if not json:
            say(f"Deleted {run.path}")
    if json:
        print_json({"deleted": [str(run.path) for run in found]})
    return 0
