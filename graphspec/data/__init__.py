"""Data sets: built-in ones, readers for foreign files, splits, and batches."""

from __future__ import annotations

from graphspec.data.binning import bin_targets
from graphspec.data.budget import DEFAULT_BUDGET, Budget
from graphspec.data.catalog import DataEntry, list_data, load_data
from graphspec.data.dataset import Dataset
from graphspec.data.downloads import DOWNLOADS, data_home, download
from graphspec.data.loader import Batch, Loader, LoaderState
from graphspec.data.splits import Split, folds, split

__all__ = [
    "DEFAULT_BUDGET",
    "DOWNLOADS",
    "Batch",
    "Budget",
    "DataEntry",
    "Dataset",
    "Loader",
    "LoaderState",
    "Split",
    "bin_targets",
    "data_home",
    "download",
    "folds",
    "list_data",
    "load_data",
    "split",
]
