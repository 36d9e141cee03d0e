"""The softmax over a tree of classes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, Self

import numpy as np
from pydantic import Field, model_validator

from graphspec.errors import ShapeError
from graphspec.initialisers.catalog import InitialiserSpec
from graphspec.initialisers.zeros import ZEROS
from graphspec.layers.base import Array, Backward, Example, Forward, Mode, ParamSpec
from graphspec.layers.scoring import Loss
from graphspec.tensor import TensorSpec

Path = tuple[int, ...]
_Child = Annotated[int, Field(ge=0, le=100_000)]


class HierarchicalSoftmaxLoss(Loss):
    """Hierarchical softmax: classes are the leaves of a tree, and a softmax at each node decides.

    The probability of a class is the product over its path, P(y) = Π_l p_l, where p_l is the
    softmax among a node's children with the scores x·w_e + b_e of the edges e to them.
    Lᵢ = −Σ_l log p_l; at every node on the path ds = p − 1(child taken), dx = Σ ds·w, dw_e = ds·x,
    db_e = ds.

    Features x (N, D), labels (N,), w (E, D), b (E,) for a tree of E edges; losses (N,). Only the
    nodes on the path are computed: about log₂ C of them in a binary tree. At chance the loss is the
    sum of ln(children) over the path, near ln C.
    Source: Morin and Bengio 2005, Hierarchical Probabilistic Neural Network Language Model; CS231n
    notes, Neural Networks 2, loss functions (large number of classes).
    """

    ports: ClassVar[tuple[str, ...]] = ("x", "label")

    kind: Literal["hierarchical_softmax_loss"] = "hierarchical_softmax_loss"
    """The name of this layer's type."""
    paths: tuple[tuple[_Child, ...], ...] | None = None
    """The tree: for each class the numbers of the children on the way from the root, such as
    [[0, 0], [0, 1], [1]] for three classes; null makes a balanced tree."""
    branching: int = Field(default=2, ge=2, le=1000)
    """How many children a node of the balanced tree has at most."""
    init: InitialiserSpec | None = None
    """How the weights start; null takes what suits the activation that follows."""

    @model_validator(mode="after")
    def _paths_make_a_tree(self) -> Self:
        if self.paths is None:
            return self
        for node, children in _nodes(self.paths).items():
            if node in self.paths:
                raise ValueError(f"class {self.paths.index(node)} is a leaf, but paths go on there")
            if children != set(range(len(children))) or len(children) < 2:
                raise ValueError(
                    f"the children at {list(node)} are {sorted(children)}: a node needs two or "
                    "more, numbered from 0 without a gap"
                )
        if len(set(self.paths)) < len(self.paths) or len(self.paths) < 2:
            raise ValueError("a tree needs two classes or more, and no two with the same path")
        return self

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """A balanced tree, one with three children a node, and one that is written out."""
        names, label = ("x", "label"), TensorSpec((), "int", 7)
        paths = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1, 0), (1, 1, 1), (2,))
        return (
            Example(cls(id="loss", inputs=names), (TensorSpec((4,)), label)),
            Example(cls(id="loss", branching=3, inputs=names), (TensorSpec((4,)), label)),
            Example(cls(id="loss", paths=paths, inputs=names), (TensorSpec((3,)), label)),
        )

    def infer(self, *inputs: TensorSpec) -> TensorSpec:
        """((…), label of C) → one number per example."""
        label = inputs[1]
        if label.classes is None or label.shape:
            raise ShapeError(
                f"the loss takes one class index per example, but this input is {label}. "
                'Give the graph\'s input "classes" alone',
                code="label-expected" if label.classes is None else "one-label-expected",
                port="label",
            )
        leaves = label.classes if self.paths is None else len(self.paths)
        if leaves != label.classes or leaves < 2:
            raise ShapeError(
                f"the tree has {leaves} leaves, and the label {label.classes} classes: every class "
                "is a leaf, and a tree has two or more. Write a path for each class",
                code="scores-per-class",
                port="label",
                field="paths",
                arithmetic=f"{leaves} leaves, {label.classes} classes",
            )
        return TensorSpec(())

    def params(self, *inputs: TensorSpec) -> Mapping[str, ParamSpec]:
        """``weight`` (E, D) and ``bias`` (E,), an edge to every node but the root."""
        edges, size = self._tables(inputs[1].classes or 0).edges, inputs[0].size
        return {
            "weight": ParamSpec((edges, size), self.init, fan_in=size, fan_out=edges),
            "bias": ParamSpec((edges,), ZEROS, decay=False),
        }

    def chance_loss(self, *inputs: TensorSpec) -> float | None:
        """The sum of ln(children) over the path, in the mean over the classes."""
        children = self._tables(inputs[1].classes or 0).valid.sum(axis=2)
        return float(np.log(children).sum(axis=1).mean())

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """Lᵢ = −Σ log p over the nodes on the path."""
        x, label = xs
        tables = self._tables(self._classes(params))
        edges, valid = tables.siblings[label], tables.valid[label]  # N, levels, children
        flat = x.reshape(len(x), -1)
        scores = np.einsum("nd,nlkd->nlk", flat, params["weight"][edges]) + params["bias"][edges]
        scores = np.where(valid, scores, -np.inf)
        shifted = scores - scores.max(axis=2, keepdims=True)
        p = np.exp(shifted)
        total = p.sum(axis=2)
        taken = tables.taken[label]
        losses = (np.log(total) - shifted[taken].reshape(total.shape)).sum(axis=1)
        return Forward(losses, (x, label, p / total[:, :, None] - taken))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """ds = p − 1(child taken), at the nodes on the path."""
        x, label, ds = saved
        ds = ds * dy[:, None, None]
        edges = self._tables(self._classes(params)).siblings[label]
        flat = x.reshape(len(x), -1)
        dw, db = np.zeros_like(params["weight"]), np.zeros_like(params["bias"])
        np.add.at(dw, edges, ds[..., None] * flat[:, None, None])
        np.add.at(db, edges, ds)
        dx = None
        if need_dx:
            dx = np.einsum("nlk,nlkd->nd", ds, params["weight"][edges]).reshape(x.shape)
        return Backward((dx, None), {"weight": dw, "bias": db})

    def answers(self, x: Array, params: Mapping[str, Array]) -> Array:
        """The most probable leaf."""
        return np.asarray(self.probabilities(x, params).argmax(axis=1))

    def probabilities(self, x: Array, params: Mapping[str, Array]) -> Array:
        """P(c) = Π p over the path to each leaf: (N, C), and over the leaves their sum is 1."""
        classes = self._classes(params)
        tables = self._tables(classes)
        flat = x.reshape(len(x), -1).astype(np.float64)
        scores = flat @ params["weight"].astype(np.float64).T + params["bias"]
        # The edges of a node to its children lie side by side.
        firsts = np.unique(tables.siblings[:, :, 0])
        sums = np.logaddexp.reduceat(scores, firsts, axis=1)
        logs = scores - np.repeat(sums, np.diff(firsts, append=tables.edges), axis=1)
        taken = tables.siblings[tables.taken].reshape(classes, -1)
        has_ended = tables.valid.sum(axis=2) == 1
        levels = (
            np.where(end, 0, logs[:, edge]) for edge, end in zip(taken.T, has_ended.T, strict=True)
        )
        return np.asarray(np.exp(sum(levels)))

    def macs(self, *inputs: TensorSpec) -> int:
        """D for every child of every node on the longest path."""
        return inputs[0].size * self._longest(inputs[1])

    def saved_size(self, *inputs: TensorSpec) -> int:
        """p − 1(child taken) along the longest path."""
        return self._longest(inputs[1])

    def scratch_size(self, *inputs: TensorSpec, batch: int = 1) -> int:
        """The weights of the path for every example, and the scores."""
        return batch * self._longest(inputs[1]) * (2 * inputs[0].size + 5)

    def _classes(self, params: Mapping[str, Array]) -> int:
        """How many leaves a tree with so many edges has."""
        if self.paths is not None:
            return len(self.paths)
        return _classes_of(len(params["bias"]), self.branching)

    def _longest(self, label: TensorSpec) -> int:
        """The levels of the longest path, times the most children that a node has."""
        first = self._tables(label.classes or 0).siblings[0]
        return int(first.size)

    def _tables(self, classes: int) -> Tables:
        return _tables(self.paths or _balanced(classes, self.branching))


