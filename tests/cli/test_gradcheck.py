"""``graphspec gradcheck``: what it prints, and its exit code."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from graphspec.layers.base import Backward
from graphspec.layers.relu import Relu


def test_J11_every_parameter_is_listed_with_its_verdict(graphspec, net) -> None:
    answer = graphspec("gradcheck", net)
    assert answer.code == 0
    for name in ("hidden.weight", "hidden.bias", "scores.weight", "scores.bias"):
        assert name in answer.out
    assert answer.out.splitlines()[-1].startswith("good")
    assert "layers with kinks: act" in answer.out


def test_J06_two_examples_by_default(graphspec, net) -> None:
    assert graphspec("gradcheck", net, "--json").json["examples"] == 2
    assert graphspec("gradcheck", net, "--examples", "3", "--json").json["examples"] == 3
    assert graphspec("gradcheck", net, "--examples", "0").code == 4


def test_J07_a_sweep_is_drawn_with_its_best_step(graphspec, here, net) -> None:
    answer = graphspec("gradcheck", net, "--sweep", "-o", "u.svg", "-o", "u.json")
    assert answer.code == 0
    assert "best step" in answer.out
    assert b"<svg" in (here / "u.svg").read_bytes()
    found = graphspec("gradcheck", net, "--sweep", "--json").json["sweep"]
    assert len(found["h"]) == 8
    assert found["error"][found["h"].index(found["best"])] == min(found["error"])


def test_J08_the_loss_after_the_burn_in_is_below_that_before(graphspec, net) -> None:
    found = graphspec("gradcheck", net, "--burn-in", "30", "--json").json
    assert found["burn_in"]["after"] < found["burn_in"]["before"]
    fresh = graphspec("gradcheck", net, "--json").json
    assert fresh["burn_in"] is None
    # It is another network by then.
    a, b = (report["data"]["params"][-1]["samples"][0]["analytic"] for report in (found, fresh))
    assert a != b
    assert "burn-in: the loss went from" in graphspec("gradcheck", net, "--burn-in", "3").out


def test_J09_penalties_are_told_apart(graphspec, net) -> None:
    words = ("gradcheck", net, "--json")
    assert graphspec(*words).json["penalty"] is None
    text = net.read_text().replace(
        '"penalties": []', '"penalties": [{"kind": "l2", "strength": 0.1}]'
    )
    net.write_text(text)
    found = graphspec(*words).json
    assert found["penalty"]["verdict"] == found["data"]["verdict"] == "good"
    assert "penalties" in graphspec("gradcheck", net).out


def test_J10_noise_is_off_or_fixed(graphspec, net) -> None:
    for noise in ("off", "fixed"):
        assert graphspec("gradcheck", net, "--noise", noise).code == 0


def test_a_network_without_data_is_checked_on_random_numbers(graphspec, net) -> None:
    document = json.loads(net.read_text())
    del document["training"]
    net.write_text(json.dumps(document))
    found = graphspec("gradcheck", net, "--json")
    assert (found.code, found.json["verdict"], found.json["examples"]) == (0, "good", 2)
    refused = graphspec("gradcheck", net, "--burn-in", "3")
    assert refused.code == 4
    assert "takes data" in refused.err


def test_a_wrong_gradient_has_an_exit_code(graphspec, net, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(self: Relu, dy: Any, saved: Any, params: Any, **_: Any) -> Backward:
        return Backward((np.asarray(0.5 * dy),))

    monkeypatch.setattr(Relu, "backward", wrong)
    answer = graphspec("gradcheck", net)
    assert answer.code == 3
    assert "probably wrong" in answer.out
