"""Layered layout, and routes for edges around nodes: graphlay behind two functions.

Both run in a thread of the pool; what comes back later than a newer request is dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import graphlay
from PySide6.QtCore import QObject

from graphspec.graph import Position
from graphspec_gui.canvas import metrics
from graphspec_gui.canvas.picture import NodePicture, Picture
from graphspec_gui.job import Job

Route = tuple[tuple[float, float], ...]
_OPTIONS: dict[str, Any] = {
    "direction": "topbottom",
    # The default, network simplex, drew GoogLeNet 5,080 wide: this one 984.
    "coords": {"placement": "brandes_koepf"},
    "spacing": {
        "layer_gap": metrics.LAYER_GAP,
        "node_gap": metrics.NODE_GAP,
        "reroute_node_gap": 24.0,
    },
}


def arrange(picture: Picture, only: Iterable[str] | None = None) -> dict[str, Position]:
    """Positions for all nodes of a picture in layers from top to bottom, or for some of them.

    Room is left for the frames of groups. Some nodes only are arranged around the middle of where
    they were, and everything else stays.
    """
    chosen = list(picture.nodes) if only is None else [n for n in only if n in picture.nodes]
    if not chosen:
        return {}
    graph = _graph(picture, chosen, placed=False)
    effort = {"effort": "fast"} if len(chosen) > 400 else {}
    centres = graphlay.layout(graph, options=_OPTIONS | effort).positions()
    corners = {name: _corner(picture.nodes[name], centre) for name, centre in centres.items()}
    corners = _with_room_for_frames(picture, corners)
    if only is None:
        return {name: (_snapped(x), _snapped(y)) for name, (x, y) in corners.items()}
    old_x, old_y = _middle([picture.nodes[name].position for name in chosen])
    new_x, new_y = _middle(list(corners.values()))
    return {
        name: (_snapped(x + old_x - new_x), _snapped(y + old_y - new_y))
        for name, (x, y) in corners.items()
    }


def routes(picture: Picture) -> dict[tuple[str, int], Route]:
    """The lines of all edges around the nodes where they stand, corner by corner."""
    graph = _graph(picture, list(picture.nodes), placed=True)
    found = graphlay.reroute(graph, options=_OPTIONS).edges
    return {
        key: tuple((point["x"], point["y"]) for point in edge["points"])
        for key, edge in zip(picture.edges, found, strict=True)
    }


class Background(QObject):
    """Runs one function after another off the UI thread; only the newest answer is given.

    Args:
        done: takes the answer, in the UI thread.
        parent: with whom it goes.
    """

    def __init__(self, done: Callable[[Any], None], parent: QObject) -> None:
        super().__init__(parent)
        self._done = done
        self._newest = 0

    def ask(self, question: Callable[[], Any]) -> None:
        """Ask for an answer; one that is still awaited is forgotten."""
        self._newest += 1
        job = Job(partial(_answer, self._newest, question))
        job.made.connect(self._accept)
        job.start()

    def forget(self) -> None:
        """Want no answer any more."""
        self._newest += 1

    def _accept(self, numbered: tuple[int, object]) -> None:
        number, answer = numbered
        if number == self._newest and answer is not None:
            self._done(answer)


def _answer(number: int, question: Callable[[], Any]) -> tuple[int, object]:
    """A question's number and answer; none where the engine refuses: its edges stay curved."""
    try:
        return number, question()
    except graphlay.GraphlayError:
        return number, None


def _graph(picture: Picture, names: list[str], *, placed: bool) -> graphlay.Graph:
    graph = graphlay.Graph()
    here = set(names)
    for name in names:
        node = picture.nodes[name]
        width, height = node.size
        where = {}
        if placed:
            x, y = node.position
            where["position"] = {"x": x + width / 2, "y": y + height / 2}
        graph.node(name, width=width, height=height, **where)
    for edge in picture.edges.values():
        if edge.source in here and edge.target in here:
            ports = picture.nodes[edge.target].ports
            at = ports[edge.port].at if edge.port < len(ports) else 0.96
            graph.edge(
                edge.source,
                edge.target,
                source_port={"offset": {"side": "bottom", "t": 0.0}},
                target_port={"offset": {"side": "top", "t": at}},
            )
    return graph


def _corner(node: NodePicture, centre: Position) -> Position:
    width, height = node.size
    return centre[0] - width / 2, centre[1] - height / 2


def _with_room_for_frames(picture: Picture, corners: Mapping[str, Position]) -> dict[str, Position]:
    """Push apart, downwards, what would stand on the edge of a group's frame."""
    room: dict[float, dict[int, float]] = {}
    for frame in picture.frames.values():
        drawn = {picture.shown[name] for name in frame.members} & corners.keys()
        if not drawn:
            continue
        top = min(corners[name][1] for name in drawn)
        bottom = max(corners[name][1] + picture.nodes[name].size[1] for name in drawn)
        tops = room.setdefault(top, {})
        tops[frame.depth] = metrics.FRAME_TITLE
        # A hair below, so that what begins where the frame ends is pushed too, the last node not.
        bottoms = room.setdefault(bottom + 1, {})
        bottoms[-1 - frame.depth] = metrics.FRAME_PAD / 2
    pushes = sorted((y, sum(depths.values())) for y, depths in room.items())
    return {
        name: (x, y + sum(push for at, push in pushes if at <= y))
        for name, (x, y) in corners.items()
    }


def _snapped(value: float) -> float:
    return round(value / metrics.GRID) * metrics.GRID


def _middle(positions: list[Position]) -> Position:
    xs, ys = [x for x, _ in positions], [y for _, y in positions]
    return (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
