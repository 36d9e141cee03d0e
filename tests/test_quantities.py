"""Numbers for people."""

from __future__ import annotations

import pytest

from graphspec.quantities import size


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (1023, "1,023 B"),
        (1536, "1.5 KiB"),
        (2**20 - 1, "1.0 MiB"),
        (123_000_000, "117.3 MiB"),
        (2**62, "4.0 EiB"),
        (10**400, "1,099,511,627,776.0 EiB"),
    ],
)
def test_bytes_are_told_with_the_unit_that_leaves_few_digits(count: int, text: str) -> None:
    assert size(count) == text
