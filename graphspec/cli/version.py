"""``graphspec version``."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed

from graphspec import __version__
from graphspec.cli.output import print_json, say

_PACKAGES = ("numpy", "pydantic", "safetensors", "llvmlite", "torch", "PySide6-Essentials")


def version(*, json: bool = False) -> None:
    """Print the versions that results depend on.

    Parameters
    ----------
    json
        Print JSON instead of lines.
    """
    found = {"graphspec": __version__, "python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = installed(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    if json:
        print_json(found)
        return
    width = max(map(len, found))
    for name, value in found.items():
        say(f"{name:{width}}  {value}")
