"""Pydantic's findings, told in the document's own terms.

Pydantic names a place by union members and positions in tuples, and says what it compared. Here
every finding gets the JSON path that the author wrote, a stable code, and a sentence that says
what should stand there; the words come from the JSON Schema, and so from the models' docstrings.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import ValidationError

from graphspec.document.json_schema import cached_schema
from graphspec.errors import JsonPath, Problem
from graphspec.spelling import Speller

Schema = dict[str, Any]

_CODES = {
    "missing": "missing-key",
    "extra_forbidden": "unknown-key",
    "union_tag_not_found": "missing-key",
    "union_tag_invalid": "unknown-kind",
    "literal_error": "unknown-value",
    "string_pattern_mismatch": "bad-name",
    "string_too_long": "too-long",
    "too_short": "wrong-length",
    "too_long": "wrong-length",
    "greater_than": "out-of-range",
    "greater_than_equal": "out-of-range",
    "less_than": "out-of-range",
    "less_than_equal": "out-of-range",
    "finite_number": "out-of-range",
    "value_error": "invalid-value",
}
_NOUNS = {
    "integer": "a whole number",
    "number": "a number",
    "string": "a text",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}


def explain(error: ValidationError, document: dict[str, Any], limit: int) -> list[Problem]:
    """List the problems that a validation error tells of, in the order of the document's keys.

    Args:
        error: what validating ``document`` raised.
        document: the JSON values, after upgrades.
        limit: how many problems to tell at most; one more says that there are others.
    """
    problems: dict[tuple[JsonPath, str], Problem] = {}
    unions: set[JsonPath] = set()
    for item in error.errors(include_url=False, include_input=False):
        path, in_union = _document_path(item["loc"], document)
        kind = item["type"]
        if kind == "missing" and isinstance(item["loc"][-1], int):
            kind = "too_short"
        if in_union:
            # One problem for a value that no member of the union takes, not one for each member.
            if path in unions:
                continue
            unions.add(path)
            kind = "union"
        code = _CODES.get(kind, "wrong-type")
        if kind == "union_tag_not_found":
            path = (*path, "kind")
        if (path, code) in problems:
            continue
        if len(problems) == limit:
            problems[(), "more"] = Problem("more-problems", f"and more than these {limit}")
            break
        problems[path, code] = _problem(kind, code, path, item, document)
    return list(problems.values())


def nearest(word: Any, choices: Iterable[str]) -> str:
    """A question with the choice that was probably meant, or nothing."""
    found = Speller(choices).nearest(word) if isinstance(word, str) else None
    return f" Did you mean {_show(found)}?" if found else ""


def _problem(kind: str, code: str, path: JsonPath, item: Any, document: dict[str, Any]) -> Problem:
    layer = _layer_id(path, document)
    schema = _schema_at(path[:-1] if code in ("missing-key", "unknown-key") else path, document)
    key = path[-1] if path else "document"
    value = _value_at(path, document)
    meaning = _first_sentence(schema.get("description"))
    if code == "missing-key":
        known = schema.get("properties", {}).get(key, {})
        meaning = _first_sentence(known.get("description"))
        if key == "kind" and (kinds := _kinds(_schema_at(path[:-1], document, resolve=False))):
            meaning = f"one of {_choices(kinds)}"
        message = f"{_show(key)} is missing{f': {meaning}' if meaning else ''}"
    elif code == "unknown-key":
        keys = list(schema.get("properties", {}))
        guess = nearest(key, keys) or (f" It takes {', '.join(keys)}." if keys else "")
        message = f"{_owner(path, document)} has no {_show(key)}.{guess}"
    elif code == "unknown-kind":
        kinds = _kinds(_schema_at(path, document, resolve=False))
        given = value.get("kind") if isinstance(value, dict) else value
        path = (*path, "kind")
        guess = nearest(given, kinds) or f" There are {', '.join(kinds)}."
        message = f"there is no kind {_show(given)}.{guess}"
    elif code == "invalid-value":
        message = str(item.get("ctx", {}).get("error", item["msg"]))
        if not isinstance(value, dict):
            message += f"; it is {_show(value)}.{nearest(value, _constants(schema))}"
    elif code == "bad-name":
        name = value if isinstance(value, str) else key
        message = (
            f"{_show(name)} cannot be a name. A name starts with a letter or _, goes on with "
            "letters, digits, _ and -, and may have dots between such parts"
        )
    else:
        wanted = _words(schema) or str(item["msg"]).lower()
        message = f"{_subject(path)} must be {wanted}, not {_show(value)}."
        message += nearest(value, _constants(schema)) or (f" It is: {meaning}." if meaning else "")
    return Problem(code, message.rstrip(), path, layer=layer)


def _document_path(loc: Sequence[int | str], document: Any) -> tuple[JsonPath, bool]:
    """The JSON path of a pydantic place, and whether the value failed a whole union.

    Steps that lead nowhere in the document are names of union members. A member chosen by the
    value's ``kind`` is passed over (the layers' places have none); any other means that all
    members were tried.
    """
    if loc[:1] == ("layout",) and len(loc) > 2:
        loc = (*loc[:2], *(loc[3:] if loc[2] == 1 else ()))
    elif loc[:1] == ("inputs",) and loc[2:] == ("id",):
        loc = loc[:2]
    path: list[str | int] = []
    value = document
    entered = False  # whether the last step led into this value
    for i, step in enumerate(loc):
        last = i == len(loc) - 1
        tagged = entered and path[:-1] != ["layers"]
        if tagged and isinstance(value, dict) and step == value.get("kind"):
            entered = False
            continue
        if isinstance(value, dict):
            if isinstance(step, int):
                if step >= len(value):
                    break
                step = list(value)[step]
            elif step not in value:
                # The key that is missing is the last step; anything else is a union's member.
                return ((*path, step), False) if last else (tuple(path), True)
        elif not isinstance(value, list) or not isinstance(step, int):
            return tuple(path), True
        elif step >= len(value):
            break
        path.append(step)
        value = value[step]
        entered = True
    return tuple(path), False


def _schema_at(path: JsonPath, document: Any, *, resolve: bool = True) -> Schema:
    """The schema of the value at a path; of a union by ``kind`` the member that it chose."""
    schema: Schema = cached_schema()
    value = document
    for step in path:
        schema = _chosen(schema, value)
        if isinstance(step, str):
            schema = schema.get("properties", {}).get(step) or _object_or_empty(
                schema.get("additionalProperties")
            )
            value = value.get(step) if isinstance(value, dict) else None
        else:
            prefix = schema.get("prefixItems", [])
            inside = isinstance(value, list) and step < len(value)
            schema = prefix[step] if step < len(prefix) else _object_or_empty(schema.get("items"))
            value = value[step] if inside else None
    return _chosen(schema, value) if resolve else schema


def _chosen(schema: Schema, value: Any) -> Schema:
    """Follow references, the member that fits ``kind``, and the one member besides null."""
    while True:
        if "$ref" in schema:
            target = cached_schema()["$defs"][schema["$ref"].rsplit("/", 1)[-1]]
            outer = {key: item for key, item in schema.items() if key != "$ref"}
            schema = {**target, **outer}
        elif "discriminator" in schema:
            kind = value.get("kind") if isinstance(value, dict) else None
            mapping = schema["discriminator"]["mapping"]
            if not isinstance(kind, str) or kind not in mapping:
                return schema
            schema = {"$ref": mapping[kind]}
        elif len(members := [m for m in schema.get("anyOf", ()) if m.get("type") != "null"]) == 1:
            if value is None:
                return schema
            schema = members[0]
        else:
            return schema


def _kinds(schema: Schema) -> list[str]:
    for member in (schema, *schema.get("anyOf", ())):
        if "discriminator" in member:
            return list(member["discriminator"]["mapping"])
    return []


def _constants(schema: Schema) -> list[str]:
    found = [*schema.get("enum", ()), *([schema["const"]] if "const" in schema else ())]
    for member in schema.get("anyOf", ()):
        found += _constants(member)
    return [value for value in found if isinstance(value, str)]


def _words(schema: Schema) -> str:
    """What a value must be, in words: ``a whole number above 0``."""
    schema = {**schema, **_chosen(schema, {})}
    if "const" in schema:
        return _show(schema["const"])
    if "enum" in schema:
        return _choices(schema["enum"])
    if "discriminator" in schema:
        return f'an object whose "kind" is {_choices(_kinds(schema))}'
    if "anyOf" in schema:
        return _or([_words(member) for member in schema["anyOf"]])
    text = _NOUNS.get(schema.get("type", ""), "")
    lowest, highest = schema.get("minItems"), schema.get("maxItems")
    if lowest is not None and lowest == highest:
        text += f" of {lowest}"
    elif highest is not None:
        text += f" of at most {highest}"
    elif lowest:
        text += f" of at least {lowest}"
    items = schema.get("items") or next(iter(schema.get("prefixItems", ())), None)
    if items and (item := _words(items)):
        text += f", each {item},"
    bounds = [
        f"{word} {schema[name]:,}"
        for name, word in (
            ("exclusiveMinimum", "above"),
            ("minimum", "at least"),
            ("exclusiveMaximum", "below"),
            ("maximum", "at most"),
        )
        if name in schema
    ]
    if bounds:
        joined = " and ".join(bounds)
        text += f" of {joined}" if joined.startswith("at ") else f" {joined}"
    if "maxLength" in schema:
        text += f" of at most {schema['maxLength']} characters"
    return text.rstrip(",")


def _owner(path: JsonPath, document: Any) -> str:
    """What an unknown key was found in."""
    if len(path) == 1:
        return "a document"
    holder = _value_at(path[:-1], document)
    kind = holder.get("kind") if isinstance(holder, dict) else None
    if isinstance(kind, str):
        return f"a {kind} layer" if len(path) == 3 and path[0] == "layers" else kind
    names = {"inputs": "an input", "training": "the training block"}
    return names.get(str(path[0]), _show(path[-2])) if len(path) <= 3 else _show(path[-2])


def _subject(path: JsonPath) -> str:
    if not path:
        return "the document"
    if isinstance(path[-1], int):
        holder = next((step for step in reversed(path) if isinstance(step, str)), "list")
        return f"item {path[-1] + 1} of {_show(holder)}"
    return _show(path[-1])


def _layer_id(path: JsonPath, document: Any) -> str | None:
    if len(path) < 2 or path[0] != "layers":
        return None
    name = _value_at((*path[:2], "id"), document)
    return name if isinstance(name, str) else None


def _value_at(path: JsonPath, document: Any) -> Any:
    value = document
    for step in path:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value


def _first_sentence(text: str | None) -> str:
    if not text:
        return ""
    return " ".join(text.split("\n\n")[0].split()).split(". ")[0].split("; ")[0].rstrip(".")


def _choices(values: Sequence[Any]) -> str:
    return _or([_show(value) for value in values])


def _or(parts: Sequence[str]) -> str:
    return f"{', '.join(parts[:-1])} or {parts[-1]}" if len(parts) > 1 else "".join(parts)


def _show(value: Any) -> str:
    """A value as JSON on one short line."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list) and len(value) > 8:
        return f"a list of {len(value)}"
    text = json.dumps(value, ensure_ascii=False)
    if not text.isprintable():
        text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:56]}…"


def _object_or_empty(value: Any) -> Schema:
    return value if isinstance(value, dict) else {}
