"""The models that ship: a builder for each, and the files that the builders wrote.

The large ones have the layers of their papers and the published number of parameters, to the
digit. ``models/*.json`` holds them all in long form.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from graphspec import document
from graphspec.errors import Problem, SpecError
from graphspec.graph import GraphSpec
from graphspec.spelling import did_you_mean
from graphspec.zoo.alexnet import alexnet, alexnet_grouped, zfnet
from graphspec.zoo.dense import (
    linear_softmax,
    linear_svm,
    mlp,
    regularised_net,
    spiral_net,
    two_layer_net,
)
from graphspec.zoo.googlenet import googlenet
from graphspec.zoo.resnet import resnet18, resnet50
from graphspec.zoo.small_convnets import cifar_convnet, lenet5, tiny_convnet
from graphspec.zoo.squeezenet import squeezenet
from graphspec.zoo.vgg import vgg16, vgg19

__all__ = ["about", "build", "load", "models_dir", "names", "path_of"]

BUILDERS: tuple[Callable[[], GraphSpec], ...] = (
    linear_softmax,
    linear_svm,
    two_layer_net,
    spiral_net,
    regularised_net,
    mlp,
    tiny_convnet,
    lenet5,
    cifar_convnet,
    alexnet,
    alexnet_grouped,
    zfnet,
    vgg16,
    vgg19,
    googlenet,
    resnet18,
    resnet50,
    squeezenet,
)
_BY_NAME = {builder.__name__: builder for builder in BUILDERS}


def names() -> tuple[str, ...]:
    """The names of the models that ship, the simplest first."""
    return tuple(_BY_NAME)


def build(name: str) -> GraphSpec:
    """Build a model that ships from its function.

    Raises:
        SpecError: no model has this name.
    """
    return _BY_NAME[_known(name)]()


def about(name: str) -> str:
    """What a model that ships is, in one sentence.

    Raises:
        SpecError: no model has this name.
    """
    return (_BY_NAME[_known(name)].__doc__ or "").partition("\n")[0]


def load(name: str) -> GraphSpec:
    """Load a model that ships from its file.

    Raises:
        SpecError: no model has this name, or its file is missing.
    """
    return document.load(path_of(name))


def path_of(name: str) -> Path:
    """The file of a model that ships.

    Raises:
        SpecError: no model has this name.
    """
    return models_dir() / f"{_known(name)}.json"


def models_dir() -> Path:
    """The folder of the model files: ``models`` in a checkout, ``graphspec/models`` installed."""
    package = Path(__file__).parents[1]
    installed = package / "models"
    return installed if installed.is_dir() else package.parent / "models"


def _known(name: str) -> str:
    if name in _BY_NAME:
        return name
    hint = did_you_mean(name, _BY_NAME) or f". There are {', '.join(_BY_NAME)}"
    raise SpecError([Problem("unknown-model", f"no model is called {name[:64]!r}{hint}")])
