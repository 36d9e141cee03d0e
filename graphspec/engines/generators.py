"""Named random generators: one stream per purpose, all from one seed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np


def generator(seed: int, name: str) -> np.random.Generator:
    """A generator that depends on the seed and the name alone.

    Weights draw from ``init:conv1.weight`` and layers from ``layer:drop1``, so that adding a layer
    changes no draw of any other, and engines that use these names start from equal weights.
    """
    digest = hashlib.sha256(name.encode()).digest()
    key = tuple(int.from_bytes(digest[i : i + 4], "little") for i in range(0, 16, 4))
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=key)))


def read_state(rng: np.random.Generator) -> Mapping[str, Any]:
    """The generator's state as JSON values."""
    return rng.bit_generator.state


def write_state(rng: np.random.Generator, state: Mapping[str, Any]) -> None:
    """Make a generator go on from a state that ``read_state`` gave."""
    rng.bit_generator.state = dict(state)
