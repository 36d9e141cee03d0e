"""``graphspec picture worked-example`` and ``svm-sum``."""

from __future__ import annotations

from graphspec.cli.output import say
from graphspec.cli.pictures import Outputs, give
from graphspec.inspect.pictures.landscape import svm_sum
from graphspec.inspect.pictures.worked_example import CLASSES, worked_example


def worked_example_command(
    *,
    pixels: tuple[float, float, float, float] | None = None,
    output: Outputs = (),
    json: bool = False,
) -> None:
    """A linear classifier of four pixels and three classes, with every number.

    The weights are those of the CS231n notes; the scores are computed.

    Parameters
    ----------
    pixels
        Another image than that of the notes: four numbers of 0 to 255.
    output
        Where to write, by the ending: the picture (.svg, .png, .pdf) or its numbers (.json, .npz);
        by default worked-example.svg. May be given several times.
    json
        Print the numbers as JSON.
    """
    import numpy as np

    picture = worked_example(None if pixels is None else np.array(pixels))
    give(picture, output, "worked-example.svg", json=json)
    if not json:
        scores = zip(CLASSES, picture.scores, strict=True)
        say("; ".join(f"{name} {score:.6g}" for name, score in scores))


def svm_sum_command(*, output: Outputs = (), json: bool = False) -> None:
    """The SVM loss of three points in one dimension: hinges, and their mean.

    Parameters
    ----------
    output
        Where to write, by the ending: the picture (.svg, .png, .pdf) or its numbers (.json, .npz);
        by default svm-sum.svg. May be given several times.
    json
        Print the numbers as JSON.
    """
    give(svm_sum(), output, "svm-sum.svg", json=json)
