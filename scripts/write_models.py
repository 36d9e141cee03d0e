"""Write models/*.json from the builders in graphspec.zoo."""

from __future__ import annotations

from graphspec import document, zoo

for name in zoo.names():
    path = zoo.models_dir() / f"{name}.json"
    document.save(zoo.build(name), path)
    print(path)
