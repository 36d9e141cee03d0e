"""Every problem of a network at once, with the arithmetic, and fixes to apply."""

from __future__ import annotations

import graphspec as gs

BROKEN = """{
  "format": "graphspec/1", "name": "broken",
  "inputs": {"image": {"shape": [3, 227, 227]}, "label": {"classes": 10}},
  "layers": [
    {"id": "conv1", "kind": "conv2d", "filters": 96, "kernel": 10, "stride": 4},
    {"id": "relu1", "kind": "relu"},
    {"id": "scores", "kind": "linear", "units": 12, "inputs": ["rellu1"]},
    {"id": "loss", "kind": "softmax_loss", "inputs": ["scores", "label"]}
  ],
  "outputs": ["scores"]
}"""


def main() -> gs.GraphSpec:
    """Fix one problem after the other, the first fix of each."""
    spec = gs.loads(BROKEN)
    while problems := [problem for problem in gs.find_problems(spec) if problem.fixes]:
        for problem in problems:
            print(problem)
        fix = problems[0].fixes[0]
        print(f"→ {fix.label}\n")
        spec = fix.apply(spec)
    print("No problems are left:", spec.by_id["conv1"])
    return spec


if __name__ == "__main__":
    main()
