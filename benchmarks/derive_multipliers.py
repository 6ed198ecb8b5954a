"""Derive China's sector multipliers from the tables of the National Bureau of Statistics.

    python benchmarks/derive_multipliers.py FOLDER

FOLDER holds china_io_2017_42.csv, china_io_2018_42.csv and china_io_2020_42.csv: 42-sector non-competitive
tables with domestic and imported rows told apart by the column Origin. Writes the data set
china_io_multipliers.csv: derived figures only, no cell of the tables.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from exportlab.valueadded import read_nbs

YEARS = (2017, 2018, 2020)
INVENTORIES = "FU202"
OUT = Path(__file__).parent.parent / "exportlab" / "datasets" / "china_io_multipliers.csv"


def derive(path: Path, year: int) -> pd.DataFrame:
    """One row a sector: multipliers, place in the chain, share of exports."""
    t = read_nbs(path)
    names = pd.read_csv(path, dtype=str).drop_duplicates("Code").set_index("Code")["Description"]
    stock = t.final.index(INVENTORIES)
    out = t.multipliers().merge(t.upstreamness(inventories=t.F[:, stock] + t.Fm[:, stock]), on="sector")
    out.insert(0, "year", year)
    out.insert(2, "description", names[out["sector"]].to_numpy())
    out["export_share"] = t.e / t.e.sum()
    out["source"] = f"computed from the National Bureau of Statistics' 42-sector table of {year}"
    print(f"{year}: {t.domestic_content().title}")
    return out


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    frames = [derive(folder / f"china_io_{year}_42.csv", year) for year in YEARS]
    pd.concat(frames).to_csv(OUT, index=False, float_format="%.8g", lineterminator="\n")
