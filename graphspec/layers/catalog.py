"""Every layer, and the union that a document's layers are read as.

To add a layer: write its file, import its class here, and add it to ``LayerSpec``.
"""

from __future__ import annotations

from typing import Annotated, get_args

from pydantic import Field

from graphspec.layers.base import Layer
from graphspec.layers.conv2d import Conv2d
from graphspec.layers.linear import Linear
from graphspec.layers.relu import Relu
from graphspec.layers.softmax_loss import SoftmaxLoss

AnyLayer = Conv2d | Linear | Relu | SoftmaxLoss
LayerSpec = Annotated[AnyLayer, Field(discriminator="kind")]

LAYERS: tuple[type[Layer], ...] = get_args(AnyLayer)
BY_KIND: dict[str, type[Layer]] = {layer.model_fields["kind"].default: layer for layer in LAYERS}
