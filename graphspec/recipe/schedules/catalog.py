"""Every schedule, and the union that a document's ``schedule`` is read as.

To add a schedule: write its file, import its class here, and add it to ``AnySchedule``.
"""

from __future__ import annotations

from typing import Annotated, get_args

from pydantic import Field

from graphspec.recipe.schedules.base import Schedule
from graphspec.recipe.schedules.constant import Constant
from graphspec.recipe.schedules.cosine import Cosine
from graphspec.recipe.schedules.cyclic import Cyclic
from graphspec.recipe.schedules.exponential import Exponential
from graphspec.recipe.schedules.one_cycle import OneCycle
from graphspec.recipe.schedules.one_over_t import OneOverT
from graphspec.recipe.schedules.plateau import Plateau
from graphspec.recipe.schedules.step import StepDecay

AnySchedule = Constant | StepDecay | Exponential | OneOverT | Cosine | Plateau | OneCycle | Cyclic
ScheduleSpec = Annotated[AnySchedule, Field(discriminator="kind")]

SCHEDULES: tuple[type[Schedule], ...] = get_args(AnySchedule)
