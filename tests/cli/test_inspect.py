from __future__ import annotations

import json

import numpy as np
import pytest

from graphspec import api, document, edit
from graphspec.errors import NonFiniteError
from graphspec.evaluation import evaluate_classes
from graphspec.inspect.doctor import CHECKS

LAYERS = ["conv", "act", "pool", "scores"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("inspect")
    document = {
        "format": "graphspec/1",
        "name": "small",
        "inputs": {"image": {"shape": [1, 8, 8]}, "label": {"classes": 10}},
        "layers": [
            {"id": "conv", "kind": "conv2d", "filters": 4, "kernel": 3, "pad": 1},
            {"id": "act", "kind": "relu"},
            {"id": "pool", "kind": "max_pool2d", "kernel": 2},
            {"id": "scores", "kind": "linear", "units": 10},
            {"id": "loss", "kind": "softmax_loss"},
        ],
        "training": {
            "data": "digits",
            "epochs": 2,
            "preprocess": [{"kind": "scale", "divide": 16.0}],
            "update": {"kind": "adam", "rate": 0.01},
        },
    }
    (folder / "small.json").write_text(json.dumps(document))
    return str(api.fit(folder / "small.json", run=folder / "run").path)


def test_R01_activity_of_all_layers(graphspec, run, here) -> None:
    found = graphspec("inspect", "activations", run, "--examples", "50", "--json").json
    assert list(found) == LAYERS
    assert found["act"]["units"] == 4
    assert found["act"]["share_of_zeros"] > 0
    answer = graphspec("inspect", "activations", run, "-o", "a.svg")
    assert answer.code == 0
    assert "act" in answer.out
    assert (here / "a.svg").read_text().startswith("<?xml")


def test_R01_maps_of_one_example_are_the_networks_own(graphspec, run, here) -> None:
    assert graphspec("inspect", "activations", run, "act", "-o", "a.npz", "-o", "a.png").code == 0
    x = _validation(run)[:1]
    expected = api.predict(run, x, outputs=["act"])["act"][0]
    np.testing.assert_array_equal(np.load(here / "a.npz")["images"], expected)


def test_R02_weights_of_the_first_layer(graphspec, run, here) -> None:
    answer = graphspec("inspect", "weights", run, "-o", "w.npz", "-o", "w.png")
    assert answer.code == 0
    assert "4 filters" in answer.out
    expected = api.load_weights(run)["conv.weight"][:, 0]
    np.testing.assert_array_equal(np.load(here / "w.npz")["images"], expected)
    assert graphspec("inspect", "weights", run, "conv", "--channel", "1").code == 4


def test_weights_of_a_layer_that_reads_a_vector_are_a_matrix(graphspec, here) -> None:
    words = ("inspect", "weights", "spiral_net")
    answer = graphspec(*words, "scores", "-o", "w.npz", "-o", "w.png")
    assert answer.code == 0
    assert "3 units that read 100 numbers; norms" in answer.out
    with np.load(here / "w.npz") as found:
        assert found["matrix"].shape == (3, 100)
        np.testing.assert_allclose(found["norms"], np.linalg.norm(found["matrix"], axis=1))
    first = graphspec(*words, "--json").json
    assert np.shape(first["matrix"]) == (100, 2)
    assert first["noise"] is None
    assert "reads no channels" in graphspec(*words, "--channel", "1").err


def test_R03_images_that_a_unit_answers_to_most(graphspec, run, here) -> None:
    found = graphspec("inspect", "top", run, "conv", "2", "--count", "3", "--json").json
    maps = api.predict(run, _validation(run), outputs=["conv"])["conv"][:, 2].max(axis=(1, 2))
    assert found["examples"] == np.argsort(-maps, kind="stable")[:3].tolist()
    assert graphspec("inspect", "top", run, "conv", "2").code == 0
    assert (here / "top.png").stat().st_size > 1000
    assert "4 units" in graphspec("inspect", "top", run, "conv", "9").err


def test_R04_codes_in_the_plane(graphspec, run, here) -> None:
    pytest.importorskip("sklearn")
    words = ("inspect", "codes", run, "pool", "--examples", "60", "--perplexity", "10")
    assert graphspec(*words, "-o", "c.npz", "-o", "c.png").code == 0
    assert np.load(here / "c.npz")["points"].shape == (60, 2)


def test_R05_occlusion_of_a_validation_image_and_of_ones_own(graphspec, run, here) -> None:
    words = ("inspect", "occlusion", run, "--size", "3", "--stride", "2")
    found = graphspec(*words, "--classes", "3,7", "--json").json
    assert np.shape(found["covered"]) == (2, 3, 3)
    assert found["classes"] == ["3", "7"]
    np.save(here / "mine.npy", _validation(run)[0])
    answer = graphspec(*words, "--image", "mine.npy", "--classes", "3,7", "-o", "o.json")
    assert answer.code == 0
    assert json.loads((here / "o.json").read_text()) == found
    assert graphspec(*words, "--log-odds", "-o", "o.png").code == 0
    assert "no class 'cat'" in graphspec(*words, "--classes", "cat").err


def test_one_units_sum_is_told_with_its_numbers(graphspec, run, here) -> None:
    words = ("inspect", "unit", run, "conv", "1", "--at", "2,3")
    found = graphspec(*words, "--json").json
    total = np.sum(found["products"]) + found["bias"]
    assert total == pytest.approx(found["activation"], rel=1e-5)
    assert f"= {found['activation']:.6g}" in graphspec(*words).out
    assert graphspec(*words, "-o", "u.npz", "-o", "u.png").code == 0
    with np.load(here / "u.npz") as parts:
        total = (parts["patch"] * parts["weight"]).sum() + parts["bias"]
        np.testing.assert_allclose(parts["activation"], total, rtol=1e-5)
    assert (here / "u.png").read_bytes().startswith(b"\x89PNG")
    assert graphspec("inspect", "unit", run, "scores", "3", "-o", "v.svg").code == 0
    assert graphspec("inspect", "unit", run, "conv", "1", "--at", "x").code == 2


def test_an_example_that_is_not_there_is_refused(graphspec, run) -> None:
    answer = graphspec("inspect", "occlusion", run, "--example", "9999")
    assert answer.code == 4
    assert "no number 9999" in answer.err


def _validation(run: str) -> np.ndarray:
    _, data = api.open_trained(run)
    return data.parts["validation"][0]


def test_the_data_is_shown_as_training_sees_it(graphspec, run, here) -> None:
    assert graphspec("inspect", "data", run, "--count", "3", "-o", "d.npz", "-o", "d.png").code == 0
    with np.load(here / "d.npz") as found:
        np.testing.assert_allclose(found["preprocessed"], found["raw"] / 16, rtol=1e-6)
        assert found["raw"].shape == (3, 1, 8, 8)
    counts = graphspec("inspect", "data", run, "--json").json["counts"]["train"]
    assert list(counts) == list("0123456789")
    assert min(counts.values()) > 50


def test_histograms_of_each_checkpoint(graphspec, run, here) -> None:
    found = graphspec("inspect", "history", run, "conv", "--count", "20", "--json").json
    assert set(found) == {"values", "gradients", "weights"}
    assert list(found["weights"]) == list(found["values"])
    assert all(sum(item["counts"]) == 36 for item in found["weights"].values())
    assert all(sum(item["counts"]) == 20 * 4 * 64 for item in found["values"].values())
    assert graphspec("inspect", "history", run, "conv", "-o", "h.svg").code == 0
    assert (here / "h.svg").read_text().startswith("<?xml")


def test_what_is_most_wrong(graphspec, run, here) -> None:
    answer = graphspec("inspect", "mistakes", run, "--count", "4", "-o", "m.npz", "-o", "m.png")
    assert answer.code == 0
    with np.load(here / "m.npz") as found:
        assert found["images"].shape == (4, 8, 8)
    assert answer.out.count(": ") >= 4


def test_what_is_taken_for_what(graphspec, run, here) -> None:
    words = ("-o", "c.npz", "-o", "c.json", "-o", "c.png")
    answer = graphspec("inspect", "confusion", run, *words)
    assert answer.code == 0
    expected = evaluate_classes(run).report.confusion
    with np.load(here / "c.npz") as found:
        np.testing.assert_array_equal(found["counts"], expected)
        right = np.trace(expected) / expected.sum()
    assert json.loads((here / "c.json").read_text())["counts"] == np.asarray(expected).tolist()
    assert (here / "c.png").read_bytes().startswith(b"\x89PNG")
    assert f"{right:.1%} of {expected.sum()} validation examples are right" in answer.out
    most = (np.asarray(expected) - np.diag(np.diag(expected))).max()
    assert f": {most} of " in answer.out


@pytest.mark.parametrize(
    ("what", "instead"), [("confusion", "--report"), ("mistakes", "--predictions FILE")]
)
def test_the_test_split_is_left_to_what_counts_its_uses(graphspec, run, what, instead) -> None:
    answer = graphspec("inspect", what, run, "--split", "test")
    assert answer.code == 2
    assert f"evaluate --split test {instead}" in " ".join(answer.err.split())


def test_several_examples_are_looked_at_together(graphspec, run, here) -> None:
    words = ("inspect", "activations", run, "act", "--example", "2", "--example", "0")
    assert graphspec(*words, "-o", "a.npz", "-o", "a.png").code == 0
    expected = api.predict(run, _validation(run)[:3], outputs=["act"])["act"]
    with np.load(here / "a.npz") as found:
        np.testing.assert_allclose(found["0.images"], expected[2], rtol=1e-6)
        np.testing.assert_allclose(found["1.images"], expected[0], rtol=1e-6)
        assert str(found["0.example"]).startswith("validation example 2")
    np.save(here / "two.npy", _validation(run)[:2])
    words = ("inspect", "occlusion", run, "--size", "3", "--stride", "2", "--classes", "3")
    answer = graphspec(*words, "--image", "two.npy", "-o", "o.json", "-o", "o.png")
    assert answer.code == 0
    assert "two.npy[1]" in answer.out
    found = json.loads((here / "o.json").read_text())
    assert [item["example"] for item in found.values()] == ["two.npy[0]", "two.npy[1]"]
    single = graphspec(*words, "--example", "1", "--json").json
    assert found["1"]["covered"] == single["covered"]


def test_covered_pixels_take_any_value(graphspec, run) -> None:
    words = ("inspect", "occlusion", run, "--size", "3", "--stride", "2", "--json")
    black, white = (graphspec(*words, "--fill", value).json for value in ("0", "16"))
    assert black["covered"] != white["covered"]
    answer = graphspec(*words, "--fill", "1,2")
    assert answer.code == 4
    assert "give one number" in answer.err


def test_the_doctor_tells_each_check_with_its_numbers(graphspec, run, here) -> None:
    found = graphspec("inspect", "doctor", run, "--json").json
    assert [finding["check"] for finding in found] == list(CHECKS)
    assert {finding["verdict"] for finding in found} <= {"good", "bad", "unknown"}
    answer = graphspec("inspect", "doctor", run, "--quick")
    assert answer.code == 0
    first = next(finding for finding in found if finding["check"] == "first loss")
    assert "at chance ln 10 = 2.303" in first["measured"]
    assert first["measured"] in " ".join(answer.out.split())
    assert "it was not tried" in answer.out
    assert "small: " in answer.out


def test_the_doctor_examines_a_run_that_broke_before_it_saved(graphspec, here, net) -> None:
    spec = edit.set_value(document.load(net), "training.update.rate", 1e30)
    with np.errstate(all="ignore"), pytest.raises(NonFiniteError) as raised:
        api.fit(spec, run=here / "broken")
    found = graphspec("inspect", "doctor", here / "broken", "--json").json
    (finding,) = (item for item in found if item["check"] == "not a number")
    assert (finding["verdict"], finding["layers"]) == ("bad", [raised.value.node])
    assert graphspec("inspect", "activations", here / "broken").code != 0
    told = graphspec("inspect", "doctor", net).out
    assert "nothing has been trained" in told
