"""Bugs to plant in losses."""

from __future__ import annotations

BUGS: dict[str, list[tuple[str, str]]] = {
    "softmax_loss": [
        ("dscores[np.arange(len(label)), label] -= dy", "pass"),
        ("dscores[np.arange(len(label)), label] -= dy", "dscores[:, label] -= dy"),
        ("probabilities * dy[:, None]", "probabilities * 1"),
        ("- shifted[", "+ shifted["),
        ("exponentials / total, label", "exponentials, label"),
        ("target.sum(axis=1, keepdims=True) - target", "1 - target"),
    ],
    "hinge_loss": [
        ("= -dscores.sum(axis=1)", "= dscores.sum(axis=1)"),
        ("= -dscores.sum(axis=1)", "= -1"),
        ("2 * terms if", "terms if"),
        ("terms > 0)", "terms >= 0)"),
        ("terms[rows, label] = 0", "pass"),
        ("label] *= -1", "label] *= 1"),
    ],
    "l2_loss": [
        ("return 2 * delta", "return delta"),
    ],
    "regressing": [
        ("(dprediction, -dprediction)", "(dprediction, dprediction)"),
        ("delta = prediction - target", "delta = prediction + target"),
    ],
    "cross_entropy_loss": [
        ("* target.sum(axis=1, keepdims=True) - target", "- target"),
        ("-log_p * dy[:, None]", "log_p * dy[:, None]"),
        ("-log_p * dy[:, None]", "-log_p"),
    ],
    "l1_loss": [
        ("return np.sign(delta)", "return delta"),
    ],
    "binary_hinge_loss": [
        ("(-self.c * slope * dy)", "(self.c * slope * dy)"),
        ("(-self.c * slope * dy)", "(-slope * dy)"),
        ("np.where(term > 0, sign, 0)", "sign"),
        ("2 * term * sign", "term * sign"),
    ],
    "attribute_hinge_loss": [
        ("(-sign * dy.reshape", "(sign * dy.reshape"),
        ("np.where(terms > 0, sign, 0)", "sign"),
        ("self.margin - sign", "1 - 2 * sign"),
    ],
    "logistic_loss": [
        ("(probability - y,", "(probability + y,"),
        ("np.where(scores >= 0, 1, e)", "1"),
        ("- y * scores", "+ y * scores"),
        ("else -scores * dy", "else scores * dy"),
    ],
    "sum_loss": [
        ("(dy.reshape(", "(-dy.reshape("),
        ("x.reshape(len(x), -1).sum(axis=1)", "x.reshape(len(x), -1).mean(axis=1)"),
    ],
    "hierarchical_softmax_loss": [
        ("np.add.at(db, edges, ds)", "db[edges] += ds"),
        ("p / total[:, :, None] - taken", "p - taken"),
        ("np.log(total) - shifted", "np.log(total) + shifted"),
        ("ds = ds * dy[:, None, None]", "pass"),
    ],
    "structured_hinge_loss": [
        ("(worst[:, :-1], worst[:, 1:]), dy", "(worst[:, 1:], worst[:, :-1]), dy"),
        ("-dy[:, None])", "dy[:, None])"),
        ("- (y[..., None] == classes)", "+ (y[..., None] == classes)"),
        ("sums.argmax(axis=1)", "sums.argmax(axis=2)"),
    ],
}
