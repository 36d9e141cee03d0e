from __future__ import annotations

import json

import numpy as np

from graphspec.engines.generators import generator, read_state, write_state


def test_a_stream_depends_on_its_seed_and_name_alone() -> None:
    def draw(seed: int, name: str) -> float:
        return float(generator(seed, name).random())

    assert draw(0, "init:a") == draw(0, "init:a")
    assert len({draw(seed, name) for seed in range(5) for name in ("init:a", "init:b", "")}) == 15


def test_streams_are_the_same_in_every_version() -> None:
    # Runs are resumed, and models compared, across releases: these must never change.
    assert generator(0, "init:conv1.weight").random() == 0.44609228554427627
    assert generator(7, "layer:drop1").random() == 0.7077863395556989


def test_names_that_are_alike_give_streams_that_are_not() -> None:
    a, b = (generator(0, f"init:fc{i}.weight").standard_normal(20_000) for i in (1, 2))
    assert abs(np.corrcoef(a, b)[0, 1]) < 0.03


def test_a_state_goes_through_json() -> None:
    rng = generator(3, "layer:drop")
    rng.standard_normal(7)
    state = json.loads(json.dumps(read_state(rng)))
    expected = rng.standard_normal(5)
    other = generator(0, "something else")
    write_state(other, state)
    assert np.array_equal(other.standard_normal(5), expected)
