"""Convolutions with the vectors of other processors, which LLVM makes of this one's."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

SCRIPT = """
import sys
from dataclasses import replace
from graphspec.engines.jit import target

made = replace(target.host(), width=int(sys.argv[1]), registers=int(sys.argv[2]))
target.host = lambda: made

from tests.engines.jit.test_conv import POOL, check, net

for accuracy in ("fast", "accurate"):
    for shape, filters, fields, then in (
        ((32, 8, 8), 32, {"pad": 1}, (("relu", {}), POOL)),
        ((20, 9, 7), 37, {}, (("relu", {}),)),
        ((3, 9, 7), 5, {"stride": 2}, ()),
        ((9, 6, 6), 9, {"groups": 9, "pad": 1}, ()),
        ((12, 6, 6), 18, {"groups": 3, "pad": 1}, (("relu", {}), POOL)),
    ):
        check(net(shape, then, filters=filters, kernel=3, **fields), 13, accuracy=accuracy)
"""


@pytest.mark.slow
@pytest.mark.parametrize(("width", "registers"), [(4, 32), (16, 32), (4, 16)])
def test_values_and_gradients(width, registers, tmp_path):
    # A cache of its own: a processor's name and its vectors tell how many registers it has.
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    command = [sys.executable, "-c", SCRIPT, str(width), str(registers)]
    subprocess.run(command, check=True, env=environment)
