"""The calls of a script, on real digits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import graphspec as gs
from graphspec.api import evaluate_weights, load_weights
from graphspec.data import load_data
from graphspec.document import save
from graphspec.engines.choosing import Choice
from graphspec.errors import CheckpointError, DataError, EngineError, FeedError, SpecError
from graphspec.recipe.rules.momentum import Momentum
from graphspec.train.checkpoint import write_arrays
from graphspec.train.events import Event, Step

SPEC = gs.GraphSpec.model_validate(
    {
        "name": "softmax",
        "inputs": {"image": {"shape": [1, 8, 8]}, "label": {"classes": 10}},
        "layers": [
            {"kind": "linear", "id": "scores", "units": 10, "inputs": ["image"]},
            {"kind": "softmax_loss", "id": "loss", "inputs": ["scores", "label"]},
        ],
        "outputs": ["scores"],
        "training": {
            "data": "digits",
            "epochs": 2,
            "update": {"kind": "adam", "rate": 0.01},
            "preprocess": [{"kind": "scale", "divide": 16.0}, {"kind": "mean"}],
            "split": {"validation": 0.2, "test": 100},
        },
    }
)


@pytest.fixture(name="run", scope="module")
def _run(tmp_path_factory: pytest.TempPathFactory) -> gs.Run:
    return gs.fit(SPEC, run=tmp_path_factory.mktemp("runs") / "run")


def test_fit_learns_digits(run: gs.Run) -> None:
    assert run.status == "finished"
    started = run.started
    assert started is not None
    assert started.examples == {"train": 1338, "validation": 359, "test": 100}
    assert gs.evaluate(run).accuracy > 0.85
    assert gs.evaluate(run, split="test").examples == 100
    metrics = run.metrics
    assert metrics is not None
    assert gs.evaluate(run, checkpoint="latest").loss == pytest.approx(metrics.loss, rel=1e-12)
    assert gs.evaluate(run, checkpoint="latest").accuracy == metrics.accuracy


def test_predict_preprocesses_as_in_training(run: gs.Run) -> None:
    data = load_data("digits")
    scores = gs.predict(run, data.x, batch=100)["scores"]
    assert scores.shape == (1797, 10)
    assert (scores.argmax(axis=1) == data.y).mean() > 0.85
    np.testing.assert_allclose(
        gs.predict(run, data.x[:3])["scores"], scores[:3], rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize("x", [np.zeros((2, 64)), np.zeros((0, 1, 8, 8)), 3.0])
def test_predict_explains_shapes(run: gs.Run, x: Any) -> None:
    with pytest.raises(FeedError, match="1, 8, 8"):
        gs.predict(run, x)


def test_losses_cannot_be_predicted_without_labels(run: gs.Run) -> None:
    with pytest.raises(FeedError, match="label"):
        gs.predict(run, np.zeros((2, 1, 8, 8)), outputs=["loss"])


def test_overrides_and_events(tmp_path: Path) -> None:
    seen: list[Event] = []
    run = gs.fit(
        SPEC, "digits", run=tmp_path / "run", on_event=seen.append, steps=3, batch=100,
        update=Momentum(rate=0.1),
    )  # fmt: skip
    assert sum(isinstance(event, Step) for event in seen) == 3
    assert tuple(seen) == run.events
    assert run.config.update == Momentum(rate=0.1)
    again = gs.resume(run, steps=5)
    assert again.last is not None
    assert again.last.step == 5


def test_fit_takes_a_file_and_a_data_set(tmp_path: Path) -> None:
    save(SPEC, tmp_path / "net.json")
    run = gs.fit(
        tmp_path / "net.json",
        load_data("digits").subset(range(300)),
        run=tmp_path / "run",
        epochs=1,
    )
    assert run.started is not None
    assert sum(run.started.examples.values()) == 300


def test_options_of_the_data_are_part_of_the_settings(tmp_path: Path) -> None:
    options = {"n": 20, "seed": 5, "noise": 0.1}
    spec = gs.GraphSpec.model_validate(
        {
            **SPEC.model_dump(mode="json"),
            "inputs": {"image": {"shape": [2]}, "label": {"classes": 3}},
            "training": {"data": "spiral", "data_options": options, "epochs": 1},
        }
    )
    scores = spec.layers[0].model_copy(update={"units": 3})
    spec = spec.model_copy(update={"layers": (scores, spec.layers[1])})
    assert spec.model_dump(mode="json")["training"]["data_options"] == options
    run = gs.fit(spec, run=tmp_path / "run")
    assert run.started is not None
    assert sum(run.started.examples.values()) == 60
    assert gs.evaluate(run).examples == 6


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"epoch": 3}, 'Did you mean "epochs"'),
        ({"epochs": "3"}, "must be a whole number above 0"),
        ({"update": {"kind": "adma", "rate": 0.1}}, 'Did you mean "adam"'),
        ({"split": {"validation": 0}, "early_stopping": {}}, "hold some examples out"),
    ],
)
def test_wrong_settings_are_named(tmp_path: Path, wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError, match=rf"training(\.{next(iter(wrong))})?.*{said}"):
        gs.fit(SPEC, run=tmp_path / "run", **wrong)
    assert not (tmp_path / "run").exists()


def test_without_data_nothing_can_be_trained(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no data set"):
        gs.fit(SPEC.model_copy(update={"training": None}), run=tmp_path / "run")


def test_weights_from_a_file(run: gs.Run) -> None:
    assert run.best is not None
    path = run.checkpoint_path(run.best)
    assert evaluate_weights(SPEC, path) == gs.evaluate(run)


@pytest.mark.parametrize(
    ("choice", "refused"),
    [
        (Choice(engine="abacus"), "no engine 'abacus'"),
        (Choice(threads=0), "not (for|on) 0"),
        (Choice(accuracy="best"), "no accuracy 'best'"),  # type: ignore[arg-type]
    ],
)
def test_every_part_of_a_choice_is_followed(run: gs.Run, choice: Choice, refused: str) -> None:
    assert run.best is not None
    with pytest.raises(EngineError, match=refused):
        evaluate_weights(SPEC, run.checkpoint_path(run.best), choice=choice)
    with pytest.raises(EngineError, match=refused):
        gs.evaluate(run, choice=choice)
    with pytest.raises(EngineError, match=refused):
        gs.resume(run, choice=choice, epochs=3)


def test_weights_that_are_not_all_there_are_refused(run: gs.Run, tmp_path: Path) -> None:
    weights = load_weights(run)
    last = list(weights)[-1]
    write_arrays(tmp_path / "part.safetensors", {k: w for k, w in weights.items() if k != last})
    with pytest.raises(EngineError, match=last):
        evaluate_weights(SPEC, tmp_path / "part.safetensors")


def test_a_checkpoint_that_is_not_there(run: gs.Run) -> None:
    with pytest.raises(CheckpointError, match="step 7"):
        gs.evaluate(run, checkpoint=7)


def test_a_split_that_is_empty(tmp_path: Path) -> None:
    run = gs.fit(SPEC, run=tmp_path / "run", steps=1, split={"validation": 0})
    with pytest.raises(DataError, match="validation"):
        gs.evaluate(run)
    assert gs.evaluate(run, split="train").examples == 1797
