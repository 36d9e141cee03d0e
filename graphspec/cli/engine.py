"""The options that say what computes, the same for every command that has them."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from graphspec.engines.choosing import Choice

EngineOptions = Annotated[Choice, Parameter(name="*")]
"""``--engine``, ``--threads`` and ``--accuracy``; their help is what ``Choice`` says."""
