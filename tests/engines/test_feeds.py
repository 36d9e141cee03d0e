from __future__ import annotations

import numpy as np
import pytest

from graphspec.engines.feeds import read_feeds, soft_labels
from graphspec.errors import FeedError
from graphspec.graph import GraphSpec
from graphspec.plan import compile_graph
from graphspec.tensor import TensorSpec

IMAGE, GREY, LABEL = TensorSpec((3, 4, 5)), TensorSpec((1, 4, 4)), TensorSpec((), "int", 10)
NEEDED = {"image": IMAGE, "label": LABEL}
FLOAT32 = np.dtype("float32")


def read(needed: dict[str, TensorSpec], **feeds: object) -> dict[str, np.ndarray]:
    return read_feeds(feeds, needed, [*NEEDED, "grey", "target"], FLOAT32)  # type: ignore[arg-type]


def test_types_become_the_engines() -> None:
    images = np.arange(120, dtype=np.uint8).reshape(2, 3, 4, 5)
    arrays = read(NEEDED, image=images, label=np.array([0, 9], np.uint8))
    assert arrays["image"].dtype == np.float32
    assert arrays["image"].max() == 119  # converted, not scaled
    assert arrays["label"].dtype == np.intp


def test_what_has_the_type_already_is_not_copied() -> None:
    images, labels = np.zeros((2, 3, 4, 5), np.float32), np.zeros(2, np.intp)
    arrays = read(NEEDED, image=images, label=labels)
    assert arrays["image"] is images
    assert arrays["label"] is labels


def test_inputs_that_are_not_needed_may_be_left_out_or_given() -> None:
    grey = np.zeros((2, 1, 4, 4))
    assert list(read({"grey": GREY}, grey=grey)) == ["grey"]
    assert list(read({"grey": GREY}, grey=grey, label="not even looked at")) == ["grey"]


@pytest.mark.parametrize(
    ("feeds", "message"),
    [
        ({}, r"input 'image' \(3×4×5\) is missing"),
        ({"imge": 0}, r"no input 'imge'. Did you mean 'image'"),
        ({"image": np.zeros((0, 3, 4, 5))}, "empty batch"),
        ({"image": np.zeros((3, 4, 5))}, r"batch axis is missing.*image\[None\]"),
        ({"image": np.zeros((2, 4, 5, 3))}, r"channels come last.*transpose\(0, 3, 1, 2\)"),
        ({"image": np.zeros((2, 60))}, r"flat.*reshape\(-1, 3, 4, 5\)"),
        (
            {"image": np.zeros((2, 3, 9, 9))},
            r"\(batch, 3, 4, 5\), but the array has \(2, 3, 9, 9\)$",
        ),
        ({"image": np.zeros((2, 3, 4, 5), complex)}, "real numbers"),
        ({"image": np.full((2, 3, 4, 5), "a")}, "real numbers"),
        ({"image": 1.0}, r"the array has \(\)"),
        ({"image": np.zeros((2, 3, 4, 5)), "label": np.zeros(3, int)}, "image: 2, label: 3"),
        ({"image": np.zeros((2, 3, 4, 5)), "label": np.zeros(2)}, "whole numbers.*float64"),
        (
            {"image": np.zeros((2, 3, 4, 5)), "label": np.array([0, 10])},
            r"label\[1\] is 10.*0 to 9",
        ),
        ({"image": np.zeros((2, 3, 4, 5)), "label": np.array([-1, 1])}, r"label\[0\] is -1"),
        ({"image": np.zeros((2, 3, 4, 5)), "label": np.eye(10, dtype=int)[:2]}, "one-hot"),
    ],
)
def test_refused(feeds: dict[str, object], message: str) -> None:
    with pytest.raises(FeedError, match=message):
        read(NEEDED, **feeds)


def test_a_missing_channel_axis_is_explained() -> None:
    with pytest.raises(FeedError, match=r"channel axis is missing.*grey\[:, None\]"):
        read({"grey": GREY}, grey=np.zeros((2, 4, 4)))


def test_a_column_for_a_scalar_is_explained() -> None:
    with pytest.raises(FeedError, match=r"feed target\[:, 0\]"):
        read({"target": TensorSpec(())}, target=np.zeros((2, 1)))


def test_labels_of_a_map_are_placed() -> None:
    labels = np.zeros((2, 3, 3), int)
    labels[1, 2, 0] = 7
    with pytest.raises(FeedError, match=r"target\[\(1, 2, 0\)\] is 7, but the classes are 0 to 4"):
        read({"target": TensorSpec((3, 3), "int", 5)}, target=labels)


def test_class_probabilities_stand_in_for_labels_where_all_that_read_them_can() -> None:
    shares = np.full((2, 10), 0.1)
    soft = read_feeds({"label": shares}, {"label": LABEL}, [], FLOAT32, ["label"])["label"]
    assert soft.dtype == np.float32
    np.testing.assert_allclose(soft, 0.1, rtol=1e-6)
    whole = np.array([1, 2])
    assert read_feeds({"label": whole}, {"label": LABEL}, [], FLOAT32, ["label"])[
        "label"
    ].tolist() == [1, 2]
    with pytest.raises(FeedError, match="argmax"):
        read({"label": LABEL}, label=shares)


@pytest.mark.parametrize("wrong", [-0.1, 0.3, np.nan])
def test_class_probabilities_that_are_none_are_refused(wrong: float) -> None:
    shares = np.full((3, 10), 0.1)
    shares[1, 4] = wrong
    with pytest.raises(FeedError, match=r"label\[1\] is no distribution"):
        read_feeds({"label": shares}, {"label": LABEL}, [], FLOAT32, ["label"])


def test_a_label_that_a_hinge_loss_reads_too_stays_whole() -> None:
    layers = [
        {"kind": "linear", "id": "scores", "units": 3, "inputs": ["x"]},
        {"kind": "softmax_loss", "id": "loss", "inputs": ["scores", "label"]},
    ]
    hinge = {"kind": "hinge_loss", "id": "hinge", "inputs": ["scores", "label"]}
    inputs = {"x": {"shape": [2]}, "label": {"classes": 3}}
    for chain, soft in ((layers, {"label"}), ([*layers, hinge], set())):
        spec = GraphSpec.model_validate({"inputs": inputs, "layers": chain, "outputs": ["scores"]})
        assert soft_labels(compile_graph(spec)) == soft
