"""Pure edits: from a spec to a new one, with everything that refers to it kept right.

An edit takes any ``GraphSpec``, half wired or not, and gives a ``GraphSpec``; one that makes no
sense raises ``SpecError`` and says why. Fixes, the canvas and the command line all edit by these.
"""

from graphspec.edit.fields import parse_assignment, set_field, set_fields, set_value
from graphspec.edit.names import duplicate, group, rename, ungroup
from graphspec.edit.revise import free_id
from graphspec.edit.wiring import (
    add_input,
    add_layer,
    connect,
    disconnect,
    insert_on_edge,
    move,
    port_index,
    port_name,
    remove_layers,
)

__all__ = [
    "add_input",
    "add_layer",
    "connect",
    "disconnect",
    "duplicate",
    "free_id",
    "group",
    "insert_on_edge",
    "move",
    "parse_assignment",
    "port_index",
    "port_name",
    "remove_layers",
    "rename",
    "set_field",
    "set_fields",
    "set_value",
    "ungroup",
]
