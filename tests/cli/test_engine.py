"""What computes can be said to every command that computes with a network's weights."""

from __future__ import annotations

import numpy as np
import pytest

from graphspec import api

COMMANDS = (
    "train net.json",
    "resume run --epochs 5",
    "evaluate run",
    "evaluate run --report",
    "predict run x.npy",
    "ensemble run other",
    "ensemble run --average 0.5",
    "find-rate run --steps 4",
    "find-rate net.json --one-step",
    "landscape run --points 3",
    "landscape net.json --points 3",
    "inspect activations run hidden",
    "inspect confusion run",
    "inspect codes run hidden --perplexity 3",
    "inspect doctor run --quick",
    "inspect history run hidden",
    "inspect mistakes run",
    "inspect occlusion run",
    "inspect top run hidden 0",
    "inspect unit run hidden 0",
    "inspect weights run hidden",
)


@pytest.fixture(autouse=True)
def _runs(here, net) -> None:
    for name, seed in (("run", 1), ("other", 2)):
        api.fit(net, run=here / name, engine="numpy", seed=seed)
    np.save(here / "x.npy", np.ones((1, 2)))


@pytest.mark.parametrize("words", COMMANDS)
def test_what_is_asked_for_is_what_is_opened(graphspec, words: str) -> None:
    answer = graphspec(*words.split(), "--engine", "numpy", "--threads", "3")
    assert answer.code == 3
    assert "the numpy engine computes on one thread, not on 3" in answer.err
