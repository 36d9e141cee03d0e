"""Install PyTorch for the tests that compare with it, if that costs no gigabytes.

The tests need nothing but its CPU build. On some machines the package index offers only builds
that pull in several gigabytes of GPU libraries. So pip first says what it would install, which
downloads nothing; a plan that holds GPU libraries is not carried out, and the tests that need
PyTorch are skipped and say so. `WITH_TORCH=1` carries out any plan, `WITH_TORCH=0` none.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys

REQUIREMENT = "torch==2.13.0"
GPU_LIBRARIES = ("nvidia-", "cuda-", "triton", "pytorch-triton")
PIP = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]


def planned() -> list[str] | None:
    """Names of the packages that pip would install; None where it cannot find them."""
    command = [*PIP, "--dry-run", "--report", "-", REQUIREMENT]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        return None
    return [item["metadata"]["name"].lower() for item in json.loads(answer.stdout)["install"]]


def main() -> int:
    """Install PyTorch or say why not; never fail, since the core does without it."""
    wish = os.environ.get("WITH_TORCH", "")
    if importlib.util.find_spec("torch") is not None:
        return 0
    if wish == "0":
        print("PyTorch is left out (WITH_TORCH=0); the tests that need it are skipped.")
        return 0
    if wish != "1":
        names = planned()
        if names is None:
            print(f"pip finds no {REQUIREMENT}; the tests that need it are skipped.")
            return 0
        heavy = [name for name in names if name.startswith(GPU_LIBRARIES)]
        if heavy:
            print(f"pip offers {REQUIREMENT} only with GPU libraries ({len(heavy)} packages,")
            print("gigabytes); it is left out, and the tests that need it are skipped.")
            print("Install a CPU build into .venv by hand, or take it all: make test WITH_TORCH=1")
            return 0
    print(f"Installing {REQUIREMENT} for the tests that compare with it.")
    if subprocess.run([*PIP, REQUIREMENT], check=False).returncode != 0:
        print(f"{REQUIREMENT} could not be installed; the tests that need it are skipped.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
