"""The dock with every kind of layer."""
