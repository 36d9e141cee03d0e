"""Runs: following one that trains, listing and comparing those that there are."""
