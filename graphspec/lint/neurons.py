"""Advice on activations, scores, starts and losses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from graphspec.errors import Problem
from graphspec.layers.base import Layer
from graphspec.lint.scene import (
    NORMALISING,
    UNCHANGING,
    Scene,
    depth_of,
    exchange,
    removal,
    setting,
)
from graphspec.record import kind_of

ON_SCORES = {
    "softmax_loss": "softmax",
    "cross_entropy_loss": "softmax",
    "logistic_loss": "sigmoid",
    "hinge_loss": "",
    "binary_hinge_loss": "",
    "attribute_hinge_loss": "",
}
"""Losses that take scores of any size, and the activation that they have inside."""
_ALIKE = ("zeros", "ones", "constant")
_NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_N_LAYER = re.compile(rf"(?<![a-z\d])(\d+|{'|'.join(_NUMBERS)})[ _-]?layer", re.IGNORECASE)
_POOLS = frozenset({"max_pool2d", "avg_pool2d", "global_avg_pool2d"})


def squashing(scene: Scene) -> Iterator[Problem]:
    """Sigmoid and tanh in front of a layer of neurons (a gate, which is multiplied, is none)."""
    through = UNCHANGING | NORMALISING | _POOLS
    for layer in scene.kinds("sigmoid", "tanh"):
        if not any(scene.has_weights(reader) for reader in scene.ahead(layer, through)):
            continue
        fix = exchange(layer, "relu")
        if kind_of(layer) == "sigmoid":
            yield scene.advice(
                "hidden-sigmoid",
                "a sigmoid in a hidden layer saturates at 0 and 1, where its gradient vanishes, "
                "and gives only positive numbers to the next layer. Use relu (Neural Networks 1, "
                "activation functions)",
                layer,
                fix=fix,
            )
        else:
            yield scene.advice(
                "hidden-tanh",
                "a tanh in a hidden layer saturates at −1 and 1, where its gradient vanishes; "
                "relu is expected to do better (Neural Networks 1, activation functions)",
                layer,
                fix=fix,
            )


def scores(scene: Scene) -> Iterator[Problem]:
    """An activation between the last layer of neurons and a loss that takes scores."""
    for loss in scene.kinds(*ON_SCORES):
        layer = scene.behind(loss)
        if layer is None or layer.group != "Activation":
            continue
        kind, inside = kind_of(layer), ON_SCORES[kind_of(loss)]
        if kind == inside:
            yield scene.advice(
                "activation-twice",
                f"{kind_of(loss)} has a {inside} inside: with {layer.id} it is taken twice, which "
                "keeps every gradient small. Give the loss the scores (Linear classification, "
                "softmax classifier)",
                layer,
                fix=removal(layer),
            )
        elif _fed_by_neurons(scene, layer):
            yield scene.advice(
                "activation-before-loss",
                f"{layer.id} ({kind}) bends the scores that {loss.id} takes. The last layer has no "
                "activation: scores are any real numbers (Neural Networks 1, architectures)",
                layer,
                fix=removal(layer),
            )


def _fed_by_neurons(scene: Scene, layer: Layer) -> bool:
    source = scene.behind(layer, UNCHANGING | NORMALISING)
    return source is not None and scene.has_weights(source)


def starts(scene: Scene) -> Iterator[Problem]:
    """Hidden layers whose weights all start at the same value."""
    training = scene.spec.training
    overall = training.init if training is not None else None
    for layer in scene.spec.layers:
        weights = [item for item in scene.params(layer).values() if item.decay and item.trained]
        init = getattr(layer, "init", None)
        kind = getattr(init or overall, "kind", None)
        if not weights or kind not in _ALIKE or not scene.is_hidden(layer):
            continue
        where = f"{layer.id}.init" if init is not None else "training.init"
        yield scene.advice(
            "same-start",
            f"all weights of the hidden layer {layer.id} start alike ({kind}), so its units "
            "compute the same, get the same gradient and stay the same. Start at random (Neural "
            "Networks 2, weight initialization)",
            layer,
            at="init" if init is not None else "",
            fix=setting(where, None),
        )


def collapsing(scene: Scene) -> Iterator[Problem]:
    """Two linear maps in a row, which are one."""
    for layer in scene.kinds("linear", "conv2d"):
        source = scene.behind(layer)
        if source is None or kind_of(source) != kind_of(layer) or not _only(scene, source, layer):
            continue
        wide = scene.shapes[source.id].shape[0]
        ends = scene.shapes[source.inputs[0]], scene.shapes[layer.id]
        # A narrow middle is a deliberate factorisation, with fewer weights.
        if kind_of(layer) == "linear" and wide < min(end.size for end in ends):
            continue
        if any(getattr(item, "groups", 1) > 1 for item in (source, layer)):
            continue
        yield scene.advice(
            "no-activation",
            f"nothing bends the numbers between {source.id} and {layer.id}: two linear maps in a "
            "row are one linear map. Put a relu between them (Neural Networks 1, why a "
            "non-linearity is needed)",
            layer,
            at="inputs",
        )


def _only(scene: Scene, source: Layer, layer: Layer) -> bool:
    return [reader.id for reader in scene.ahead(source)] == [layer.id]


def biases(scene: Scene) -> Iterator[Problem]:
    """Biases that a normalisation over the channel subtracts again."""
    for layer in scene.kinds("linear", "conv2d"):
        readers = scene.readers.get(layer.id, [])
        if not getattr(layer, "bias", False) or not readers or layer.id in scene.spec.outputs:
            continue
        if all(kind_of(reader) in ("batch_norm", "instance_norm") for reader in readers):
            yield scene.advice(
                "bias-before-norm",
                f"the bias of {layer.id} does nothing: {readers[0].id} subtracts the mean of every "
                "channel, and has a shift of its own (Ioffe and Szegedy 2015, section 3.2)",
                layer,
                at="bias",
                fix=setting(f"{layer.id}.bias", False),
            )


def regression(scene: Scene) -> Iterator[Problem]:
    """Regressions that could be classifications, and dropout in front of a squared loss."""
    for loss in scene.kinds("l2_loss", "l1_loss"):
        if scene.shapes[loss.inputs[0]].size == 1:
            yield scene.advice(
                "prefer-bins",
                f"{loss.id} is a regression of one number, which is harder to optimise than a "
                "softmax: every output has to be met exactly. See whether bins of the target would "
                "do (the data option bins makes classes of them); they give a distribution as well "
                "(Neural Networks 2, losses, regression)",
                loss,
            )
    for loss in scene.kinds("l2_loss"):
        source: Layer | None = scene.source(loss)
        if source is not None and kind_of(source) == "linear":
            source = scene.source(source)
        if source is not None and kind_of(source) == "dropout":
            yield scene.advice(
                "dropout-before-l2",
                f"{source.id} drops numbers right in front of the squared loss {loss.id}, which "
                "is fragile: it wants exact values and gets noisy ones. Take the dropout out "
                "(Neural Networks 2, losses, regression)",
                source,
                fix=removal(source),
            )


def margins(scene: Scene) -> Iterator[Problem]:
    """Margins other than 1, which only trade off against the penalty."""
    for loss in scene.kinds("hinge_loss"):
        margin = getattr(loss, "margin", 1.0)
        if margin != 1:
            yield scene.advice(
                "margin",
                f"the margin of {loss.id} is {margin:g}: it and the strength of the penalty set "
                "the same trade-off, as weights can grow or shrink to meet any margin. Leave it "
                "at 1 and tune the penalty (Linear classification, setting delta)",
                loss,
                at="margin",
                fix=setting(f"{loss.id}.margin", 1.0),
            )


def naming(scene: Scene) -> Iterator[Problem]:
    """A name that counts the layers otherwise than the notes do."""
    match = _N_LAYER.search(scene.spec.name)
    if match is None:
        return
    word = match.group(1).lower()
    said = int(word) if word.isdecimal() else _NUMBERS.index(word) + 1
    counted = depth_of(scene)
    if said != counted:
        yield scene.advice(
            "layer-count",
            f"the name says {said}-layer, and this is a {counted}-layer network: layers of neurons "
            "are counted, the input is not (Neural Networks 1, naming conventions)",
            path=("name",),
            arithmetic=f"{said} ≠ {counted}",
        )
