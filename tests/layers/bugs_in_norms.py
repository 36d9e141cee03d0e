"""Bugs to plant in norms, noise and the pools that came with them."""

from __future__ import annotations

BUGS: dict[str, list[tuple[str, str]]] = {
    "gaussian_noise": [
        ("else dy * factor", "else dy"),
        ("if not mode.training or", "if"),
        ("Forward(x * noise, (noise,))", "Forward(x * noise, (noise - 1,))"),
    ],
    "drop_connect_linear": [
        ("dw *= mask", "pass"),
        ("            w = w * mask\n        dparams", "        dparams"),
        ("if mode.training and self.drop:", "if self.drop:"),
    ],
    "stochastic_pool2d": [
        ("dxp[at] += share", "dxp[at] = share"),
        ("(2 * a - y)", "(a - y)"),
        ("* (a > 0)", "* 1"),
        ("np.where(y > 0, places, len(a))", "places"),
    ],
    "lp_pool2d": [
        ("dxp[at] += shares", "dxp[at] = shares"),
        ("* np.sign(x)", "* 1"),
        ("** (self.power - 1)\n        dxp", "** self.power\n        dxp"),
    ],
    "local_response_norm": [
        ("damped - 2 * self", "damped + 2 * self"),
        ("damped - 2 * self", "damped - self"),
        ("damped * x / s)", "dy * x / s)"),
        ("total[:, :-shift] += values[:, shift:]", "pass"),
    ],
    "normalising": [
        ("dx = g - normal", "dx = g + normal"),
        ("dx -= g.mean(axis=2, keepdims=True)", "pass"),
        ("dx *= inverse", "pass"),
        ("if extent == 1)", "if extent != 1)"),
    ],
    "layer_norm": [
        ("(*[1] * self.axis, *shape[self.axis :])", "(*shape[self.axis :], *[1] * self.axis)")
    ],
}
