"""Every penalty, and the union that a document's ``penalties`` are read as.

To add a penalty: write its file, import its class here, and make ``PenaltySpec`` the union of
them all, discriminated by ``kind`` as in the catalog of rules.
"""

from __future__ import annotations

from graphspec.recipe.penalties.base import Penalty
from graphspec.recipe.penalties.l2 import L2

PenaltySpec = L2
PENALTIES: tuple[type[Penalty], ...] = (L2,)
