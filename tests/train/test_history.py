from __future__ import annotations

import math

import numpy as np

from graphspec.train.events import Changed, Evaluated, Finished, Started, Step
from graphspec.train.history import History, Series, scalars_of


def step(number: int, **values) -> Step:
    fields = {
        "loss": 1.0 / number,
        "losses": {"loss": 1.0 / number},
        "penalties": {},
        "rate": 0.1,
        "grad_norm": 2.0,
    }
    return Step(step=number, epoch=number / 10, time=100.0 + number, **(fields | values))


def test_a_series_grows_and_keeps_its_points():
    series = Series()
    for i in range(1000):
        series.add([(i, i / 10, 50 + i, math.sin(i))])
    assert len(series) == 1000
    np.testing.assert_array_equal(series.steps, np.arange(1000))
    np.testing.assert_array_equal(series.epochs, np.arange(1000) / 10)
    np.testing.assert_array_equal(series.times, 50 + np.arange(1000))
    np.testing.assert_array_equal(series.values, [math.sin(i) for i in range(1000)])


def test_curves_by_tag_with_data_loss_and_penalties_apart():
    history = History([step(1, penalties={"l2": 0.5}, accuracy=0.25), step(2)])
    assert history.series["train/loss"].values.tolist() == [1.0, 0.5]
    assert history.series["train/penalty.l2"].values.tolist() == [0.5]
    assert history.series["train/loss.loss"].steps.tolist() == [1.0]
    assert history.series["train/accuracy"].times.tolist() == [101.0]


def test_evaluations_are_curves_of_their_split():
    event = Evaluated(
        step=5,
        epoch=0.5,
        split="validation",
        loss=0.7,
        losses={"loss": 0.7},
        accuracy=0.8,
        examples=10,
        penalties={"l2": 0.1},
        update_ratios={"fc.weight": 1e-3},
        grad_norms={"fc.weight": 0.25},
    )
    expected = {
        "validation/loss": 0.7,
        "validation/penalty.l2": 0.1,
        "validation/accuracy": 0.8,
        "update_ratio/fc.weight": 1e-3,
        "grad_norm/fc.weight": 0.25,
    }
    assert scalars_of(event) == expected


def test_two_readings_join_to_one():
    events = [step(1), Changed(step=1, epoch=0.1, field="paused", value=True), step(2), step(3)]
    whole = History(events)
    for cut in range(5):
        joined = History(events[:cut])
        joined.extend(History(events[cut:]))
        assert joined.paused is whole.paused is True
        assert (joined.last, joined.changes) == (whole.last, whole.changes)
        for tag, series in whole.series.items():
            np.testing.assert_array_equal(joined.series[tag].values, series.values)
            np.testing.assert_array_equal(joined.series[tag].steps, series.steps)


def test_it_knows_where_the_run_stands():
    begun = Started(
        step=0,
        epoch=0.0,
        model="m",
        engine="numpy",
        params=1,
        steps_per_epoch=10,
        total_steps=20,
        examples={"train": 100},
    )
    history = History([begun, step(1), Changed(step=1, epoch=0.1, field="paused", value=True)])
    assert (history.started, history.ended, history.paused) == (begun, None, True)
    history.add([Changed(step=1, epoch=0.1, field="paused", value=False)])
    assert not history.paused
    end = Finished(step=1, epoch=0.1, reason="stopped")
    history.add([end])
    assert history.ended is history.last is end
    again = begun.model_copy(update={"resumed": True})
    history.add([again])
    assert (history.started, history.ended) == (again, None)
