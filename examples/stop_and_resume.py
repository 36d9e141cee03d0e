"""Watch a training's events, stop it in mid-epoch, and go on: the bits are the same."""

from __future__ import annotations

from typing import Any

import numpy as np

import graphspec as gs
from graphspec.train.control import Control
from graphspec.train.events import Evaluated, Event, Step

SETTINGS: dict[str, Any] = {"data": "digits", "epochs": 2, "seed": 7}


def main() -> None:
    """Train twice, once with an interruption, and compare the weights."""
    spec = gs.zoo.load("tiny_convnet")
    control = Control()

    def watch(event: Event) -> None:
        if isinstance(event, Step) and event.step == 30:
            control.stop()
        if isinstance(event, Evaluated):
            print(f"epoch {event.epoch:g}: validation loss {event.loss:.4f}")

    stopped = gs.fit(spec, control=control, on_event=watch, **SETTINGS)
    assert stopped.last is not None
    print(f"{stopped.status} at step {stopped.last.step}")
    resumed = gs.resume(stopped, on_event=watch)
    straight = gs.fit(spec, **SETTINGS)

    first, second = (gs.load_weights(run, checkpoint="latest") for run in (resumed, straight))
    same = all(np.array_equal(first[name], second[name]) for name in second)
    print("bit-identical to a training without the stop:", same)
    assert same


if __name__ == "__main__":
    main()
