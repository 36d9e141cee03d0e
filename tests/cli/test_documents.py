"""check, summary, new, schema, version: the commands that read and write documents."""

from __future__ import annotations

import json

import pytest

from graphspec import __version__, document
from graphspec.check import find_problems
from graphspec.layers.dropout import Dropout
from graphspec.recipe.penalties.l2 import L2


def edit(path, change) -> None:
    text = json.loads(path.read_text())
    change(text)
    path.write_text(json.dumps(text))


def test_check_is_silent_about_a_clean_file(graphspec, net) -> None:
    answer = graphspec("check", net)
    assert (answer.code, answer.out) == (0, "net.json: no problems\n")


def test_check_takes_the_name_of_a_shipped_model(graphspec) -> None:
    assert graphspec("check", "lenet5").code == 0


def test_check_shows_every_problem_with_its_arithmetic_and_fixes(graphspec, net) -> None:
    edit(net, lambda text: text.update(outputs=["score"]))
    edit(net, lambda text: text["layers"][1].update(inputs=["hiden"]))
    answer = graphspec("check", net, "--json")
    assert answer.code == 1
    assert not answer.json["ok"]
    codes = {problem["code"] for problem in answer.json["problems"]}
    assert codes >= {"unknown-input", "unknown-output"}
    lines = net.read_text().splitlines()
    for problem in answer.json["problems"]:
        assert 1 <= problem["line"] <= len(lines)
    (unknown,) = (p for p in answer.json["problems"] if p["code"] == "unknown-input")
    assert lines[unknown["line"] - 1][unknown["column"] - 1 :].startswith('"hiden"')
    assert any("hidden" in fix for problem in answer.json["problems"] for fix in problem["fixes"])
    shown = graphspec("check", net)
    assert shown.code == 1
    assert "fix: " in shown.out
    assert "layers[1]" in shown.out


def test_check_fixes_what_it_can_and_saves(graphspec, net) -> None:
    edit(net, lambda text: text["layers"][2].update(units=3))
    assert graphspec("check", net).code == 1
    answer = graphspec("check", net, "--fix")
    assert answer.code == 0
    assert "fixed: " in answer.out
    assert find_problems(document.load(net)) == ()
    assert document.load(net).by_id["scores"].units == 2


def test_fixing_goes_on_when_a_fix_uncovers_the_next_problem(graphspec, here) -> None:
    broken = {
        "format": "graphspec/1",
        "inputs": {"image": {"shape": [1, 28, 28]}, "label": {"classes": 10}},
        "layers": [
            {"id": "conv", "kind": "conv2d", "filters": 4, "kernel": 5, "stride": 2},
            {"id": "scores", "kind": "linear", "units": 12},
            {"id": "loss", "kind": "softmax_loss"},
        ],
    }
    (here / "two.json").write_text(json.dumps(broken))
    assert graphspec("check", "two.json").code == 1
    answer = graphspec("check", "two.json", "--fix")
    assert answer.code == 0
    assert answer.out.count("fixed: ") == 2


@pytest.mark.parametrize("text", ["{", "", "[1, 2", '{"a": 1,}', "\xff"])
def test_what_is_no_json_is_unreadable(graphspec, here, text) -> None:
    (here / "bad.json").write_bytes(text.encode("latin-1"))
    assert graphspec("check", "bad.json").code == 2
    assert graphspec("summary", "bad.json").code == 2


def test_a_missing_file_is_unreadable_and_a_near_model_is_named(graphspec) -> None:
    answer = graphspec("check", "lenet")
    assert answer.code == 2
    assert "lenet5" in answer.err


def test_summary_has_the_published_total(graphspec) -> None:
    assert graphspec("summary", "lenet5", "--json").json["totals"]["params"] == 61_706
    assert "61,706" in graphspec("summary", "lenet5").out


@pytest.mark.parametrize(
    ("model", "chance"),
    [("lenet5", 2.302585), ("spiral_net", 1.098612), ("linear_svm", 9.0)],
)
def test_K01_summary_tells_the_loss_at_chance(graphspec, model: str, chance: float) -> None:
    layers = graphspec("summary", model, "--json").json["layers"]
    told = {row["id"]: row["chance_loss"] for row in layers if row["chance_loss"] is not None}
    assert told == {"loss": pytest.approx(chance, abs=1e-6)}
    assert f"loss at chance, with all scores zero: {chance:.6g}" in graphspec("summary", model).out


