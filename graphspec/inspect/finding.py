"""What an examination finds: a verdict with its numbers, and what to do."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Verdict = Literal["good", "bad", "unknown"]
NAMED = 3
"""How many layers, parameters or numbers a finding tells of, the worst ones."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what was found, and what to do.

    ``measured`` has the numbers with their arithmetic; of a verdict that cannot be told it is the
    reason. ``layers`` and ``params`` are those that it is about, by id and by full name.
    """

    check: str
    verdict: Verdict
    measured: str
    advice: str = ""
    layers: tuple[str, ...] = ()
    params: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The finding as JSON values."""
        return asdict(self)
