"""Embedded real figures, each row with its source.

Units stay as published (100m CNY and 100m USD are never mixed); periods stay as published and are given as
months beside it; what was inferred or undated stayed out, and the manifest says how much and why.
"""

from exportlab.datasets.chained import chains
from exportlab.datasets.tables import Dataset, about, convert, describe, load, names, policy

__all__ = ["Dataset", "about", "chains", "convert", "describe", "load", "names", "policy"]
