"""Bugs to plant in the gates of circuits and in activations."""

from __future__ import annotations

BUGS: dict[str, list[tuple[str, str]]] = {
    "subtract": [("(dy, -dy)", "(dy, dy)")],
    "divide": [("-da * y", "da * y"), ("da = dy / b", "da = dy * b")],
    "maximum": [
        ("x > y", "x < y"),
        ("enumerate(xs[1:], start=1)", "enumerate(xs[1:])"),
        ("switches == i", "switches >= i"),
    ],
    "reciprocal": [("-dy * y * y", "dy * y * y"), ("-dy * y * y", "-dy * y")],
    "exp": [("return dy * y", "return dy")],
    "log": [("return dy / x", "return dy * x")],
    "square": [("2 * x * dy", "x * dy")],
    "add_constant": [("(dy,)", "(self.constant * dy,)")],
    "scale": [("(self.factor * dy,)", "(dy,)")],
    "elu": [
        ("y > 0, 1, y + self.alpha", "y > 0, 1, self.alpha"),
        ("np.expm1(np.minimum(x, 0))", "np.exp(np.minimum(x, 0))"),
    ],
    "selu": [
        ("SCALE, y + SCALE * ALPHA", "1, y + SCALE * ALPHA"),
        ("SCALE, y + SCALE * ALPHA", "SCALE, y + ALPHA"),
    ],
    "gelu": [
        ("below + x * np.exp", "below - x * np.exp"),
        ("1 + 3 * CUBIC", "1 + CUBIC"),
        ("(1 - t * t)", "(1 - t)"),
    ],
    "silu": [("1 + x * (1 - sigma)", "1 + (1 - sigma)"), ("1 + x * (1 - sigma)", "1")],
    "softplus": [("-dy * np.expm1(-y)", "dy * np.exp(-y)"), ("-dy * np.expm1(-y)", "-dy * -y")],
    "hardswish": [("2 * x + 3", "x + 3"), ("x >= 3, 1", "x >= 3, x")],
    "prelu": [
        ("products = dy * np.minimum(x, 0)", "products = dy * x"),
        ("None if self.shared else (0, ", "None if self.shared else (1, "),
        ("np.where(x > 0, dy, self._lined_up", "np.where(x < 0, dy, self._lined_up"),
    ],
    "maxout": [
        ("sums.argmax(axis=0)", "sums.argmin(axis=0)"),
        ("dy * (switches", "2 * dy * (switches"),
        ("shares.sum(axis=1)", "shares.mean(axis=1)"),
        ("np.arange(self.pieces)[:, None, None]", "1 - np.arange(self.pieces)[:, None, None]"),
    ],
}
