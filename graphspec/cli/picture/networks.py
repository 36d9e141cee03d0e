"""``graphspec picture activations``, ``network`` and ``data-flow``."""

from __future__ import annotations

from graphspec.cli.files import read_spec
from graphspec.cli.pictures import Outputs, give
from graphspec.inspect.pictures.activations import activations_picture
from graphspec.inspect.pictures.data_flow import data_flow
from graphspec.inspect.pictures.network import network_picture


def activations_command(
    *kinds: str, span: float = 5.0, output: Outputs = (), json: bool = False
) -> None:
    """Activation functions with their derivatives, computed by the layers themselves.

    Parameters
    ----------
    kinds
        Such as sigmoid tanh relu; by default every one of the catalog.
    span
        From −span to span.
    output
        Where to write, by the ending: the picture (.svg, .png, .pdf) or its numbers (.json, .npz);
        by default activations.svg. May be given several times.
    json
        Print the numbers as JSON.
    """
    give(activations_picture(kinds or None, span=span), output, "activations.svg", json=json)


def network_command(file: str, *, output: Outputs = (), json: bool = False) -> None:
    """A dense network as circles and lines.

    Parameters
    ----------
    file
        A network file or the name of a shipped model: a chain of linear layers and activations.
    output
        Where to write, by the ending: the picture (.svg, .png, .pdf) or its numbers (.json, .npz);
        by default network.svg. May be given several times.
    json
        Print the numbers as JSON.
    """
    give(network_picture(read_spec(file)), output, "network.svg", json=json)


def data_flow_command(file: str, *, output: Outputs = (), json: bool = False) -> None:
    """From examples and weights to data loss and penalties.

    Parameters
    ----------
    file
        A network file, or the name of a shipped model.
    output
        Where to write, by the ending: the picture (.svg, .png, .pdf) or its numbers (.json, .npz);
        by default data-flow.svg. May be given several times.
    json
        Print the numbers as JSON.
    """
    give(data_flow(read_spec(file)), output, "data-flow.svg", json=json)
