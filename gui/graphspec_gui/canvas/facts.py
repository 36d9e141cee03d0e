"""What checking found out, as it is written on nodes and edges."""

from __future__ import annotations

from collections.abc import Callable

from graphspec.errors import Problem
from graphspec.quantities import size
from graphspec.summary import BYTES_PER_NUMBER
from graphspec_gui.canvas.labels import kind_doc, short
from graphspec_gui.canvas.looks import STATE_WORDS, STATES
from graphspec_gui.canvas.node_item import Facts
from graphspec_gui.canvas.picture import FOLDED, INPUT_GROUP, EdgePicture, NodePicture
from graphspec_gui.findings import Cost, Findings

TOLD = 6
"""A tooltip tells so many problems, and how many more there are."""


def facts_of(node: NodePicture, findings: Findings) -> Facts:
    """Shape, cost, state and tooltip of a node; of a folded group their totals."""
    names = node.members or (node.id,)
    problems = [problem for name in names for problem in findings.of(name)]
    state = max((findings.state(name) for name in names), key=STATES.index)
    costs = [findings.costs[name] for name in names if name in findings.costs]
    total = Cost(sum(cost.params for cost in costs), sum(cost.macs for cost in costs))
    sizes = [findings.shapes[name].size for name in names if name in findings.shapes]
    memory = size(BYTES_PER_NUMBER * sum(sizes)) if sizes and node.group != INPUT_GROUP else ""
    tensor = findings.shapes.get(_last(node, findings))
    shape = "" if tensor is None else str(tensor)
    wrong = {problem.port for problem in problems if problem.is_error and not node.members}
    bad = frozenset(port.place for port in node.ports if port.name in wrong)
    return Facts(
        f"→ {shape}" if shape and node.group == FOLDED else shape,
        f"{short(total.params)} params" if total.params else "",
        f"{short(total.macs)} MAC" if total.macs else "",
        memory,
        state,
        bad,
        _tip(node, problems, shape, total, memory),
    )


def labels_of(findings: Findings) -> Callable[[str], str]:
    """A function that gives the text of an edge from what it reads."""
    shapes = findings.shapes

    def label(name: str) -> str:
        tensor = shapes.get(name)
        return "" if tensor is None else str(tensor)

    return label


def describe(node: NodePicture, facts: Facts) -> str:
    """A node in one sentence, for screen readers and the status bar."""
    reads = [port.source or "nothing" for port in node.ports]
    parts = [
        f"{node.id}, {node.kind}",
        node.brief,
        f"output {facts.shape}" if facts.shape else "output unknown",
        f"reads {', '.join(reads)}" if reads else "",
        "output of the graph" if node.is_output else "",
        STATE_WORDS[facts.state],
    ]
    return ", ".join(part for part in parts if part)


def describe_edge(edge: EdgePicture, shape: str) -> str:
    """An edge in one sentence, for screen readers."""
    return f"Edge from {edge.reads} to {edge.reader}" + (f", {shape}" if shape else "")


def port_tip(node: NodePicture, place: int, findings: Findings) -> str:
    """What a port reads, and what is wrong there."""
    port = next(port for port in node.ports if port.place == place)
    tensor = findings.shapes.get(port.source or "")
    what = f"{port.source} ({tensor})" if tensor is not None else port.source
    lines = [f"{node.id}.{port.name} reads {what or 'nothing yet: drag an edge here'}"]
    for problem in findings.of(node.id):
        if problem.port == port.name:
            lines += ["", f"{problem.severity.capitalize()}: {problem.message}"]
            if problem.arithmetic:
                lines.append(problem.arithmetic)
    return "\n".join(lines)


def _last(node: NodePicture, findings: Findings) -> str:
    """The layer whose output a node shows: itself, or the last to run of a folded group."""
    if not node.members:
        return node.id
    inside = set(node.members)
    running = [name for name in findings.order if name in inside]
    return running[-1] if running else node.members[-1]


def _tip(node: NodePicture, problems: list[Problem], shape: str, total: Cost, memory: str) -> str:
    lines = [f"{node.id} · {node.kind}" + (f" {node.brief}" if node.brief else "")]
    if doc := kind_doc(node.kind):
        lines.append(doc)
    if shape:
        kept = f", {memory} for each example" if memory else ""
        lines.append(f"Output {shape}{kept}")
    if total.params or total.macs:
        lines.append(f"{total.params:,} parameters, {total.macs:,} multiply-adds")
    for problem in problems[:TOLD]:
        lines += ["", f"{problem.severity.capitalize()}: {problem.message}"]
        if problem.arithmetic:
            lines.append(problem.arithmetic)
    if len(problems) > TOLD:
        lines += ["", f"and {len(problems) - TOLD} more"]
    return "\n".join(lines)
