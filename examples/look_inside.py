"""The calls beneath ``fit``: compile a graph, run it, and look at any value or gradient."""

from __future__ import annotations

import numpy as np

import graphspec as gs
from graphspec.engines.base import Step, Tap
from graphspec.engines.numpy import NumpyEngine
from graphspec.recipe.rules.sgd import Sgd


def main() -> None:
    """Make one step with the small ConvNet, and print what went through it."""
    spec = gs.zoo.load("tiny_convnet")
    plan = gs.compile_graph(spec)
    print(f"{len(plan.nodes)} layers, {gs.summarise(spec).params:,} parameters")

    digits = gs.load_data("digits")
    feeds = {"image": digits.x[:32] / 16, "label": digits.y[:32]}
    executable = NumpyEngine().load(plan, seed=0)

    relu = Tap("conv1_relu")
    outputs = executable.run(feeds, taps=[relu])
    print(f"scores {outputs.values['scores'].shape}")
    print(f"{np.mean(outputs.taps[relu] == 0):.0%} of conv1_relu is zero")

    gradients = executable.grad(feeds, wrt="inputs")
    print(f"loss {gradients.loss:.4f}, near ln 10 = {np.log(10):.4f}: weights know nothing yet")
    saliency = np.abs(gradients.by_name["image"][0, 0])
    row, column = np.unravel_index(saliency.argmax(), saliency.shape)
    print(f"the first image's loss depends most on its pixel ({row}, {column})")

    for index in range(20):
        result = executable.train_step(feeds, Sgd(rate=0.5), Step(index=index, rate=0.5))
    print(f"after 20 steps on the same 32 images the loss is {result.loss:.4f}")


if __name__ == "__main__":
    main()