def test_new_writes_what_check_accepts_and_never_overwrites_unasked(graphspec, here) -> None:
    pattern = "INPUT -> [[CONV -> RELU]*2 -> POOL]*3 -> [FC -> RELU]*1 -> FC"
    words = ("new", pattern, "--input", "3,32,32", "--classes", "10", "-o", "made.json")
    assert graphspec(*words).code == 0
    assert graphspec("check", "made.json").code == 0
    before = (here / "made.json").read_bytes()
    assert graphspec(*words).code == 2
    assert (here / "made.json").read_bytes() == before
    assert graphspec(*words, "--force").code == 0
    printed = graphspec("new", pattern)
    assert (
        document.loads(printed.out).by_id.keys() == document.load(here / "made.json").by_id.keys()
    )


def test_H09_the_template_has_one_l2_and_dropout_of_half(graphspec, here) -> None:
    assert "regularised_net" in graphspec("new", "--list").out
    answer = graphspec("new", "--template", "regularised_net", "-o", "mine.json")
    assert answer.code == 0
    spec = document.load(here / "mine.json")
    assert spec.name == "mine"
    assert spec.training is not None
    (penalty,) = spec.training.penalties
    assert isinstance(penalty, L2)
    assert penalty.only is None
    assert [layer.drop for layer in spec.layers if isinstance(layer, Dropout)] == [0.5, 0.5]


def test_B03_new_writes_the_bias_trick_with_as_many_parameters(graphspec, here) -> None:
    words = ("INPUT -> FC -> RELU -> FC", "--input", "3,32,32")
    for file, switch in (("a.json", ()), ("b.json", ("--bias-trick",))):
        assert graphspec("new", *words, *switch, "-o", file).code == 0
    a, b = (graphspec("summary", file, "--json").json["totals"] for file in ("a.json", "b.json"))
    assert a["params"] == b["params"]
    kinds = [layer.kind for layer in document.load(here / "b.json").layers]
    assert kinds == ["append_one", "linear", "relu", "append_one", "linear", "softmax_loss"]


def test_new_takes_a_pattern_or_a_template(graphspec, here) -> None:
    for words in ((), ("INPUT -> FC", "--template", "mlp")):
        answer = graphspec("new", *words)
        assert answer.code == 1
        assert "pattern-or-template" in answer.err
    assert "Did you mean 'mlp'" in graphspec("new", "--template", "mpl").err


@pytest.mark.parametrize("shape", ["3,32,x", "", "3,,3", "0,4,4"])
def test_new_names_a_bad_input_shape(graphspec, shape) -> None:
    answer = graphspec("new", "INPUT -> FC", f"--input={shape}")
    assert answer.code in (1, 2)
    assert answer.err


def test_schema_is_the_one_in_the_docs(graphspec) -> None:
    assert graphspec("schema").json == document.schema()


def test_version_names_what_results_depend_on(graphspec) -> None:
    versions = graphspec("version", "--json").json
    assert versions["graphspec"] == __version__
    assert {"python", "numpy"} <= versions.keys()
    assert __version__ in graphspec("version").out


def test_an_unknown_command_is_a_usage_error(graphspec) -> None:
    answer = graphspec("trian", "lenet5")
    assert answer.code == 2
    assert "train" in answer.err


def test_text_from_files_is_never_markup(graphspec, net) -> None:
    edit(net, lambda text: text.update(name="[red]x[/red] <img src='http://x'>"))
    assert "[red]x[/red] <img src='http://x'>" in graphspec("summary", net).out


def test_new_refuses_a_pattern_that_does_not_fit_and_writes_nothing(graphspec, here) -> None:
    words = ("new", "INPUT -> [CONV -> RELU -> POOL]*4 -> FC", "--input", "1,6,6")
    printed = graphspec(*words)
    assert (printed.code, printed.out) == (1, "")
    assert graphspec(*words, "-o", "made.json").code == 1
    assert not (here / "made.json").exists()


def test_problems_below_a_broken_layer_are_told_in_the_same_pass(graphspec, net) -> None:
    edit(net, lambda text: text["layers"][2].update(inputs=["akt"], units=3))
    codes = [problem["code"] for problem in graphspec("check", net, "--json").json["problems"]]
    assert "unknown-input" in codes
    assert "scores-per-class" in codes
