"""Every penalty, and the union that a document's ``penalties`` are read as."""

from __future__ import annotations

from graphspec.recipe.penalties.base import Penalty
from graphspec.recipe.penalties.l2 import L2

PenaltySpec = L2
PENALTIES: tuple[type[Penalty], ...] = (L2,)
