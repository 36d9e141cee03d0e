"""Every layer, and the union that a document's layers are read as.

To add a layer: write its file, import its class here, and add it to ``LayerSpec``.
"""

from __future__ import annotations

from typing import Annotated, get_args

from pydantic import Field

from graphspec.layers.add import Add
from graphspec.layers.add_constant import AddConstant
from graphspec.layers.attribute_hinge_loss import AttributeHingeLoss
from graphspec.layers.avg_pool2d import AvgPool2d
from graphspec.layers.base import Layer
from graphspec.layers.batch_norm import BatchNorm
from graphspec.layers.binary_hinge_loss import BinaryHingeLoss
from graphspec.layers.concat import Concat
from graphspec.layers.conv2d import Conv2d
from graphspec.layers.conv_transpose2d import ConvTranspose2d
from graphspec.layers.crop2d import Crop2d
from graphspec.layers.cross_entropy_loss import CrossEntropyLoss
from graphspec.layers.divide import Divide
from graphspec.layers.drop_connect_linear import DropConnectLinear
from graphspec.layers.dropout import Dropout
from graphspec.layers.elu import Elu
from graphspec.layers.embedding import Embedding
from graphspec.layers.exp import Exp
from graphspec.layers.flatten import Flatten
from graphspec.layers.gaussian_noise import GaussianNoise
from graphspec.layers.gelu import Gelu
from graphspec.layers.global_avg_pool2d import GlobalAvgPool2d
from graphspec.layers.group_norm import GroupNorm
from graphspec.layers.hardswish import Hardswish
from graphspec.layers.hierarchical_softmax_loss import HierarchicalSoftmaxLoss
from graphspec.layers.hinge_loss import HingeLoss
from graphspec.layers.instance_norm import InstanceNorm
from graphspec.layers.l1_loss import L1Loss
from graphspec.layers.l2_loss import L2Loss
from graphspec.layers.layer_norm import LayerNorm
from graphspec.layers.leaky_relu import LeakyRelu
from graphspec.layers.linear import Linear
from graphspec.layers.local_response_norm import LocalResponseNorm
from graphspec.layers.log import Log
from graphspec.layers.logistic_loss import LogisticLoss
from graphspec.layers.lp_pool2d import LpPool2d
from graphspec.layers.lstm import Lstm
from graphspec.layers.matmul import Matmul
from graphspec.layers.max_pool2d import MaxPool2d
from graphspec.layers.maximum import Maximum
from graphspec.layers.maxout import Maxout
from graphspec.layers.multi_head_attention import MultiHeadAttention
from graphspec.layers.multiply import Multiply
from graphspec.layers.pad2d import Pad2d
from graphspec.layers.permute import Permute
from graphspec.layers.prelu import Prelu
from graphspec.layers.reciprocal import Reciprocal
from graphspec.layers.reduce_max import ReduceMax
from graphspec.layers.reduce_mean import ReduceMean
from graphspec.layers.reduce_sum import ReduceSum
from graphspec.layers.relu import Relu
from graphspec.layers.reshape import Reshape
from graphspec.layers.rnn import Rnn
from graphspec.layers.scale import Scale
from graphspec.layers.selu import Selu
from graphspec.layers.sigmoid import Sigmoid
from graphspec.layers.silu import Silu
from graphspec.layers.slice import Slice
from graphspec.layers.softmax import Softmax
from graphspec.layers.softmax_loss import SoftmaxLoss
from graphspec.layers.softplus import Softplus
from graphspec.layers.square import Square
from graphspec.layers.stochastic_pool2d import StochasticPool2d
from graphspec.layers.structured_hinge_loss import StructuredHingeLoss
from graphspec.layers.subtract import Subtract
from graphspec.layers.sum_loss import SumLoss
from graphspec.layers.tanh import Tanh
from graphspec.layers.upsample2d import Upsample2d

AnyLayer = (
    Linear
    | Conv2d
    | MaxPool2d
    | AvgPool2d
    | GlobalAvgPool2d
    | Flatten
    | Reshape
    | Relu
    | LeakyRelu
    | Sigmoid
    | Tanh
    | Softmax
    | BatchNorm
    | Dropout
    | Add
    | Multiply
    | Concat
    | SoftmaxLoss
    | HingeLoss
    | L2Loss
    | CrossEntropyLoss
    | L1Loss
    | BinaryHingeLoss
    | AttributeHingeLoss
    | LogisticLoss
    | SumLoss
    | Subtract
    | Divide
    | Maximum
    | Reciprocal
    | Exp
    | Log
    | Square
    | AddConstant
    | Scale
    | Elu
    | Selu
    | Gelu
    | Silu
    | Softplus
    | Hardswish
    | Prelu
    | Maxout
    | GaussianNoise
    | DropConnectLinear
    | StochasticPool2d
    | LpPool2d
    | LocalResponseNorm
    | LayerNorm
    | GroupNorm
    | InstanceNorm
    | ConvTranspose2d
    | Upsample2d
    | Pad2d
    | Crop2d
    | Slice
    | Permute
    | Matmul
    | Embedding
    | ReduceSum
    | ReduceMean
    | ReduceMax
    | Rnn
    | Lstm
    | MultiHeadAttention
    | HierarchicalSoftmaxLoss
    | StructuredHingeLoss
)
LayerSpec = Annotated[AnyLayer, Field(discriminator="kind")]

LAYERS: tuple[type[Layer], ...] = get_args(AnyLayer)
BY_KIND: dict[str, type[Layer]] = {layer.model_fields["kind"].default: layer for layer in LAYERS}
