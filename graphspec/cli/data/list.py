"""``graphspec data list``."""

from __future__ import annotations

from rich.table import Table

from graphspec.cli.output import out, print_json
from graphspec.data import list_data


def list_command(*, json: bool = False) -> None:
    """List the data sets that have names, and whether they are on this machine.

    Parameters
    ----------
    json
        Print JSON.
    """
    entries = list_data()
    if json:
        print_json([entry.to_json() for entry in entries])
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title, right in (("name", 0), ("what", 0), ("train", 1), ("test", 1), ("here", 0)):
        table.add_column(title, justify="right" if right else "left")
    for entry in entries:
        here = "yes" if entry.present else f"graphspec data get {entry.name}"
        table.add_row(
            entry.name,
            entry.about,
            f"{entry.train:,}",
            f"{entry.test:,}" if entry.test else "",
            here,
        )
    out.print(table)
    out.print(
        "\nA path works as well: a folder of idx files, CIFAR batches, or images (one folder a "
        "class), an .npz or a .csv file.",
        style="dim",
    )
