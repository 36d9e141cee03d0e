"""What somebody may have meant: the nearest of the names that there are."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from difflib import SequenceMatcher

CUTOFF = 0.6


class Speller:
    """Finds the nearest known name to a misspelt one.

    A document of ten thousand wrong names must not take minutes, so all look-ups of one speller
    share ``effort``, counted in pairs of characters compared; once it is spent only names that
    differ in nothing but case are found.
    """

    def __init__(self, names: Iterable[str], *, effort: int = 1_000_000) -> None:
        self._names = tuple(dict.fromkeys(names))
        self._folded = {name.casefold(): name for name in reversed(self._names)}
        self._effort = effort

    def nearest(self, word: str, exclude: Collection[str] = ()) -> str | None:
        """The known name that is most like ``word``, or None when none is alike."""
        same = self._folded.get(word.casefold())
        if same is not None and same not in exclude:
            return same
        best, best_ratio = None, CUTOFF
        matcher = SequenceMatcher(autojunk=False)
        matcher.set_seq2(word)
        for name in self._names:
            if self._effort <= 0:
                break
            self._effort -= 1
            if name in exclude:
                continue
            matcher.set_seq1(name)
            if matcher.real_quick_ratio() <= best_ratio:
                continue
            self._effort -= len(word) + len(name)
            if matcher.quick_ratio() <= best_ratio:
                continue
            self._effort -= len(word) * len(name)
            ratio = matcher.ratio()
            if ratio > best_ratio:
                best, best_ratio = name, ratio
        return best


def did_you_mean(word: str, names: Iterable[str]) -> str:
    """The end of an error message: ``". Did you mean 'relu1'?"``, or nothing."""
    name = Speller(names).nearest(word)
    return "" if name is None else f". Did you mean {name!r}?"
