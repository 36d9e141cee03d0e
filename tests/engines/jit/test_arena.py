"""Memory that is lent from the first row to the last, and canaries that tell who strays."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphspec.engines.jit.arena import Arena, Span, lay_out
from graphspec.engines.jit.buffers import Buffer
from graphspec.errors import EngineError


@given(
    st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 20), st.integers(0, 6)), max_size=40),
    st.sampled_from([0, 256]),
)
def test_what_lives_together_lies_apart(items: list[tuple[int, int, int]], guard: int) -> None:
    spans = [
        Span(Buffer(str(i), size), first, first + length)
        for i, (size, first, length) in enumerate(items)
    ]
    layout = lay_out(spans, guard=guard)
    placed = list(zip(layout.spans, layout.offsets, strict=True))
    for i, (a, at) in enumerate(placed):
        assert at % 64 == 0
        assert at >= guard
        assert at + a.buffer.nbytes + guard <= layout.size
        for b, other in placed[i + 1 :]:
            if a.first <= b.last and b.first <= a.last:
                apart = at + a.buffer.nbytes + guard <= other
                assert apart or other + b.buffer.nbytes + guard <= at


def test_what_never_lives_together_shares_its_bytes() -> None:
    chain = [Span(Buffer(str(i), 1000), i, i + 1) for i in range(20)]
    assert lay_out(chain).size == 2 * 1024


@pytest.mark.parametrize("where", [-1, 1000])
def test_a_canary_tells_who_strays(where: int) -> None:
    arena = Arena(guarded=True)
    buffer = Buffer("values", 1000)
    layout = lay_out([Span(buffer, 0, 0)], guard=arena.guard)
    arena.reserve(layout.size)
    arena.lend(layout)
    arena.mark(layout)
    assert np.isnan(buffer.bytes().view(np.float32)).all()
    buffer.bytes()[...] = 1
    arena.check(layout)
    arena.memory[layout.offsets[0] + where] = 0
    with pytest.raises(EngineError, match=f"{'before' if where < 0 else 'after'} 'values'"):
        arena.check(layout)
