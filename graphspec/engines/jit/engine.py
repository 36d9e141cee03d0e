"""The engine that runs plans with compiled kernels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from graphspec.engines.base import Array
from graphspec.engines.jit.executable import JitExecutable
from graphspec.engines.jit.lowering.catalog import Catalog, catalog
from graphspec.engines.jit.lowering.site import Accuracy
from graphspec.errors import EngineError
from graphspec.memory import Workspace
from graphspec.plan import Plan


class JitEngine:
    """Trains on the CPU with kernels compiled for this processor, in float32.

    ``accuracy`` is ``fast`` (errors of a layer up to 2e-5 of its largest value: Winograd F(4×4)) or
    ``accurate`` (2e-6). ``guarded`` puts canaries around every buffer, for tests. Layers without
    kernels run through their numpy.

    Raises:
        EngineError: the number of threads is not above 0, or there is no such accuracy.
    """

    name = "jit"

    def __init__(
        self,
        *,
        threads: int = 1,
        accuracy: Accuracy = "fast",
        lowerings: Catalog | None = None,
        guarded: bool = False,
    ) -> None:
        if threads < 1:
            raise EngineError(f"there must be at least one thread, not {threads}")
        if accuracy not in get_args(Accuracy):
            raise EngineError(f"there is no accuracy {accuracy!r}")
        self.threads = threads
        self.accuracy = accuracy
        self._lowerings = catalog() if lowerings is None else lowerings
        self._guarded = guarded

    @property
    def environment(self) -> dict[str, Any]:
        """What else the bits of its results depend on."""
        from llvmlite import __version__

        return {"accuracy": self.accuracy, "llvmlite": __version__}

    def load(
        self, plan: Plan, *, seed: int, weights: Mapping[str, Array] | None = None
    ) -> JitExecutable:
        """Allocate and initialise; ``weights`` (by full name) replace the drawn ones.

        Raises:
            EngineError: a weight's name or shape does not belong to the plan.
        """
        options: dict[str, Any] = {"threads": self.threads, "accuracy": self.accuracy}
        return JitExecutable(
            plan, seed, weights, catalog=self._lowerings, guarded=self._guarded, **options
        )

    def workspace(self, plan: Plan, batch: int, *, training: bool = True) -> Workspace:
        """The arena of such a step, which is lowered for it, and what is kept besides."""
        from graphspec.engines.jit.footprint import workspace

        return workspace(
            plan,
            batch,
            threads=self.threads,
            accuracy=self.accuracy,
            catalog=self._lowerings,
            training=training,
        )
