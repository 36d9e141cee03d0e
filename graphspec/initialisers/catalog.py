"""Every initialiser, and the union that a document's ``init`` field is read as."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from graphspec.initialisers.base import Initialiser
from graphspec.initialisers.glorot import Glorot
from graphspec.initialisers.he import He
from graphspec.initialisers.lecun import Lecun
from graphspec.initialisers.normal import Normal
from graphspec.initialisers.ones import Ones
from graphspec.initialisers.zeros import Zeros

INITIALISERS: tuple[type[Initialiser], ...] = (Zeros, Ones, Normal, Lecun, He, Glorot)


def _take_name(value: object) -> object:
    """Take ``"he"`` for ``{"kind": "he"}``."""
    return {"kind": value} if isinstance(value, str) else value


InitialiserSpec = Annotated[
    Annotated[Zeros | Ones | Normal | Lecun | He | Glorot, Field(discriminator="kind")],
    BeforeValidator(_take_name),
]
