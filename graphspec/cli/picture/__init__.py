"""``graphspec picture``: one file a family of pictures."""

from __future__ import annotations

from cyclopts import App

COMMANDS = {
    "worked-example": "A linear classifier of four pixels and three classes, with every number.",
    "svm-sum": "The SVM loss of three points in one dimension: hinges, and their mean.",
    "regions": "Decision regions of nearest neighbours, or of a trained network.",
    "folds": "The cross-validation of a graphspec knn: points, mean and spread.",
    "activations": "Activation functions with their derivatives.",
    "network": "A dense network as circles and lines.",
    "data-flow": "From examples and weights to data loss and penalties.",
    "capacity": "What more units and stronger penalties do, trained on a spiral.",
    "preprocessing": "Centring, normalising, decorrelating and whitening of points.",
    "trajectories": "The ways of update rules over a saddle and through a valley.",
}
_FILES = {
    "worked-example": "linear",
    "svm-sum": "linear",
    "regions": "regions",
    "folds": "regions",
    "activations": "networks",
    "network": "networks",
    "data-flow": "networks",
    "capacity": "training",
    "preprocessing": "training",
    "trajectories": "training",
}

app = App(name="picture", help="Draw data, classifiers, activations and networks.")
for _name, _text in COMMANDS.items():
    _function = _name.replace("-", "_")
    _place = f"graphspec.cli.picture.{_FILES[_name]}:{_function}_command"
    app.command(_place, name=_name, help=_text)
