"""Classifiers that are no graph: the baselines that a network has to beat."""
