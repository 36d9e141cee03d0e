from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from graphspec import document
from graphspec.cli import main
from graphspec.cli.output import err, out


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GRAPHSPEC_RUNS", raising=False)
    return tmp_path


@pytest.fixture
def graphspec(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Answer]:
    """Run one command line in an empty folder, on a wide screen without colours."""
    for console in (out, err):
        monkeypatch.setattr(console, "_width", 200)

    def run(*words: str) -> Answer:
        capsys.readouterr()
        code = main([str(word) for word in words])
        printed = capsys.readouterr()
        return Answer(code, printed.out, printed.err)

    return run


@pytest.fixture
def blobs(here: Path) -> Path:
    """A data set of two classes that a linear classifier separates, as a .csv file."""
    lines = ["a,b,kind"]
    lines += [f"{1 + i * 0.01},{2 - i * 0.02},near" for i in range(30)]
    lines += [f"{-1 - i * 0.01},{-2 + i * 0.02},far" for i in range(30)]
    path = here / "blobs.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def net(here: Path, blobs: Path) -> Path:
    """A small network for that set, trained in a moment."""
    spec = document.loads(
        json.dumps(
            {
                "format": "graphspec/1",
                "name": "blobs",
                "inputs": {"x": {"shape": [2]}, "label": {"classes": 2}},
                "layers": [
                    {"id": "hidden", "kind": "linear", "units": 4},
                    {"id": "act", "kind": "relu"},
                    {"id": "scores", "kind": "linear", "units": 2},
                    {"id": "loss", "kind": "softmax_loss"},
                ],
                "outputs": ["scores"],
                "training": {
                    "data": str(blobs),
                    "batch": 10,
                    "epochs": 3,
                    "update": {"kind": "sgd", "rate": 0.1},
                    "split": {"validation": 12},
                },
            }
        )
    )
    path = here / "net.json"
    document.save(spec, path)
    return path
