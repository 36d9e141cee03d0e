"""Draw a chain of layers as an SVG: what flows through it, to scale, with its arithmetic.

Images are stacks of squares whose side follows their size, features are bars whose height follows
the logarithm of their number. Activations keep the shape, so they stand with the layer before
them. The colours can be told apart by the colour-blind, and follow the reader's dark mode.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from math import log2, prod

from graphspec.graph import GraphSpec
from graphspec.layers.base import Layer
from graphspec.plan import compile_graph
from graphspec.tensor import TensorSpec

HEIGHT = 250
MIDDLE = 108
GAP = 42
SHEETS = 8
STYLE = """
  text { font: 12px system-ui, sans-serif; fill: #24292f; text-anchor: middle; }
  .name { font-weight: 600; }
  .title { font-size: 15px; font-weight: 600; text-anchor: start; }
  .quiet { fill: #57606a; }
  .edge { stroke: #57606a; stroke-width: 1.5; fill: none; marker-end: url(#tip); }
  .tip { fill: #57606a; }
  .sheet { stroke: #ffffff; stroke-width: 1; }
  .paper { fill: #ffffff; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; } .quiet { fill: #9aa4af; }
    .edge { stroke: #9aa4af; } .tip { fill: #9aa4af; } .sheet { stroke: #0d1117; }
    .paper { fill: #0d1117; }
  }
"""
COLOURS = {"Input": "#999999", "Convolution": "#0072b2", "Pooling": "#009e73", "Dense": "#d55e00"}
OTHER = "#cc79a7"


@dataclass
class Block:
    """One drawn value: the layers that made it, and its shape."""

    group: str
    words: list[str]
    shape: TensorSpec
    params: int = 0

    def extent(self) -> tuple[float, float, int]:
        """Width and height of one sheet in pixels, and how many sheets are shown."""
        if len(self.shape.shape) == 3:
            channels, _, width = self.shape.shape
            side = 12 + 2.6 * width
            return side, side, min(channels, SHEETS)
        return 12, 14 + 10 * log2(max(self.shape.size, 2)), 1


def draw(spec: GraphSpec) -> str:
    """The SVG of a network whose layers follow one another.

    Raises:
        SpecError: the graph does not compile.
    """
    blocks = _blocks(spec)
    parts: list[str] = []
    x = 24.0
    previous: float | None = None
    for block in blocks:
        width, height, sheets = block.extent()
        whole = width + 4 * (sheets - 1)
        column = max(whole, 76)
        left = x + (column - whole) / 2
        if previous is not None:
            parts.append(f'<path class="edge" d="M{previous:.0f} {MIDDLE}H{left - 5:.0f}"/>')
        top = MIDDLE - (height + 4 * (sheets - 1)) / 2
        colour = COLOURS.get(block.group, OTHER)
        parts += [
            f'<rect class="sheet" x="{left + 4 * i:.1f}" y="{top + 4 * i:.1f}" '
            f'width="{width:.1f}" height="{height:.1f}" fill="{colour}"/>'
            for i in range(sheets)
        ]
        parts += _labels(block, x + column / 2)
        previous = left + whole + 3
        x += column + GAP
    total = sum(block.params for block in blocks)
    paper = '<rect class="paper" width="100%" height="100%" rx="6"/>'
    title = f'<text class="title" x="16" y="22">{escape(spec.name)}</text>'
    said = f'<text class="quiet" style="text-anchor:end" x="{x - GAP + 8:.0f}" y="22">'
    said += f"{total:,} parameters</text>"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {x - GAP + 24:.0f} {HEIGHT}" '
        f'role="img" aria-label="{escape(spec.name)}, {total:,} parameters">\n'
        f"<style>{STYLE}</style>\n"
        '<marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto"><path class="tip" d="M0 0L8 4L0 8z"/></marker>\n'
        + "\n".join([paper, title, said, *parts])
        + "\n</svg>\n"
    )


def _blocks(spec: GraphSpec) -> list[Block]:
    plan = compile_graph(spec)
    blocks = [
        Block("Input", [name], shape)
        for name, shape in plan.inputs.items()
        if shape.classes is None
    ]
    for node in plan.nodes:
        layer = node.layer
        if layer.is_loss:
            continue
        params = sum(prod(param.shape) for param in node.params.values())
        if not params and node.output == blocks[-1].shape:
            blocks[-1].words.append(_words(layer))
        else:
            blocks.append(Block(layer.group, [layer.id, _words(layer)], node.output, params))
    return blocks


def _words(layer: Layer) -> str:
    kernel = getattr(layer, "kernel", None)
    kind = str(getattr(layer, "kind", ""))
    if kernel is None:
        return kind
    tall, wide = kernel if isinstance(kernel, tuple) else (kernel, kernel)
    return f"{kind} {tall}×{wide}"


def _labels(block: Block, x: float) -> list[str]:
    name, *words = block.words
    lines = [("name", name), ("", str(block.shape)), *(("quiet", word) for word in words)]
    if block.params:
        lines.append(("quiet", f"{block.params:,} params"))
    return [
        f'<text class="{style}" x="{x:.0f}" y="{HEIGHT - 66 + 15 * i}">{escape(text)}</text>'
        for i, (style, text) in enumerate(lines)
    ]
