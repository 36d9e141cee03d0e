"""Every augmentation, and the union that a document's ``augment`` is read as.

To add an augmentation: write its file, import its class here, and add it to ``AnyAugmentation``.
"""

from __future__ import annotations

from typing import Annotated, get_args

from pydantic import Field

from graphspec.recipe.augment.base import Augmentation
from graphspec.recipe.augment.colour_jitter import ColourJitter
from graphspec.recipe.augment.cutout import Cutout
from graphspec.recipe.augment.mixup import Mixup
from graphspec.recipe.augment.random_crop import RandomCrop
from graphspec.recipe.augment.random_flip import RandomFlip
from graphspec.recipe.augment.rotation import Rotation

AnyAugmentation = RandomFlip | RandomCrop | Rotation | ColourJitter | Cutout | Mixup
AugmentationSpec = Annotated[AnyAugmentation, Field(discriminator="kind")]

AUGMENTATIONS: tuple[type[Augmentation], ...] = get_args(AnyAugmentation)
