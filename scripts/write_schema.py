"""Write docs/schema/graphspec-1.json from the models."""

from __future__ import annotations

import json
from pathlib import Path

from graphspec.document import schema

path = Path(__file__).parents[1] / "docs" / "schema" / "graphspec-1.json"
path.parent.mkdir(parents=True, exist_ok=True)
path.write_text(json.dumps(schema(), indent=2, ensure_ascii=False) + "\n", "utf-8")
print(path)
