"""Every constraint, and what a document's ``constraints`` are read as.

To add a constraint: write its file, import its class here, and make ``ConstraintSpec`` the union
of them all, discriminated by ``kind`` as in the catalog of rules.
"""

from __future__ import annotations

from graphspec.recipe.constraints.base import Constraint
from graphspec.recipe.constraints.max_norm import MaxNorm

ConstraintSpec = MaxNorm
CONSTRAINTS: tuple[type[Constraint], ...] = (MaxNorm,)
