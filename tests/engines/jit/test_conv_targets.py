"""The convolutions' kernels are written for processors that the tests do not run on."""

from __future__ import annotations

import llvmlite.binding as llvm
import pytest

from graphspec.engines.jit.compiler import llvm_text
from graphspec.engines.jit.kernels import direct, direct_dw, scatter, winograd, winograd_dw
from graphspec.engines.jit.target import Target

NEON = Target("generic", "+neon", width=4, registers=32)
AVX512 = Target("skylake-avx512", "+avx512f,+avx512vl", width=16, registers=32)
RELU = ("relu",)


@pytest.mark.parametrize("target", [NEON, AVX512], ids=["NEON", "AVX-512"])
@pytest.mark.parametrize(
    "routine",
    [
        lambda t: winograd.Forward(4, True, True, True, True, RELU).routine(t),
        lambda t: winograd.Forward(2, after=("elu", "dropout")).routine(t),
        lambda t: winograd.Forward(2, pool=True, edge=True, normed=True).routine(t),
        lambda t: winograd_dw.Gradients(4, False, True).routine(t),
        lambda t: winograd_dw.Gradients(2, True, True).routine(t),
        lambda t: winograd_dw.Gradients(4, True, pool=True, normed=RELU).routine(t),
        lambda t: winograd_dw.add_slices(2, t),
        lambda t: winograd.filters(4, t),
        lambda t: direct.forward(t, direct.Shape(2, True, True, True, True, False, 5, 1, RELU)),
        lambda t: direct_dw.weight_gradient(t, vectors=1, halo=True, tail=True, depthwise=True),
        scatter.gradient,
        scatter.pack,
    ],
    ids=[
        "winograd",
        "functions",
        "normalised",
        "dw",
        "dw and dx",
        "in front of a normalisation",
        "add",
        "filters",
        "direct",
        "depthwise dw",
        "scatter",
        "its pack",
    ],
)
def test_llvm_accepts(routine, target):
    made = routine(target)
    llvm.parse_assembly(llvm_text(made.name, made.emit, target)).verify()
