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
    from graphspec.circuit import read_expression as read_expression
    from graphspec.circuit import run_circuit as run_circuit
    from graphspec.classic.bias_trick import use_bias as use_bias
    from graphspec.classic.bias_trick import use_bias_trick as use_bias_trick
    from graphspec.classic.nearest_neighbour import NearestNeighbour as NearestNeighbour
    from graphspec.classic.nearest_neighbour import cross_validate as cross_validate
    from graphspec.data import bin_targets as bin_targets
    from graphspec.data import load_data as load_data
    from graphspec.document import dumps as dumps
    from graphspec.document import load as load
    from graphspec.document import loads as loads
    from graphspec.document import save as save
    from graphspec.document import schema as schema
    from graphspec.engines.checking import find_problems as find_problems
    from graphspec.ensemble import Ensemble as Ensemble
    from graphspec.ensemble import ensemble_of_average as ensemble_of_average
    from graphspec.ensemble import ensemble_of_checkpoints as ensemble_of_checkpoints
    from graphspec.ensemble import ensemble_of_runs as ensemble_of_runs
    from graphspec.errors import GraphspecError as GraphspecError
    from graphspec.errors import SpecError as SpecError
    from graphspec.evaluation import evaluate_classes as evaluate_classes
    from graphspec.graph import GraphSpec as GraphSpec
    from graphspec.lint import find_advice as find_advice
    from graphspec.plan import Plan as Plan
    from graphspec.plan import compile_graph as compile_graph
    from graphspec.recipe.config import TrainConfig as TrainConfig
    from graphspec.summary import summarise as summarise
    from graphspec.tensor import TensorSpec as TensorSpec
    from graphspec.train.rundir import Run as Run

__version__ = "0.1.0"

_HOMES = {
    "Ensemble": "graphspec.ensemble",
    "GraphSpec": "graphspec.graph",
    "GraphspecError": "graphspec.errors",
    "NearestNeighbour": "graphspec.classic.nearest_neighbour",
    "Plan": "graphspec.plan",
    "Run": "graphspec.train.rundir",
    "SpecError": "graphspec.errors",
    "TensorSpec": "graphspec.tensor",
    "TrainConfig": "graphspec.recipe.config",
    "bin_targets": "graphspec.data",
    "compile_graph": "graphspec.plan",
    "cross_validate": "graphspec.classic.nearest_neighbour",
    "dumps": "graphspec.document",
    "ensemble_of_average": "graphspec.ensemble",
    "ensemble_of_checkpoints": "graphspec.ensemble",
    "ensemble_of_runs": "graphspec.ensemble",
    "evaluate": "graphspec.api",
    "evaluate_classes": "graphspec.evaluation",
    "find_advice": "graphspec.lint",
    "find_problems": "graphspec.engines.checking",
    "fit": "graphspec.api",
    "load": "graphspec.document",
    "load_data": "graphspec.data",
    "load_weights": "graphspec.api",
    "loads": "graphspec.document",
    "predict": "graphspec.api",
    "read_expression": "graphspec.circuit",
    "resume": "graphspec.api",
    "run_circuit": "graphspec.circuit",
    "save": "graphspec.document",
    "schema": "graphspec.document",
    "summarise": "graphspec.summary",
    "use_bias": "graphspec.classic.bias_trick",
    "use_bias_trick": "graphspec.classic.bias_trick",
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
