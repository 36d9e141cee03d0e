"""What every entry of the recipe's catalogs owes, so that a new one is tested by being listed."""

from __future__ import annotations

import re

import numpy as np
import pytest
from pydantic import TypeAdapter

from graphspec.recipe.augment.catalog import AUGMENTATIONS, AugmentationSpec
from graphspec.recipe.average import Ema
from graphspec.recipe.config import EarlyStopping, SplitConfig, TrainConfig
from graphspec.recipe.constraints.catalog import CONSTRAINTS, ConstraintSpec
from graphspec.recipe.penalties.catalog import PENALTIES, PenaltySpec
from graphspec.recipe.penalties.elastic_net import ElasticNet
from graphspec.recipe.penalties.l1 import L1
from graphspec.recipe.penalties.l2 import L2
from graphspec.recipe.preprocess.catalog import PREPROCESS_STEPS, StepSpec
from graphspec.recipe.preprocess.scale import Scale
from graphspec.recipe.rules.adadelta import Adadelta
from graphspec.recipe.rules.adagrad import Adagrad
from graphspec.recipe.rules.base import UpdateRule
from graphspec.recipe.rules.catalog import RULES, WHOLE_RULES, RuleSpec
from graphspec.recipe.schedules.base import Schedule
from graphspec.recipe.schedules.catalog import SCHEDULES, ScheduleSpec
from graphspec.recipe.schedules.exponential import Exponential
from graphspec.recipe.schedules.one_over_t import OneOverT
from graphspec.record import Record

REQUIRED = {
    L1: {"strength": 0.1},
    L2: {"strength": 0.1},
    ElasticNet: {"l1": 0.1, "l2": 0.2},
    Exponential: {"k": 0.1},
    OneOverT: {"k": 0.1},
}
CATALOGS = (
    ((*RULES, *WHOLE_RULES), TypeAdapter(RuleSpec)),
    (SCHEDULES, TypeAdapter(ScheduleSpec)),
    (PENALTIES, TypeAdapter(PenaltySpec)),
    (CONSTRAINTS, TypeAdapter(ConstraintSpec)),
    (PREPROCESS_STEPS, TypeAdapter(StepSpec)),
    (AUGMENTATIONS, TypeAdapter(AugmentationSpec)),
)
KINDS = [(kind, adapter) for kinds, adapter in CATALOGS for kind in kinds]
SETTINGS = (TrainConfig, SplitConfig, EarlyStopping, Ema)


def make(kind: type[Record]) -> Record:
    if issubclass(kind, UpdateRule):
        return kind(rate=0.1)
    return kind(**REQUIRED.get(kind, {}))


@pytest.mark.parametrize("kind", [*(kind for kind, _ in KINDS), *SETTINGS])
def test_every_field_says_what_it_is(kind: type[Record]) -> None:
    docs = kind.field_docs()
    for name in kind.model_fields:
        assert re.search(r"[.?]$", docs[name].strip()), name


@pytest.mark.parametrize(("kind", "adapter"), KINDS)
def test_json_round_trip(kind: type[Record], adapter: TypeAdapter[Record]) -> None:
    value = make(kind)
    again = adapter.validate_json(adapter.dump_json(value))
    assert again == value
    assert type(again) is kind


@pytest.mark.parametrize("kind", RULES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_rules_work_in_place_and_keep_the_type(kind: type[UpdateRule], dtype: str) -> None:
    rule = make(kind)
    w = np.linspace(-1, 1, 12, dtype=dtype).reshape(3, 4)
    kept = w
    slots = rule.slots(w)
    arrays = dict(slots)
    for step in range(3):
        rule.decay_weight(w, rate=0.1)
        rule.update(w, w.copy(), slots, rate=0.1, step=step)
    assert w is kept
    assert w.dtype == dtype
    assert all(slots[name] is arrays[name] for name in arrays)
    assert all(array.dtype == dtype and array.shape == w.shape for array in slots.values())


@pytest.mark.parametrize("kind", RULES)
def test_rules_go_downhill(kind: type[UpdateRule]) -> None:
    rule = make(kind)
    w = np.array([3.0, -2.0])
    slots = rule.slots(w)
    # Sums of squared gradients and means of squared steps both begin with short steps.
    rate = {Adagrad: 1.0, Adadelta: 20.0}.get(kind, 0.05)
    for step in range(200):
        rule.update(w, w.copy(), slots, rate=rate, step=step)
    assert np.abs(w).max() < 0.1


@pytest.mark.parametrize("kind", SCHEDULES)
def test_schedules_give_a_rate_between_zero_and_the_base(kind: type[Schedule]) -> None:
    schedule = make(kind)
    rates = [schedule.rate(0.1, t, steps_per_epoch=7, total_steps=70) for t in range(70)]
    assert all(0 < rate <= 0.1 for rate in rates)
    assert all(type(rate) is float for rate in rates)


def test_the_documents_example_is_read() -> None:
    text = (
        '{"data": "digits", "epochs": 10, "batch": 64, "update": {"kind": "adam", "rate": 0.001}}'
    )
    config = TrainConfig.model_validate_json(text)
    assert TrainConfig.model_validate_json(config.model_dump_json()) == config
    assert config.update.rate == 0.001


@pytest.mark.parametrize(
    "fields",
    [
        {"epochs": 0},
        {"batch": True},
        {"split": {"validation": 1.0}},
        {"split": {"validation": -1}},
        {"update": {"kind": "adam", "rate": 0.0}},
        {"update": {"kind": "adam", "rate": 0.1, "beta1": 1.0}},
        {"clip_norm": 0.0},
        {"dtype": "float16"},
        {"early_stopping": {}, "split": {"validation": 0}},
        {"schedule": {"kind": "plateau"}, "split": {"validation": 0}},
        {"preprocess": [{"kind": "scale", "divide": 0.0}]},
        {"rate": 0.1},
    ],
)
def test_settings_that_make_no_sense_are_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        TrainConfig.model_validate(fields)


def test_a_share_and_a_number_of_examples_stay_apart() -> None:
    assert SplitConfig.model_validate_json('{"validation": 1}').validation == 1
    assert SplitConfig.model_validate_json('{"validation": 0.25}').validation == 0.25
    assert isinstance(SplitConfig.model_validate_json('{"validation": 1}').validation, int)


def test_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Scale().divide = 2.0
