"""``graphspec data``: one file a command."""

from __future__ import annotations

from cyclopts import App

COMMANDS = {
    "list": "List the data sets that have names.",
    "info": "Describe a data set: shape, classes, range, where it is from.",
    "get": "Download a data set and check its SHA-256.",
}

app = App(name="data", help="List data sets, describe one, download one.")
for _name, _text in COMMANDS.items():
    app.command(f"graphspec.cli.data.{_name}:{_name}_command", name=_name, help=_text)
