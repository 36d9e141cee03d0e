"""Every preprocessing step, and the union that a document's ``preprocess`` is read as.

To add a step: write its file, import its class here, and add it to ``AnyStep``.
"""

from __future__ import annotations

from typing import Annotated, get_args

from pydantic import Field

from graphspec.recipe.preprocess.base import PreprocessStep
from graphspec.recipe.preprocess.mean import Mean
from graphspec.recipe.preprocess.min_max import MinMax
from graphspec.recipe.preprocess.pca import Pca
from graphspec.recipe.preprocess.per_image import PerImage
from graphspec.recipe.preprocess.scale import Scale
from graphspec.recipe.preprocess.std import Std
from graphspec.recipe.preprocess.whiten import Whiten

AnyStep = Scale | Mean | Std | MinMax | Pca | Whiten | PerImage
StepSpec = Annotated[AnyStep, Field(discriminator="kind")]

PREPROCESS_STEPS: tuple[type[PreprocessStep], ...] = get_args(AnyStep)
