"""Settings that every test shares."""

from __future__ import annotations

import os

# The last bits of a matrix product depend on the number of BLAS threads, and xdist already uses
# both cores: one thread a process, decided before numpy reads it.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

from hypothesis import HealthCheck, settings  # noqa: E402

# No deadline: the first example pays for imports, and a shared machine stalls at will.
_shared = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("default", max_examples=50, **_shared)
settings.register_profile("ci", max_examples=100, derandomize=True, **_shared)
settings.load_profile("ci" if os.environ.get("CI") else "default")
