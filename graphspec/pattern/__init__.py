"""ConvNets written in a line: ``INPUT -> [[CONV -> RELU]*2 -> POOL]*3 -> [FC -> RELU]*1 -> FC``.

The grammar is that of the notes, with numbers for N, M and K::

    pattern = "INPUT" "->" chain
    chain   = item { "->" item }
    item    = ( NAME [ options ] [ "?" ] | "[" chain "]" ) [ "*" NUMBER ]
    options = "(" [ NAME "=" value { "," NAME "=" value } ] ")"

Names are those of ``UNITS``; options are fields of the layer, as in ``CONV(filters=64, kernel=5)``.
What is not said is filled in: a CONV has 32 filters, twice as many after every pooling, of 3×3
with stride 1 and a padding that keeps the size; a POOL is 2×2 with stride 2; a hidden FC has 256
units, and the last one gives the class scores. ``POOL?`` pools where both sides of the image are
even, and is left out where they are not.

Source: CS231n notes, Convolutional Networks, layer patterns.
"""

from __future__ import annotations

from graphspec.pattern.folding import contract
from graphspec.pattern.unfolding import expand
from graphspec.pattern.words import UNITS

__all__ = ["UNITS", "contract", "expand"]
