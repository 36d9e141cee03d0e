"""The canvas: a network as nodes and edges, to look at and to edit."""
