"""Every initialiser, and the union that a document's ``init`` field is read as.

To add an initialiser: write its file, import its class here, and add it to ``AnyInitialiser``.
"""

from __future__ import annotations

from typing import Annotated, get_args

from pydantic import BeforeValidator, Field

from graphspec.initialisers.base import Initialiser
from graphspec.initialisers.constant import Constant
from graphspec.initialisers.glorot import Glorot
from graphspec.initialisers.he import He
from graphspec.initialisers.lecun import Lecun
from graphspec.initialisers.normal import Normal
from graphspec.initialisers.ones import Ones
from graphspec.initialisers.orthogonal import Orthogonal
from graphspec.initialisers.sparse import Sparse
from graphspec.initialisers.uniform import Uniform
from graphspec.initialisers.zeros import Zeros

AnyInitialiser = (
    Zeros | Ones | Constant | Normal | Uniform | Lecun | He | Glorot | Orthogonal | Sparse
)
INITIALISERS: tuple[type[Initialiser], ...] = get_args(AnyInitialiser)


def _take_name(value: object) -> object:
    """Take ``"he"`` for ``{"kind": "he"}``."""
    return {"kind": value} if isinstance(value, str) else value


InitialiserSpec = Annotated[
    Annotated[AnyInitialiser, Field(discriminator="kind")], BeforeValidator(_take_name)
]
