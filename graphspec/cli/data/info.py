"""``graphspec data info``."""

from __future__ import annotations

from graphspec.cli.output import print_json, say
from graphspec.data import load_data
from graphspec.quantities import size


def info_command(name: str, *, json: bool = False) -> None:
    """Describe a data set: shape, classes, range, where it is from.

    Parameters
    ----------
    name
        A name from graphspec data list, or a path.
    json
        Print JSON.
    """
    facts = load_data(name).info()
    if json:
        print_json(facts)
        return
    for key in ("name", "train", "test", "dtype", "source", "licence"):
        if facts[key]:
            say(f"{key:9} {facts[key]}")
    low, high = facts["range"]
    say(f"{'shape':9} {'×'.join(map(str, facts['shape']))}")
    say(f"{'range':9} {low:g} to {high:g}")
    say(f"{'memory':9} {size(facts['bytes'])}")
    if "classes" not in facts:
        say(f"{'targets':9} {facts['targets']}")
        return
    say("classes")
    for label, count in zip(facts["classes"], facts["counts"], strict=True):
        say(f"  {label:16} {count:,}")
