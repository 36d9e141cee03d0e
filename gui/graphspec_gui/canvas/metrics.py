"""Sizes of everything on the canvas, in scene units: pixels at a zoom of 100 %, on an 8 px grid."""

from __future__ import annotations

from typing import Final

GRID: Final = 8.0
NODE_WIDTH: Final = 216.0
NODE_HEIGHT: Final = 72.0
INPUT_HEIGHT: Final = 56.0
GROUP_HEIGHT: Final = 88.0
RADIUS: Final = 8.0
STRIPE: Final = 6.0
"""Width of the bar that says by its colour which group of layers a node is of."""
PORT_RADIUS: Final = 5.0
PORT_REACH: Final = 14.0
"""How far from its centre a port is hit by the mouse."""
LAYER_GAP: Final = 56.0
NODE_GAP: Final = 40.0
FRAME_PAD: Final = 20.0
FRAME_TITLE: Final = 24.0

FAR: Final = 0.42
"""Below this zoom nodes are drawn all at once: their colour, form and state, and a large title."""
NEAR: Final = 0.62
"""From this zoom on edges carry shapes, and nodes their cost and the names of their ports."""
TITLES: Final = 0.17
"""Below this zoom a title would be too small to read."""
ZOOM_LEAST: Final = 0.02
ZOOM_MOST: Final = 4.0
