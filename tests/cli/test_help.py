"""What ``--help`` tells of every command."""

from __future__ import annotations

import pytest

from graphspec.cli import COMMANDS, GROUPS, build_app

APP = build_app()
WORDS = [
    *((name,) for name in COMMANDS),
    *((name, part) for name in GROUPS for part in APP[name] if not part.startswith("-")),
]


@pytest.mark.parametrize("words", WORDS, ids=" ".join)
def test_every_option_is_told(words: tuple[str, ...]) -> None:
    app = APP
    for word in words:
        app = app[word]
    for argument in app.assemble_argument_collection(parse_docstring=True):
        # What only holds other options together is not shown.
        assert argument.parameter.help or not argument.show, argument.names


def test_a_command_is_told_in_full_and_fills_the_width(graphspec, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    printed = graphspec("knn", "--help").out
    told = " ".join(printed.split())
    assert "The results are a run" in told
    assert "The results are a run" not in graphspec("--help").out
    assert "``" not in graphspec("train", "--help").out
    lines = printed.splitlines()
    assert max(map(len, lines)) <= 80
    # The source breaks the line after "test": the next word follows it on the terminal.
    assert any("when the set has no test part" in line for line in lines)
