"""AlexNet and ZFNet, the winners of 2012 and 2013."""

from __future__ import annotations

from graphspec.graph import GraphSpec
from graphspec.zoo.draft import Draft


def alexnet() -> GraphSpec:
    """AlexNet without groups, as for one large GPU: 62,378,344 parameters.

    The local response normalisation of the paper, which has no parameters, is left out: it was
    soon found to help little (CS231n notes, Convolutional Networks, normalisation layer).
    Source: Krizhevsky et al. 2012, ImageNet Classification with Deep Convolutional Neural Networks.
    """
    return _alexnet("alexnet", groups=1)


def alexnet_grouped() -> GraphSpec:
    """AlexNet as it was trained, conv2, conv4 and conv5 split over two GPUs: 60,965,224 parameters.

    Source: Krizhevsky et al. 2012, ImageNet Classification with Deep Convolutional Neural Networks.
    """
    return _alexnet("alexnet_grouped", groups=2)


def _alexnet(name: str, groups: int) -> GraphSpec:
    # The paper says 224; only 227 makes (227 − 11)/4 + 1 = 55 whole.
    draft = Draft(name, (3, 227, 227), 1000)
    draft.conv_relu("conv1", filters=96, kernel=11, stride=4)
    draft.add("pool1", "max_pool2d", kernel=3, stride=2)
    draft.conv_relu("conv2", filters=256, kernel=5, pad=2, groups=groups)
    draft.add("pool2", "max_pool2d", kernel=3, stride=2)
    draft.conv_relu("conv3", filters=384, kernel=3, pad=1)
    draft.conv_relu("conv4", filters=384, kernel=3, pad=1, groups=groups)
    draft.conv_relu("conv5", filters=256, kernel=3, pad=1, groups=groups)
    draft.add("pool5", "max_pool2d", kernel=3, stride=2)
    return _classifier(draft)


def zfnet() -> GraphSpec:
    """ZFNet: AlexNet with a finer first layer (7×7, stride 2): 62,357,608 parameters.

    The paper states no total. Its figure 3 gives it: conv1 14,208, conv2 614,656, conv3 885,120,
    conv4 1,327,488, conv5 884,992, and the fully connected layers of AlexNet, 58,631,144 — the
    number that is published for it elsewhere. Contrast normalisation, which has no parameters, is
    left out.
    Source: Zeiler and Fergus 2013, Visualizing and Understanding Convolutional Networks.
    """
    draft = Draft("zfnet", (3, 224, 224), 1000)
    draft.conv_relu("conv1", filters=96, kernel=7, stride=2, pad=1, rounding="floor")
    draft.add("pool1", "max_pool2d", kernel=3, stride=2, pad=1, rounding="floor")
    draft.conv_relu("conv2", filters=256, kernel=5, stride=2)
    draft.add("pool2", "max_pool2d", kernel=3, stride=2, pad=1, rounding="floor")
    draft.conv_relu("conv3", filters=384, kernel=3, pad=1)
    draft.conv_relu("conv4", filters=384, kernel=3, pad=1)
    draft.conv_relu("conv5", filters=256, kernel=3, pad=1)
    draft.add("pool5", "max_pool2d", kernel=3, stride=2)
    return _classifier(draft)


def _classifier(draft: Draft) -> GraphSpec:
    for name in ("fc6", "fc7"):
        draft.linear_relu(name, 4096)
        draft.add(f"{name}_drop", "dropout", drop=0.5)
    draft.add("scores", "linear", units=1000)
    return draft.finish()
