"""Edits that would remove a problem, tried out before they are offered."""

from __future__ import annotations

from collections.abc import Callable

from graphspec.check import shape_fixes, wiring_fixes
from graphspec.check.scene import Proposals, Scene
from graphspec.check.shapes import Shapes
from graphspec.check.wiring import Wiring
from graphspec.errors import Fix, Problem
from graphspec.graph import GraphSpec

OFFERED = 5

PROPOSERS: dict[str, Callable[[Problem, Scene], Proposals]] = {
    **wiring_fixes.PROPOSERS,
    **shape_fixes.PROPOSERS,
}
"""By the code of the problem."""


class Proposer:
    """Finds the fixes of the problems of one graph."""

    def __init__(self, spec: GraphSpec, wiring: Wiring, shapes: Shapes) -> None:
        self._scene = Scene(spec, wiring, shapes)

    def fixes(self, problem: Problem) -> tuple[Fix, ...]:
        """A few edits, the most likely one first; each removes the problem."""
        propose = PROPOSERS.get(problem.code)
        if propose is None or self._ambiguous(problem):
            return ()
        fixes: dict[str, Fix] = {}
        for label, apply in propose(problem, self._scene):
            fixes.setdefault(label, Fix(label, apply))
            if len(fixes) == OFFERED:
                break
        return tuple(fixes.values())

    def _ambiguous(self, problem: Problem) -> bool:
        """Whether an edit by id would reach another layer of the same id."""
        path = problem.path
        if problem.code == "duplicate-id" or len(path) < 2 or path[0] != "layers":
            return False
        i = path[1]
        return isinstance(i, int) and self._scene.number(self._scene.layer(i).id) != i
