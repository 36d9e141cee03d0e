from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from graphspec.engines.base import ExecutableState, Step
from graphspec.engines.numpy.engine import NumpyEngine
from graphspec.engines.numpy.executable import NumpyExecutable
from graphspec.errors import EngineError
from graphspec.plan import compile_graph
from graphspec.recipe.rules.catalog import RULES
from tests.engines.nets import batch, network, node

MOMENTUM = next(rule for rule in RULES if rule.__name__ == "Momentum")(rate=0.05)
SPEC = network(
    [
        node("conv2d", "conv", "x", filters=3, kernel=3, pad=1),
        node("batch_norm", "bn", "conv"),
        node("relu", "relu", "bn"),
        node("dropout", "drop1", "relu", drop=0.3),
        node("linear", "fc", "drop1", units=6),
        node("dropout", "drop2", "fc", drop=0.5),
        node("linear", "scores", "drop2", units=3),
        node("softmax_loss", "loss", "scores", "label"),
    ],
    ("scores",),
    x={"shape": [1, 6, 6]},
    label={"classes": 3},
)
PLAN = compile_graph(SPEC)


def load(seed: int = 0) -> NumpyExecutable:
    return NumpyEngine("float32").load(PLAN, seed=seed)


def train(executable: NumpyExecutable, first: int, last: int) -> None:
    for i in range(first, last):
        executable.train_step(batch(SPEC, 8, seed=i), MOMENTUM, Step(i, 0.05))


def assert_same(a: ExecutableState, b: ExecutableState) -> None:
    assert a.generators == b.generators
    assert a.arrays.keys() == b.arrays.keys()
    for name, array in a.arrays.items():
        assert array.tobytes() == b.arrays[name].tobytes(), name


def test_going_on_from_a_state_gives_the_same_bits() -> None:
    straight = load()
    train(straight, 0, 10)
    first = load()
    train(first, 0, 4)
    state = first.state()
    # As a checkpoint would hold it.
    state = replace(state, generators=json.loads(json.dumps(dict(state.generators))))
    train(first, 4, 7)  # the state is a copy: going on must not change it
    resumed = load(seed=99)
    resumed.restore(state)
    train(resumed, 4, 10)
    assert_same(resumed.state(), straight.state())
    assert any(name.endswith("/velocity") for name in state.arrays)
    assert set(state.generators) == {"layer:drop1", "layer:drop2"}


def test_a_state_can_be_restored_where_training_went_on() -> None:
    executable = load()
    train(executable, 0, 3)
    state = executable.state()
    train(executable, 3, 6)
    later = executable.state()
    executable.restore(state)
    assert_same(executable.state(), state)
    train(executable, 3, 6)
    assert_same(executable.state(), later)


def test_looking_disturbs_nothing() -> None:
    watched, alone = load(), load()
    feeds = batch(SPEC, 8)
    for i in range(4):
        watched.run(feeds, training=True)
        watched.grad(feeds, training=True)
        watched.grad(feeds, wrt="inputs")
        watched.run(feeds)
        train(watched, i, i + 1)
        train(alone, i, i + 1)
    assert_same(watched.state(), alone.state())


def test_calls_in_a_row_draw_the_same_and_steps_do_not() -> None:
    executable, feeds = load(), batch(SPEC, 8)

    def drawn() -> np.ndarray:
        return executable.run(feeds, outputs=["drop1"], training=True).values["drop1"] == 0

    first = drawn()
    assert np.array_equal(drawn(), first)
    executable.train_step(feeds, MOMENTUM, Step(0, 1e-30))
    assert not np.array_equal(drawn(), first)


def test_layers_draw_from_streams_of_their_own() -> None:
    spec = network(
        [node("dropout", "a", "x"), node("dropout", "b", "x")], ("a", "b"), x={"shape": [50]}
    )
    executable = NumpyEngine().load(compile_graph(spec), seed=0)
    both = executable.run({"x": np.ones((9, 50))}, training=True).values
    assert not np.array_equal(both["a"], both["b"])
    alone = executable.run({"x": np.ones((9, 50))}, outputs=["b"], training=True).values
    assert np.array_equal(alone["b"], both["b"])


def test_only_steps_change_running_statistics() -> None:
    executable, feeds = load(), batch(SPEC, 8)
    start = executable.weights()
    statistics = [name for name, param in PLAN.params.items() if not param.trained]
    assert statistics
    executable.grad(feeds, training=True)
    assert all(np.array_equal(executable.weights()[name], start[name]) for name in statistics)
    executable.train_step(feeds, MOMENTUM, Step(0, 0.05))
    assert not any(np.array_equal(executable.weights()[name], start[name]) for name in statistics)
    assert not any(f"{name}/velocity" in executable.state().arrays for name in statistics)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda arrays, generators: arrays.pop("fc.bias"), "lacks 'fc.bias'"),
        (lambda arrays, generators: arrays.update({"fd.bias": 0}), "Did you mean 'fc.bias'"),
        (lambda arrays, generators: arrays.update({"fc.bias": np.zeros(7)}), r"has \(7,\)"),
        (lambda arrays, generators: arrays.update({"no.bias/velocity": 0}), "no.bias"),
        (
            lambda arrays, generators: arrays.update({"fc.bias/velocity": np.zeros(7)}),
            r"fc.bias/velocity.*\(7,\)",
        ),
        (lambda arrays, generators: generators.pop("layer:drop1"), "lacks.*drop1"),
        (lambda arrays, generators: generators.update({"layer:d": {}}), "no generator"),
        (lambda arrays, generators: generators.update({"layer:drop1": {"x": 1}}), "drop1"),
    ],
)
def test_a_state_of_another_model_is_refused_and_changes_nothing(change: Any, message: str) -> None:
    executable = load()
    train(executable, 0, 2)
    state = executable.state()
    arrays, generators = dict(state.arrays), dict(state.generators)
    arrays["conv.bias"] = arrays["conv.bias"] + 1
    change(arrays, generators)
    with pytest.raises(EngineError, match=message):
        executable.restore(ExecutableState(arrays, generators))
    assert_same(executable.state(), state)


def test_two_processes_get_the_same_bits() -> None:
    program = (
        "import hashlib\n"
        "from tests.engines.numpy.test_state import load, train\n"
        "executable = load()\n"
        "train(executable, 0, 5)\n"
        "digest = hashlib.sha256()\n"
        "for array in executable.state().arrays.values(): digest.update(array.tobytes())\n"
        "print(digest.hexdigest())\n"
    )
    digests = [
        subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    ]
    assert len(digests[0]) == 65
    assert digests[0] == digests[1]
