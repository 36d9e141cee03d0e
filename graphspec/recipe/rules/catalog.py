"""Every update rule, and the union that a document's ``update`` is read as.

To add a rule: write its file, import its class here, and add it to ``AnyUpdateRule``, or, if it
needs the whole loss as a function of all weights, to ``AnyWholeRule``.
"""

from __future__ import annotations

from typing import Annotated, get_args

from pydantic import Field

from graphspec.recipe.rules.adadelta import Adadelta
from graphspec.recipe.rules.adagrad import Adagrad
from graphspec.recipe.rules.adam import Adam
from graphspec.recipe.rules.adamw import AdamW
from graphspec.recipe.rules.base import UpdateRule
from graphspec.recipe.rules.lbfgs import Lbfgs
from graphspec.recipe.rules.lion import Lion
from graphspec.recipe.rules.local_search import LocalSearch
from graphspec.recipe.rules.momentum import Momentum
from graphspec.recipe.rules.nesterov import Nesterov
from graphspec.recipe.rules.newton import Newton
from graphspec.recipe.rules.random_search import RandomSearch
from graphspec.recipe.rules.rmsprop import RMSprop
from graphspec.recipe.rules.sgd import Sgd
from graphspec.recipe.rules.whole import WholeRule

AnyUpdateRule = Sgd | Momentum | Nesterov | Adagrad | RMSprop | Adam | AdamW | Adadelta | Lion
AnyWholeRule = Newton | Lbfgs | RandomSearch | LocalSearch
AnyRule = AnyUpdateRule | AnyWholeRule
RuleSpec = Annotated[AnyRule, Field(discriminator="kind")]

RULES: tuple[type[UpdateRule], ...] = get_args(AnyUpdateRule)
WHOLE_RULES: tuple[type[WholeRule], ...] = get_args(AnyWholeRule)
