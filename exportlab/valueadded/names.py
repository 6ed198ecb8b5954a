"""What the literature and other programs call the same term: a table, read from ``names.csv``."""

from __future__ import annotations

from importlib.resources import files

import pandas as pd


def names() -> pd.DataFrame:
    """Our term, its method, meaning and formula, and its name in TiVA, KWW, icio and the R packages.

    An empty name means that the program has no such term. `warning` says where one name hides two terms.
    """
    with files("exportlab.valueadded").joinpath("names.csv").open(encoding="utf-8") as file:
        return pd.read_csv(file, dtype=str, keep_default_na=False)
