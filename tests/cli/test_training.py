"""train, resume, evaluate, predict and runs: from a file to a trained network, and its history."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from graphspec.data import load_data
from graphspec.recipe.config import TrainConfig
from graphspec.train.rundir import find_run, list_runs


def events(answer) -> list[dict]:
    return [json.loads(line) for line in answer.out.splitlines()]


@pytest.fixture
def trained(graphspec, net):
    assert graphspec("train", net, "--run", "runs/first", "--quiet").code == 0
    return find_run("first")


def test_training_ends_by_saying_where_the_run_is_and_what_to_do_next(graphspec, net) -> None:
    answer = graphspec("train", net)
    assert answer.code == 0
    (run,) = list_runs()
    assert str(run.path) in answer.out
    assert answer.out.count("  graphspec ") == 3
    for line in answer.out.splitlines():
        # What it proposes must work when it is typed.
        if "  graphspec " in line:
            words = line.split("  graphspec ")[1].split()
            assert graphspec(*words).code == 0


def test_speed_is_told_in_images_where_there_are_any(graphspec, net) -> None:
    assert " examples/s" in graphspec("train", net).out
    assert " images/s" in graphspec("train", "tiny_convnet", "--epochs", "1").out


@pytest.mark.parametrize(
    ("words", "total"), [(["--epochs", "4"], 20), (["--steps", "8"], 8), ([], 6)]
)
def test_a_run_of_some_steps_goes_on_for_as_long_as_it_is_told(
    graphspec, net, words: list[str], total: int
) -> None:
    answer = graphspec("train", net, "--run", "run", "--steps", "6")
    assert "--steps 12" in answer.out
    assert graphspec("resume", "run", *words, "--quiet").code == 0
    assert find_run("run").last.step == total


def test_a_part_of_a_whole_number_is_refused_and_not_rounded(graphspec, net) -> None:
    for words in (["train", net], ["explain", net], ["resume", "latest"], ["predict", "a", "b"]):
        answer = graphspec(*words, "--threads", "1.5")
        assert answer.code == 2
        assert "--threads: it must be a whole number, such as 2, not 1.5." in answer.err
    assert "must be a whole number" in graphspec("train", net, "--epochs", "1.5").err
    assert "must be a whole number" in graphspec("inspect", "top", "latest", "conv1", "1.5").err
    assert list_runs() == []
    answer = graphspec("train", net, "--threads", "many")
    assert 'Invalid value for --threads: unable to convert "many" into int' in answer.err


def test_every_setting_is_an_option(graphspec) -> None:
    shown = graphspec("train", "--help").out
    for name in TrainConfig.model_fields:
        assert "--" + name.replace("_", "-") in shown


def test_settings_and_changes_reach_the_run(graphspec, net) -> None:
    words = ["--epochs", "1", "--batch", "7", "--update", "adam", "--rate", "0.02", "--seed", "5"]
    words += ["--set", "hidden.units=6", "--set", "training.split.validation=0.25", "--json"]
    answer = graphspec("train", net, "--run", "r", *words)
    assert answer.code == 0
    run = find_run("r")
    assert run.spec.by_id["hidden"].units == 6
    config = run.config
    assert (config.epochs, config.batch, config.seed) == (1, 7, 5)
    assert (config.update.kind, config.update.rate) == ("adam", 0.02)
    assert config.split.validation == 0.25
    first, *_, last = events(answer)
    assert (first["type"], last["type"]) == ("started", "finished")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--batch", "0"], 1, "batch"),
        (["--epochs", "many"], 1, "epochs"),
        (["--set", "hiden.units=3"], 1, "hidden"),
        (["--set", "hidden.unit=3"], 1, "units"),
        (["--set", "hidden.units"], 1, "="),
        (["--data", "digitz"], 4, "digits"),
        (["--data", "digits"], 4, "8"),
        (["--engine", "abacus"], 2, "numpy"),
        (["--update", "adamm"], 1, "adam"),
    ],
)
def test_bad_settings_are_told_with_their_place(graphspec, net, words, code, said) -> None:
    answer = graphspec("train", net, *words)
    assert answer.code == code, answer
    assert said in answer.err
    assert "Traceback" not in answer.err


def test_nan_stops_with_its_layer_and_exit_code_3(graphspec, net) -> None:
    with np.errstate(all="ignore"):
        answer = graphspec("train", net, "--rate", "1e30", "--run", "bad")
    assert answer.code == 3
    assert "not finite" in answer.err
    assert find_run("bad").status == "failed"


def test_resume_trains_on(graphspec, trained) -> None:
    answer = graphspec("resume", "first", "--epochs", "5", "--json")
    assert answer.code == 0
    first, *_, last = events(answer)
    assert first["resumed"]
    assert first["exact"]
    assert (last["type"], last["epoch"]) == ("finished", 5.0)


def test_evaluate_agrees_with_the_run(graphspec, trained) -> None:
    measured = graphspec("evaluate", "first", "--checkpoint", "latest", "--json").json
    assert measured["examples"] == 12
    assert measured["loss"] == pytest.approx(trained.metrics.loss, rel=1e-6)
    assert measured["accuracy"] == trained.metrics.accuracy
    assert "accuracy" in graphspec("evaluate", "latest").out


def test_evaluate_takes_a_file_and_weights(graphspec, net, trained) -> None:
    weights = trained.checkpoint_path(trained.latest)
    answer = graphspec("evaluate", net, "--weights", weights, "--json")
    assert answer.json["loss"] == pytest.approx(trained.metrics.loss, rel=1e-6)


def test_a_split_that_is_not_there_is_an_error_in_the_data(graphspec, trained) -> None:
    answer = graphspec("evaluate", "first", "--split", "test")
    assert answer.code == 4
    assert "test" in answer.err


@pytest.mark.parametrize("words", [["--data", "digitz"], ["--data", "digits"], ["--epochs", "0"]])
def test_a_mistake_leaves_no_run_behind(graphspec, net, words: list[str]) -> None:
    assert graphspec("train", net, *words).code != 0
    assert list_runs() == []


def test_a_run_shows_each_penalty(graphspec, net) -> None:
    rules = 'training.penalties=[{"kind": "l2", "strength": 0.01}, {"kind": "l1", "strength": 0.1}]'
    assert graphspec("train", net, "--run", "held", "--set", rules, "--quiet").code == 0
    last = graphspec("runs", "show", "held", "--json").json["evaluations"][-1]["penalties"]
    assert f"l2 {last['l2']:.4g}, l1 {last['l1']:.4g}" in graphspec("runs", "show", "held").out


def test_predict_names_the_classes(graphspec, here, trained) -> None:
    np.save(here / "x.npy", np.array([[1.2, 1.8], [-1.2, -1.8]], np.float32))
    answer = graphspec("predict", "first", "x.npy", "--json")
    assert [row["class"] for row in answer.json] == ["near", "far"]
    for row in answer.json:
        assert sum(row["probabilities"].values()) == pytest.approx(1, abs=1e-6)
    assert "near" in graphspec("predict", "first", "x.npy").out
    assert "near" not in graphspec("predict", "first", "x.npy", "--top", "0").out


def test_predict_reads_pictures_in_the_range_of_the_data(graphspec, here) -> None:
    assert graphspec("train", "tiny_convnet", "--epochs", "2", "--run", "run", "--quiet").code == 0
    digits = load_data("digits").x[:12]
    assert digits.max() == 16
    np.save(here / "x.npy", digits)
    pictures = [f"{i}.png" for i in range(len(digits))]
    for name, pixels in zip(pictures, digits[:, 0], strict=True):
        Image.fromarray(np.rint(pixels * (255 / 16)).astype(np.uint8)).save(here / name)
    arrays = graphspec("predict", "run", "x.npy", "--json").json
    images = graphspec("predict", "run", *pictures, "--json").json
    for a, b in zip(arrays, images, strict=True):
        assert b["probabilities"] == pytest.approx(a["probabilities"], abs=0.02)


def test_predict_explains_pictures_for_values_below_zero(graphspec, here) -> None:
    x = np.random.default_rng(0).normal(size=(40, 1, 4, 4)).astype(np.float32)
    np.savez(here / "data.npz", x=x, y=np.arange(40) % 2)
    pattern = graphspec("new", "INPUT -> FC", "--input", "1,4,4", "--classes", "2", "-o", "n.json")
    assert pattern.code == 0
    train = graphspec("train", "n.json", "--data", "data.npz", "--run", "run", "--epochs", "1")
    assert train.code == 0
    Image.new("L", (4, 4)).save(here / "a.png")
    answer = graphspec("predict", "run", "a.png")
    assert answer.code == 4
    assert ".npy" in answer.err


def test_predict_takes_the_output_of_a_softmax_as_it_is(graphspec, here, trained, net) -> None:
    text = json.loads(Path(net).read_text())
    text["layers"].insert(3, {"id": "chances", "kind": "softmax", "inputs": ["scores"]})
    text["outputs"] = ["chances"]
    (here / "chances.json").write_text(json.dumps(text))
    assert graphspec("train", "chances.json", "--run", "second", "--quiet").code == 0
    np.save(here / "x.npy", np.array([[1.2, 1.8], [-1.2, -1.8]], np.float32))
    rows = [graphspec("predict", run, "x.npy", "--json").json for run in ("first", "second")]
    for a, b in zip(*rows, strict=True):
        assert b["probabilities"] == pytest.approx(a["probabilities"], abs=1e-6)


def test_E02_predict_gives_both_classes_of_a_single_score(graphspec, here, net) -> None:
    text = json.loads(net.read_text())
    text["layers"][2]["units"] = 1
    text["layers"][3] = {"id": "loss", "kind": "logistic_loss", "inputs": ["scores", "label"]}
    net.write_text(json.dumps(text))
    words = ("--epochs", "30", "--run", "one", "--quiet")
    assert graphspec("train", net, *words).code == 0
    np.save(here / "x.npy", np.array([[1.2, 1.8], [-1.2, -1.8]], np.float32))
    rows = graphspec("predict", "one", "x.npy", "--json").json
    assert [row["class"] for row in rows] == ["near", "far"]
    for row in rows:
        assert sum(row["probabilities"].values()) == pytest.approx(1)
        assert row["probabilities"][row["class"]] > 0.5


def test_predict_shows_numbers_of_a_network_that_was_trained_on_numbers(graphspec, here) -> None:
    (here / "line.csv").write_text("x,y\n" + "".join(f"{i / 40},{i / 20}\n" for i in range(40)))
    document = {
        "format": "graphspec/1",
        "inputs": {"x": {"shape": [1]}, "y": {"shape": [1]}},
        "layers": [
            {"id": "line", "kind": "linear", "units": 1, "inputs": ["x"]},
            {"id": "loss", "kind": "l2_loss", "inputs": ["line", "y"]},
        ],
        "outputs": ["line"],
        "training": {
            "data": "line.csv",
            "data_options": {"label": "y", "target": "number"},
            "epochs": 300,
            "update": {"kind": "sgd", "rate": 0.1},
        },
    }
    (here / "line.json").write_text(json.dumps(document))
    assert graphspec("train", "line.json", "--run", "run", "--quiet").code == 0
    np.save(here / "x.npy", np.array([[0.25], [0.5]], np.float32))
    values = [row["values"] for row in graphspec("predict", "run", "x.npy", "--json").json]
    assert values == [[pytest.approx(0.5, abs=0.05)], [pytest.approx(1, abs=0.05)]]
    assert "x.npy[1]" in graphspec("predict", "run", "x.npy").out


def test_predict_refuses_examples_of_another_shape(graphspec, here, trained) -> None:
    np.save(here / "x.npy", np.zeros((2, 3), np.float32))
    answer = graphspec("predict", "first", "x.npy")
    assert answer.code == 4
    assert "2" in answer.err


def test_runs_are_listed_shown_renamed_compared_and_deleted(graphspec, net) -> None:
    assert graphspec("train", net, "--quiet").code == 0
    assert graphspec("train", net, "--quiet", "--rate", "0.05", "--epochs", "2").code == 0
    newest, oldest = (row["name"] for row in graphspec("runs", "list", "--json").json)
    assert graphspec("runs", "rename", newest, "slow").code == 0
    assert "slow" in graphspec("runs", "list").out
    shown = graphspec("runs", "show", "slow", "--json").json
    assert shown["status"] == "finished"
    assert shown["settings"]["update"]["rate"] == 0.05
    assert len(shown["evaluations"]) == 2
    assert "train loss" in graphspec("runs", "show", "slow").out
    differences = graphspec("runs", "diff", oldest, "slow", "--json").json["differences"]
    assert differences["training.update.rate"] == [0.1, 0.05]
    assert differences["training.epochs"] == [3, 2]
    assert set(differences) == {"training.update.rate", "training.epochs"}
    assert graphspec("runs", "delete", "slow").code == 2
    assert len(list_runs()) == 2
    assert graphspec("runs", "delete", "slow", "--yes").code == 0
    assert [run.name for run in list_runs()] == [oldest]


def test_no_runs_is_said_with_what_to_do(graphspec) -> None:
    assert "graphspec train" in graphspec("runs", "list").out
    assert graphspec("runs", "list", "--json").json == []
    assert graphspec("runs", "show", "nothing").code == 3


def test_export_tensorboard_says_where(graphspec, trained) -> None:
    answer = graphspec("runs", "export-tensorboard", "first", "--folder", "tb")
    assert answer.code == 0
    assert list(Path("tb").rglob("events.out.tfevents.*"))


def test_a_run_cannot_end_before_where_it_is(graphspec, trained) -> None:
    before = trained.config
    answer = graphspec("resume", "first", "--epochs", "1")
    assert answer.code == 3
    assert "15 steps (3 epochs) already" in answer.err
    assert trained.config == before


def test_a_network_without_weights_is_told_from_a_run(graphspec, net) -> None:
    for name in ("tiny_convnet", net):
        answer = graphspec("evaluate", name)
        assert answer.code == 3
        assert "--weights" in answer.err


def test_what_a_script_does_to_runs_it_reads_as_json(graphspec, trained) -> None:
    assert graphspec("runs", "rename", "first", "second", "--json").json["name"] == "second"
    written = graphspec("runs", "export-tensorboard", "second", "--json").json
    assert list(Path(written["logdir"]).rglob("events.out.tfevents.*"))
    assert graphspec("runs", "delete", "second", "--json").code == 2
    deleted = graphspec("runs", "delete", "second", "--yes", "--json").json["deleted"]
    assert [Path(path).name for path in deleted] == ["second"]


def test_words_are_trained_on_and_predicted(graphspec, here) -> None:
    """Whole numbers are examples where no input takes measured ones."""
    x = np.random.default_rng(0).integers(0, 7, (80, 4))
    y = (x == 3).any(axis=1).astype(np.int64)
    np.savez(here / "words.npz", x=x, y=y)
    fields = {
        "name": "words",
        "inputs": {"label": {"classes": 2}, "x": {"shape": [4], "classes": 7}},
        "layers": [
            {"id": "vectors", "kind": "embedding", "units": 4, "inputs": ["x"]},
            {"id": "largest", "kind": "reduce_max", "axes": [0]},
            {"id": "scores", "kind": "linear", "units": 2},
            {"id": "loss", "kind": "softmax_loss", "inputs": ["scores", "label"]},
        ],
        "outputs": ["scores"],
    }
    (here / "net.json").write_text(json.dumps({"format": "graphspec/1", **fields}))
    update = '{"kind": "adam", "rate": 0.05}'
    words = ("--epochs", "40", "--batch", "16", "--update", update)
    assert graphspec("check", "net.json").code == 0
    assert graphspec("train", "net.json", *words, "--data", "words.npz", "--run", "run").code == 0
    assert graphspec("evaluate", "run", "--json").json["accuracy"] == 1
    np.save(here / "new.npy", [[0, 3, 1, 2], [0, 1, 2, 4]])
    rows = graphspec("predict", "run", "new.npy", "--json").json
    assert [row["class"] for row in rows] == ["1", "0"]
    assert graphspec("inspect", "activations", "run", "--json").code == 0
    np.save(here / "half.npy", [[0, 3, 1, 2.5]])
    assert "whole numbers" in graphspec("predict", "run", "half.npy").err
    np.savez(here / "more.npz", x=x + 1, y=y)
    for option, said in (
        (("more.npz",), "from 0 to 6, and the examples of 'more' have 7"),
        (("words.npz", "--preprocess", '[{"kind": "mean"}]'), "Leave preprocess out"),
    ):
        answer = graphspec("train", "net.json", "--run", "other", "--data", *option)
        assert answer.code == 4
        assert said in answer.err


def test_numbers_that_are_none_are_not_predicted_from(graphspec, here, trained) -> None:
    np.save(here / "nan.npy", np.array([[1.0, 2.0], [np.nan, 1.0]], np.float32))
    np.save(here / "large.npy", np.array([[3e38, 3e38]], np.float32))
    answer = graphspec("predict", "first", "nan.npy", "--json")
    assert answer.code == 4
    assert "x[1, 0] is nan" in answer.err
    answer = graphspec("predict", "first", "large.npy", "--json")
    assert answer.code == 3
    assert "'scores' is not finite" in answer.err


def test_without_held_out_examples_the_last_loss_is_told(graphspec, net) -> None:
    answer = graphspec("train", net, "--run", "r", "--split", '{"validation": 0}')
    assert answer.code == 0
    step = [line for line in events_of("r") if line["type"] == "step"][-1]
    assert f"Loss of the last batch: {step['loss']:.4f}" in answer.out


def events_of(name: str) -> list[dict]:
    lines = (find_run(name).path / "events.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]
