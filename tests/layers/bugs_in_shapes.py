"""Bugs to plant in layers that change shapes."""

from __future__ import annotations

BUGS: dict[str, list[tuple[str, str]]] = {
    "conv_transpose2d": [
        ("yp[at] += stamps", "yp[at] = stamps"),
        ("stamps[:, :, i, j]", "stamps[:, :, -1 - i, -1 - j]"),
        ("columns.swapaxes(1, 2)).sum(axis=0)", "columns.swapaxes(1, 2)).mean(axis=0)"),
        ("dy.sum(axis=(0, 2, 3))", "dy[:, :, 1:].sum(axis=(0, 2, 3))"),
        ('params["weight"].reshape(c, -1).T @', 'params["weight"].reshape(-1, c) @'),
    ],
    "upsample2d": [
        ("copies.sum(axis=(3, 5))", "copies.mean(axis=(3, 5))"),
        ("a.T @ dy @ b", "2 * a.T @ dy @ b"),
        ("shape[3], horizontal)", "horizontal, shape[3])"),
    ],
    "pad2d": [
        ("gathered[:, :, row] +=", "gathered[:, :, row] ="),
        ("top : top + shape[2]", "left : left + shape[2]"),
        ("[..., j]", "[..., -1 - j]"),
    ],
    "crop2d": [
        ("slice(top, shape[2] - bottom)", "slice(bottom, shape[2] - bottom)"),
        ("= dy\n", "+= 2 * dy\n"),
    ],
    "slice": [("dx[self._part] = dy", "dx[self._part] = -dy"), (", self.step))", ", 1))")],
    "append_one": [("dy[:, :-1]", "dy[:, 1:]")],
    "permute": [("np.argsort(self._order)", "self._order")],
    "matmul": [
        ("(dy @ b, dy", "(dy @ b, 2 * dy"),
        ("a.swapaxes(-1, -2) @ dy", "-a.swapaxes(-1, -2) @ dy"),
    ],
    "embedding": [("np.add.at(dw, x, dy)", "dw[x] += dy"), ("np.add.at(dw, x, dy)", "dw[x] = dy")],
    "reduce_sum": [("self.spread(dy, shape)", "2 * self.spread(dy, shape)")],
    "reduce_mean": [("/ self.count(shape)", "/ shape[-1]")],
    "reduce_max": [("numbers == kept", "numbers >= kept"), ("rows.argmax", "rows.argmin")],
}
