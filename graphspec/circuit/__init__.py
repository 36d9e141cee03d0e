"""Expressions as graphs of gates, with the value and the gradient on every wire."""

from graphspec.circuit.folding import expand, fold
from graphspec.circuit.reader import read_expression
from graphspec.circuit.report import CircuitReport, Wire, run_circuit

__all__ = ["CircuitReport", "Wire", "expand", "fold", "read_expression", "run_circuit"]
