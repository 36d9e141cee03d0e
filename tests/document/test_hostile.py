"""Nothing but SpecError comes out of a damaged document, soon, and no code runs."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphspec.check import find_problems
from graphspec.document import loads
from graphspec.errors import SpecError
from graphspec.plan import compile_graph
from tests.document.mutators import TOKENS, mutate

ROOT = Path(__file__).parents[2]
DOCUMENTS = [
    path.read_text("utf-8")
    for folder in (ROOT / "models", ROOT / "tests" / "corpus" / "documents")
    for path in sorted(folder.rglob("*.json"))
]
# A document of many layers takes its time to damage: the campaign takes them all.
SMALL = [text for text in DOCUMENTS if len(text) < 6000]

_watched: list[tuple[str, object]] = []
_watching = False


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    if _watching and event.split(".")[0] in {
        *("import", "exec", "compile", "open", "socket", "os", "subprocess", "ctypes", "pickle"),
        *("marshal", "shutil", "urllib", "http", "code"),
    }:
        _watched.append((event, arguments[:1]))


@contextmanager
def watched() -> Iterator[list[tuple[str, object]]]:
    """List the audit events of the block that could mean that a document ran something."""
    global _watching
    if not getattr(sys, "_graphspec_audit", False):
        sys.addaudithook(_hook)
        sys._graphspec_audit = True  # type: ignore[attr-defined]
    _watched.clear()
    _watching = True
    try:
        yield _watched
    finally:
        _watching = False


def read_and_compile(data: bytes) -> bool:
    """Whether the document loads; anything but SpecError fails the test."""
    try:
        spec = loads(data)
    except SpecError as error:
        problems = error.problems
    else:
        find_problems(spec)
        with suppress(SpecError):
            compile_graph(spec)
        return True
    assert problems
    assert all(problem.code and problem.message for problem in problems)
    return False


def campaign(texts: list[str], count: int, seed: int) -> tuple[int, float]:
    """Read ``count`` damaged documents; return how many still loaded, and the longest time.

    The time is that of this thread, as a busy machine would stretch any other.
    """
    rng = random.Random(seed)
    loaded, longest = 0, 0.0
    for text in texts:
        read_and_compile(text.encode())
        read_and_compile(text.replace("kind", "knid", 1).encode())  # warms the schema
    for number in range(count):
        data = mutate(rng.choice(texts), texts, rng)
        started = time.thread_time()
        try:
            with watched() as events:
                loaded += read_and_compile(data)
        except BaseException as error:
            error.add_note(f"damaged document {number} of seed {seed}: {data[:2000]!r}")
            raise
        assert not events, (number, events, data[:2000])
        longest = max(longest, time.thread_time() - started)
    return loaded, longest


def test_damaged_documents_give_spec_errors_and_run_nothing() -> None:
    loaded, _ = campaign(SMALL, 2000, seed=1)
    assert 100 < loaded < 1900, "the damage should break some documents and spare others"


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_a_hundred_thousand_damaged_documents() -> None:
    loaded, longest = campaign(DOCUMENTS, 100_000, seed=2)
    print(f"{loaded:,} of 100,000 still loaded; the longest took {longest * 1000:.0f} ms")
    assert longest < 1.0


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    read_and_compile(data)


@given(st.lists(st.sampled_from(TOKENS), max_size=30).map("".join))
def test_any_tokens(text: str) -> None:
    read_and_compile(text.encode("utf-8", "surrogatepass"))


def test_the_audit_hook_sees_what_it_watches_for() -> None:
    with watched() as events:
        Path(__file__).read_bytes()
        exec("1")
    assert {event for event, _ in events} >= {"open", "exec", "compile"}
