"""``graphspec data get``."""

from __future__ import annotations

from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn

from graphspec.cli.output import out, print_json, say
from graphspec.data.downloads import download


def get_command(name: str, *, mirror: str | None = None, json: bool = False) -> None:
    """Download a data set and check its SHA-256; nothing half done is left behind.

    Parameters
    ----------
    name
        mnist, fashion-mnist or cifar10.
    mirror
        A folder on the web with the same files, in place of the set's home.
    json
        Print JSON.
    """
    tasks: dict[str, TaskID] = {}
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, console=out, disable=json) as progress:

        def advance(file: str, done: int, total: int) -> None:
            if file not in tasks:
                tasks[file] = progress.add_task(file, total=total)
            progress.update(tasks[file], completed=done)

        folder = download(name, base_url=mirror, progress=advance)
    if json:
        print_json({"name": name, "folder": str(folder)})
        return
    say(f"{name} is in {folder}\nTrain on it: graphspec train lenet5 --data {name}")
