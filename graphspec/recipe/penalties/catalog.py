"""Every penalty, and the union that a document's ``penalties`` are read as.

To add a penalty: write its file, import its class here, and add it to ``AnyPenalty``.
"""

from __future__ import annotations

from typing import Annotated, get_args

from pydantic import Field

from graphspec.recipe.penalties.base import Penalty
from graphspec.recipe.penalties.elastic_net import ElasticNet
from graphspec.recipe.penalties.l1 import L1
from graphspec.recipe.penalties.l2 import L2

AnyPenalty = L2 | L1 | ElasticNet
PenaltySpec = Annotated[AnyPenalty, Field(discriminator="kind")]

PENALTIES: tuple[type[Penalty], ...] = get_args(AnyPenalty)
