"""``graphspec runs export-tensorboard``."""

from __future__ import annotations

from pathlib import Path

from graphspec.cli.output import print_json, say
from graphspec.train.rundir import find_run
from graphspec.train.tensorboard import export_tensorboard


def export_tensorboard_command(
    run: str = "latest", *, folder: Path | None = None, json: bool = False
) -> None:
    """Write a run's curves for TensorBoard.

    Parameters
    ----------
    run
        The run's folder, its name, or "latest".
    folder
        Where to write; by default a folder inside the run.
    json
        Print JSON.
    """
    written = export_tensorboard(find_run(run), folder)
    target = written if written.is_dir() else written.parent
    if json:
        print_json({"written": str(written), "logdir": str(target)})
        return
    say(f"Wrote {written}\nLook at it: tensorboard --logdir {target}")
