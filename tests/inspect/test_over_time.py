from __future__ import annotations

import numpy as np
import pytest

from graphspec import api
from graphspec.errors import SpecError
from graphspec.inspect.over_time import Histogram, checkpoint_histograms, layer_histograms
from graphspec.inspect.probe import Probe
from tests.train.nets import network


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("history") / "run"
    return api.fit(
        network(), "spiral", run=folder, epochs=2, checkpoint_every=5, keep=5, engine="numpy"
    )


@pytest.fixture(scope="module")
def opened(run):
    executable, data = api.open_trained(run, "spiral", checkpoint="latest")
    x, y = data.parts["train"]
    feeds = data.binding.feeds(data.pipeline.apply(x, data.dtype), y)
    return Probe(executable, data.pipeline, data.binding.x, data.dtype, data.classes), feeds


def test_what_is_not_finite_is_left_out():
    found = Histogram.of(np.array([0.0, 1.0, np.nan, np.inf]))
    assert found.counts.sum() == 2
    assert (found.edges[0], found.edges[-1]) == (0, 1)


def test_values_gradients_and_weights_are_the_networks_own(opened):
    probe, feeds = opened
    found = layer_histograms(probe.executable, feeds, "scores")
    scores = probe.executable.run(feeds, outputs=["scores"]).values["scores"]
    assert found.values.counts.sum() == scores.size
    assert found.values.edges[-1] == pytest.approx(scores.max())
    # dL/df = (p − 1{class}) / N lies between −1/N and 1/N.
    assert abs(found.gradients.edges).max() <= 1 / len(scores)
    assert found.weights.counts.sum() == probe.executable.weights()["scores.weight"].size
    assert layer_histograms(probe.executable, feeds, "relu").weights is None


def test_each_checkpoint_that_is_kept_has_its_own(run, opened):
    probe, feeds = opened
    steps = [entry.step for entry in run.checkpoints]
    assert len(steps) == 2
    found = dict(checkpoint_histograms(run, probe, feeds, "scores"))
    assert list(found) == steps
    last = layer_histograms(probe.executable, feeds, "scores")
    np.testing.assert_array_equal(found[steps[-1]].values.counts, last.values.counts)
    assert (found[steps[0]].values.edges != last.values.edges).any()
    rest = checkpoint_histograms(run, probe, feeds, "scores", known=steps[1:])
    assert [step for step, _ in rest] == steps[:1]


def test_an_unknown_layer_is_refused(opened):
    probe, feeds = opened
    with pytest.raises(SpecError):
        layer_histograms(probe.executable, feeds, "nothing")
