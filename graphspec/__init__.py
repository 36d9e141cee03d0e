"""graphspec: neural networks as validated JSON graphs, checked, run and trained.

``import graphspec as gs`` gives the names below; each is loaded when it is first used, so that
the command line answers at once.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from graphspec import zoo as zoo
    from graphspec.api import evaluate as evaluate
    from graphspec.api import fit as fit
    from graphspec.api import load_weights as load_weights
    from graphspec.api import predict as predict
    from graphspec.api import resume as resume
    from graphspec.check import find_problems as find_problems
    from graphspec.data import load_data as load_data
    from graphspec.document import dumps as dumps
    from graphspec.document import load as load
    from graphspec.document import loads as loads
    from graphspec.document import save as save
    from graphspec.document import schema as schema
    from graphspec.errors import GraphspecError as GraphspecError
    from graphspec.errors import SpecError as SpecError
    from graphspec.graph import GraphSpec as GraphSpec
    from graphspec.plan import Plan as Plan
    from graphspec.plan import compile_graph as compile_graph
    from graphspec.recipe.config import TrainConfig as TrainConfig
    from graphspec.summary import summarise as summarise
    from graphspec.tensor import TensorSpec as TensorSpec
    from graphspec.train.rundir import Run as Run

__version__ = "0.1.0"

_HOMES = {
    "GraphSpec": "graphspec.graph",
    "GraphspecError": "graphspec.errors",
    "Plan": "graphspec.plan",
    "Run": "graphspec.train.rundir",
    "SpecError": "graphspec.errors",
    "TensorSpec": "graphspec.tensor",
    "TrainConfig": "graphspec.recipe.config",
    "compile_graph": "graphspec.plan",
    "dumps": "graphspec.document",
    "evaluate": "graphspec.api",
    "find_problems": "graphspec.check",
    "fit": "graphspec.api",
    "load": "graphspec.document",
    "load_data": "graphspec.data",
    "load_weights": "graphspec.api",
    "loads": "graphspec.document",
    "predict": "graphspec.api",
    "resume": "graphspec.api",
    "save": "graphspec.document",
    "schema": "graphspec.document",
    "summarise": "graphspec.summary",
}

__all__ = ["__version__", "zoo", *_HOMES]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        value = getattr(import_module(_HOMES[name]), name)
        globals()[name] = value
        return value
    if name == "zoo":
        return import_module("graphspec.zoo")
    raise AttributeError(f"module 'graphspec' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