class Tables(NamedTuple):
    """For each class and level of its path: the edges to the children, and which one is taken.

    Where a path has ended there is one child alone, which is taken: its probability is 1, whatever
    its score, and so it costs nothing and has no gradient.
    """

    siblings: Array
    valid: Array
    taken: Array
    edges: int


def _nodes(paths: tuple[Path, ...]) -> dict[Path, set[int]]:
    """The children of every inner node, from the root down."""
    nodes: dict[Path, set[int]] = {}
    for path in paths:
        for level, child in enumerate(path):
            nodes.setdefault(path[:level], set()).add(child)
    return dict(sorted(nodes.items(), key=lambda item: (len(item[0]), item[0])))


@lru_cache(maxsize=64)
def _tables(paths: tuple[Path, ...]) -> Tables:
    nodes, first, edges = _nodes(paths), {}, 0
    for node, children in nodes.items():
        first[node] = edges
        edges += len(children)
    shape = (len(paths), max(map(len, paths)), max(map(len, nodes.values())))
    siblings, valid = np.zeros(shape, np.intp), np.zeros(shape, bool)
    taken = np.zeros(shape, bool)
    valid[:, :, 0] = taken[:, :, 0] = True
    for c, path in enumerate(paths):
        for level, child in enumerate(path):
            count = len(nodes[path[:level]])
            siblings[c, level, :count] = first[path[:level]] + np.arange(count)
            valid[c, level, :count] = True
            taken[c, level] = np.arange(shape[2]) == child
    return Tables(siblings, valid, taken, edges)


@lru_cache(maxsize=64)
def _balanced(classes: int, branching: int) -> tuple[Path, ...]:
    """Paths of a tree whose nodes share their classes out evenly."""
    if classes == 1:
        return ((),)
    parts = min(branching, classes)
    sizes = [classes // parts + (i < classes % parts) for i in range(parts)]
    return tuple((i, *rest) for i, size in enumerate(sizes) for rest in _balanced(size, branching))


@lru_cache(maxsize=1024)
def _edges(classes: int, branching: int) -> int:
    """How many edges the balanced tree has."""
    if classes == 1:
        return 0
    parts = min(branching, classes)
    more = classes % parts
    small = _edges(classes // parts, branching) * (parts - more)
    return parts + small + (_edges(classes // parts + 1, branching) * more if more else 0)


@lru_cache(maxsize=64)
def _classes_of(edges: int, branching: int) -> int:
    """How many leaves the balanced tree with so many edges has: each leaf adds some."""
    return next(classes for classes in range(2, edges + 1) if _edges(classes, branching) == edges)
