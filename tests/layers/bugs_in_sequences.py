"""Bugs to plant in layers over sequences."""

from __future__ import annotations

BUGS: dict[str, list[tuple[str, str]]] = {
    "rnn": [
        ("(dy[:, t] + dh)", "dy[:, t]"),
        ("y[:, :-1], da[:, 1:]", "y[:, 1:], da[:, 1:]"),
        ("(1 - y[:, t] ** 2)", "(1 - y[:, t])"),
        ("da.sum(axis=(0, 1))", "da.mean(axis=(0, 1))"),
    ],
    "lstm": [
        ("dc = dc * f", "pass"),
        ("dh = dy[:, t] + dh", "dh = dy[:, t]"),
        ("dc * before * f", "dc * f"),
        ("dc * i * (1 - g**2)", "dc * i"),
        ("cells[:, t - 1] if t else", "cells[:, t] if t else"),
    ],
    "multi_head_attention": [
        ("(dp - (dp * p).sum(axis=3, keepdims=True))", "dp"),
        ("/ sqrt(q.shape[3])\n        dheads", "\n        dheads"),
        ("(ds @ k, ds.swapaxes(2, 3) @ q,", "(ds @ k, ds @ q,"),
        ("d.sum(axis=(0, 1))", "d.sum(axis=(0, 1)) / 2"),
    ],
}
