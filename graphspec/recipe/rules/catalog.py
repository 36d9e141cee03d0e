"""Every update rule, and the union that a document's ``update`` is read as."""

from __future__ import annotations

from graphspec.recipe.rules.base import UpdateRule
from graphspec.recipe.rules.sgd import Sgd

RuleSpec = Sgd
RULES: tuple[type[UpdateRule], ...] = (Sgd,)
