"""The training blocks that ship do what is said of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphspec import zoo
from graphspec.api import fit
from graphspec.data import list_data
from graphspec.train.events import Evaluated, Event

BUILT_IN = {entry.name for entry in list_data()}


def held_out_accuracy(name: str, folder: Path) -> float:
    """The best accuracy on the validation split while training a model as it ships."""
    found: list[float] = []

    def note(event: Event) -> None:
        if isinstance(event, Evaluated) and event.accuracy is not None:
            found.append(event.accuracy)

    fit(zoo.build(name), run=folder / "run", on_event=note)
    return max(found)


@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("linear_softmax", 0.94),
        ("linear_svm", 0.94),
        ("two_layer_net", 0.97),
        ("regularised_net", 0.97),
        ("tiny_convnet", 0.97),
    ],
)
def test_small_models_learn_the_digits(name: str, least: float, tmp_path: Path) -> None:
    assert held_out_accuracy(name, tmp_path) >= least


@pytest.mark.slow
@pytest.mark.parametrize(("name", "least"), [("lenet5", 0.85), ("mlp", 0.84)])
def test_models_for_clothes_learn_them(name: str, least: float, tmp_path: Path) -> None:
    assert held_out_accuracy(name, tmp_path) >= least


@pytest.mark.parametrize("name", zoo.names())
def test_a_training_block_names_a_data_set_that_there_is(name: str) -> None:
    training = zoo.build(name).training
    assert training is None or training.data in BUILT_IN
