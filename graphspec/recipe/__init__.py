"""Declarative training settings, and the small piece of mathematics that belongs to each.

A recipe is what a document's ``training`` block holds. It stands below the graph, so that the
block is typed and checked with it, and engines can recognise an update rule and fuse it.
"""
