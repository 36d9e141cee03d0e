"""Train a network from a file, measure it, and ask it about single images."""

from __future__ import annotations

import graphspec as gs


def main() -> None:
    """Train the small ConvNet on 8×8 digits, about two seconds."""
    spec = gs.zoo.load("tiny_convnet")
    run = gs.fit(spec, data="digits", epochs=5)
    print(f"{gs.evaluate(run).accuracy:.1%} of the validation images are right, in {run.path}")

    digits = gs.load_data("digits")
    scores = gs.predict(run, digits.x[:8])["scores"]
    print("true     ", digits.y[:8])
    print("predicted", scores.argmax(axis=1))


if __name__ == "__main__":
    main()
