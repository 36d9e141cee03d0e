"""The portable engine: plain numpy, and the oracle for every other engine."""

from graphspec.engines.numpy.engine import NumpyEngine as NumpyEngine
