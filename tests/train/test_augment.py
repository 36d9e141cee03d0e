"""Augmentations and changes of shape in training: from saved streams, on training data only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graphspec import api
from graphspec.data.dataset import Dataset
from graphspec.edit import set_field
from graphspec.engines.numpy import NumpyEngine
from graphspec.errors import DataError
from graphspec.graph import GraphSpec
from graphspec.plan import compile_graph
from graphspec.recipe.augment.catalog import AUGMENTATIONS
from graphspec.train.checkpoint import read_state
from graphspec.train.events import Step
from graphspec.train.feeding import divide
from graphspec.train.rundir import Run
from graphspec.train.session import create_run, train_run
from tests.train.nets import config, network, points, regression, sums

EVERY: list[dict[str, Any]] = [
    {"kind": kind.model_fields["kind"].default} for kind in AUGMENTATIONS
]


def images(n: int = 60) -> Dataset:
    rng = np.random.default_rng(0)
    y = np.arange(n) % 3
    x = rng.uniform(0, 255, (n, 3, 6, 6)) * (0.5 + 0.25 * y[:, None, None, None])
    return Dataset("images", x.astype(np.uint8), y.astype(np.int64), ("a", "b", "c"))


def classifier(*shape: int) -> GraphSpec:
    return GraphSpec.model_validate(
        {
            "inputs": {"x": {"shape": shape}, "label": {"classes": 3}},
            "layers": [
                {"kind": "linear", "id": "scores", "units": 3, "inputs": ["x"]},
                {"kind": "softmax_loss", "id": "loss", "inputs": ["scores", "label"]},
            ],
            "outputs": ["scores"],
        }
    )


def final_arrays(run: Run) -> dict[str, bytes]:
    assert run.latest is not None
    state = read_state(run.checkpoint_path(run.latest), run.latest.sha256)
    return {name: array.tobytes() for name, array in state.executable.arrays.items()}


def test_only_training_batches_are_augmented() -> None:
    settings = config(augment=EVERY, preprocess=[{"kind": "scale"}], shuffle=False)
    data = divide(compile_graph(classifier(3, 6, 6)), images(), settings)
    x, _ = data.parts["train"]
    assert not np.allclose(data.loader(settings).next_batch().x, x[:16] / 255)
    for split in ("train", "validation"):
        plain = np.concatenate([feeds["x"] for feeds in data.batches(split)])
        np.testing.assert_allclose(plain, data.parts[split][0] / 255, rtol=1e-6)


def test_augmentation_comes_before_preprocessing() -> None:
    augment = [{"kind": "cutout", "size": 100, "fill": 51.0}]
    settings = config(augment=augment, preprocess=[{"kind": "scale"}])
    data = divide(compile_graph(classifier(3, 6, 6)), images(), settings)
    assert data.loader(settings).next_batch().x == pytest.approx(0.2)


def test_going_on_draws_what_would_have_been_drawn(tmp_path: Path) -> None:
    settings = config(augment=EVERY, epochs=5)
    whole = create_run(classifier(3, 6, 6), settings, tmp_path / "whole")
    list(train_run(whole.path, data=images()))
    run = create_run(classifier(3, 6, 6), settings, tmp_path / "cut")
    for after in (3, 8):
        events = train_run(run.path, data=images())
        for event in events:
            if isinstance(event, Step) and event.step == after:
                break
        events.close()  # type: ignore[attr-defined]
    list(train_run(run.path, data=images()))
    assert final_arrays(run) == final_arrays(whole)
    plain = create_run(classifier(3, 6, 6), config(epochs=5), tmp_path / "plain")
    list(train_run(plain.path, data=images()))
    assert final_arrays(plain) != final_arrays(whole)


def test_augmentations_are_for_images() -> None:
    with pytest.raises(DataError, match=r"change images.*'points'.*\[2\]"):
        divide(compile_graph(network()), points(), config(augment=EVERY))
    mixup = config(augment=[{"kind": "mixup"}])
    assert divide(compile_graph(network()), points(), mixup).mixed_classes == 3


def test_mixup_feeds_class_probabilities_and_counts_the_larger_part(tmp_path: Path) -> None:
    settings = config(augment=[{"kind": "mixup", "alpha": 1.0}], preprocess=[])
    spec = classifier(3, 6, 6)
    data = divide(compile_graph(spec), images(), settings)
    batch = data.loader(settings).next_batch()
    assert batch.y.shape == (16, 3)
    assert batch.y.dtype == np.float32
    np.testing.assert_allclose(batch.y.sum(axis=1), 1, rtol=1e-6)
    assert ((batch.y > 0.01) & (batch.y < 0.99)).any()
    assert next(data.batches("validation"))["label"].dtype == np.int64
    run = create_run(spec, settings, tmp_path / "run")
    step = next(event for event in train_run(run.path, data=images()) if isinstance(event, Step))
    executable = NumpyEngine("float32").load(compile_graph(spec), seed=settings.seed)
    scores = executable.run(data.feeds(batch), outputs=["scores"]).values["scores"]
    right = scores.argmax(axis=1) == batch.y.argmax(axis=1)
    assert step.accuracy == pytest.approx(right.mean())
    found = executable.grad(data.feeds(batch))
    assert step.losses["loss"] == pytest.approx(found.loss, rel=1e-6)


def test_mixup_of_real_targets_blends_the_numbers() -> None:
    settings = config(augment=[{"kind": "mixup"}], preprocess=[], dtype="float64")
    data = divide(compile_graph(regression()), sums(), settings)
    batch = data.loader(settings).next_batch()
    np.testing.assert_allclose(batch.y, batch.x.sum(axis=1, keepdims=True))


def test_a_loss_that_takes_whole_labels_refuses_mixup() -> None:
    spec = set_field(classifier(3, 6, 6), "loss", "kind", "hinge_loss")
    settings = config(augment=[{"kind": "mixup"}])
    with pytest.raises(DataError, match=r"mixup blends labels.*'label' takes whole labels only"):
        divide(compile_graph(spec), images(), settings)


def test_F05_a_network_on_principal_components_trains_and_predicts(tmp_path: Path) -> None:
    settings = config(preprocess=[{"kind": "pca", "components": 10}, {"kind": "std"}])
    run = create_run(classifier(10), settings, tmp_path / "run")
    list(train_run(run.path, data=images()))
    assert run.status == "finished"
    found = api.predict(run, images().x[:7])
    assert found["scores"].shape == (7, 3)
    with pytest.raises(DataError, match=r"have \[10\] after preprocessing"):
        divide(compile_graph(classifier(3, 6, 6)), images(), settings)
    with pytest.raises(DataError, match="fitted to examples of 108 numbers"):
        api.predict(run, np.zeros((2, 3, 5, 5)))
