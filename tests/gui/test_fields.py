"""The forms' shapes are those of the fields: what is written is read back, and validates."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from graphspec_gui.forms.beginning import begin
from graphspec_gui.forms.fields import (
    Either,
    Json,
    Part,
    Pick,
    Several,
    Shape,
    fields_of,
    kind_of,
    to_json,
)
from graphspec_gui.forms.spelling import one_line, read, step, words, write
from graphspec_gui.training.settings_form import FIRST, SECTIONS

from graphspec.layers.catalog import BY_KIND
from graphspec.recipe.config import TrainConfig
from graphspec.record import Record

LAYERS = list(BY_KIND.values())


def field(record: type[Record], name: str):
    return next(item for item in fields_of(record) if item.name == name)


def picks(shape: Shape) -> Iterator[Pick]:
    if isinstance(shape, Pick):
        yield shape
    for option in shape.options if isinstance(shape, Either) else ():
        yield from picks(option)
    if isinstance(shape, Several):
        yield from picks(shape.item)


def test_a_convolution_has_these_fields_in_this_order():
    conv = BY_KIND["conv2d"]
    names = [item.name for item in fields_of(conv)]
    assert names[:6] == ["id", "filters", "kernel", "stride", "pad", "dilation"]
    assert words(field(conv, "filters").shape) == "a whole number above 0"
    assert field(conv, "kernel").unit == "px"
    assert "vertical, horizontal" in words(field(conv, "pad").shape)
    assert "same" in words(field(conv, "pad").shape)


@pytest.mark.parametrize("layer", LAYERS, ids=kind_of)
def test_every_value_of_every_example_is_written_and_read_back(layer):
    for example in layer.examples():
        values = example.layer.model_dump(mode="json")
        for item in fields_of(layer):
            if one_line(item.shape):
                text = write(item.shape, values[item.name])
                assert read(item.shape, text) == values[item.name], (item.name, text)


@pytest.mark.parametrize("layer", LAYERS, ids=kind_of)
def test_every_field_has_help(layer):
    assert [item.name for item in fields_of(layer) if not item.doc] == []


def test_training_needs_raw_json_for_nothing_but_the_reader_options():
    raw = [item.name for item in fields_of(TrainConfig) if isinstance(item.shape, Json)]
    assert raw == ["data_options"]


@pytest.mark.parametrize("name", [item.name for item in fields_of(TrainConfig)])
def test_every_kind_that_training_offers_can_be_begun(name):
    for pick in picks(field(TrainConfig, name).shape):
        for kind, record in pick.kinds:
            made = record.model_validate(begin(record))
            assert made.kind == kind


def test_a_new_kind_keeps_the_values_that_it_has_too():
    update = next(picks(field(TrainConfig, "update").shape))
    adam = update.record("adam")
    assert begin(adam, {"kind": "sgd", "rate": 0.3})["rate"] == 0.3


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("pad", "2", 2),
        ("pad", "1, 2", [1, 2]),
        ("pad", "[1, 2, 3, 4]", [1, 2, 3, 4]),
        ("pad", "Same", "same"),
        ("kernel", "3×5", [3, 5]),
    ],
)
def test_a_union_takes_each_of_its_forms(name, text, value):
    assert read(field(BY_KIND["conv2d"], name).shape, text) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("filters", "0"),
        ("filters", "1.5"),
        ("filters", "1_0"),
        ("filters", ""),
        ("filters", "9" * 5000),
        ("kernel", "3, 3, 3"),
        ("pad", "-1"),
        ("pad", "most"),
    ],
)
def test_what_does_not_fit_is_refused_with_what_would(name, text):
    with pytest.raises(ValueError, match="This must be"):
        read(field(BY_KIND["conv2d"], name).shape, text)


@pytest.mark.parametrize("text", ["nan", "inf", "1e999", "0", "-0.1"])
def test_no_number_is_no_number_and_bounds_hold(text):
    clip = field(TrainConfig, "clip_norm").shape
    with pytest.raises(ValueError, match="a number above 0, or nothing"):
        read(clip, text)
    assert read(clip, "") is None
    assert read(clip, "5") == 5


@pytest.mark.parametrize(
    ("value", "up", "after"),
    [
        (3, True, 4),
        (0.01, True, 0.02),
        (0.01, False, 0.009),
        (0.1, False, 0.09),
        (2e-3, True, 3e-3),
    ],
)
def test_steps(value, up, after):
    assert step(value, up, whole=False, large=False) == after


def test_defaults_are_json():
    split = field(TrainConfig, "split")
    assert isinstance(split.shape, Part)
    assert split.default["validation"] == 0.1
    assert to_json((1, (2, 3))) == [1, [2, 3]]


def test_every_field_of_the_settings_stands_in_one_section():
    names = [*FIRST, *(name for section in SECTIONS.values() for name in section)]
    assert sorted(names) == sorted(TrainConfig.model_fields)
