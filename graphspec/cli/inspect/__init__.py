"""``graphspec inspect``: one file a command."""

from __future__ import annotations

from cyclopts import App

COMMANDS = {
    "doctor": "What is wrong with a network or its training, and what to do about it.",
    "data": "Examples as they are, as augmentation changes them, and as the network reads them.",
    "activations": "The maps of a layer for one example, or how active all layers are.",
    "history": "How activations, gradients and weights of a layer spread out over training.",
    "weights": "The filters of a layer as images, with their norms and noise.",
    "occlusion": "How the answer changes as a square slides over an image.",
    "confusion": "Which classes are taken for which.",
    "mistakes": "The images that a classifier gets most wrong.",
    "top": "The images that a unit answers to most, with what it saw.",
    "unit": "Patch × filter + bias = activation, with the numbers.",
    "codes": "The codes of a layer laid out in the plane by t-SNE.",
}

app = App(name="inspect", help="Look inside a trained network.")
for _name, _text in COMMANDS.items():
    app.command(f"graphspec.cli.inspect.{_name}:{_name}_command", name=_name, help=_text)
