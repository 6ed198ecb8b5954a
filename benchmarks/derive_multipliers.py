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

from exportlab.valueadded import IOTable
from exportlab.valueadded.single import domestic_content, multipliers, upstreamness

YEARS = (2017, 2018, 2020)
FINAL, INVENTORIES = ["TC", "FU201", "FU202"], "FU202"
OUT = Path(__file__).parent.parent / "exportlab" / "datasets" / "china_io_multipliers.csv"


def read(path: Path) -> tuple[IOTable, pd.Series]:
    """The table and the names of its sectors."""
    t = pd.read_csv(path, dtype={"Code": str}, index_col=0)
    home, abroad = (t[t["Origin"] == origin].set_index("Code") for origin in ("Domestic", "Imports"))
    codes = list(home.index)
    value_added = t.loc[t["Code"] == "TVA", codes].iloc[0].astype(float)
    table = IOTable.from_frames(
        home[codes].astype(float), final=home[FINAL].astype(float), exports=home["EX"].astype(float),
        imported=abroad[codes].astype(float), imported_final=abroad[FINAL].astype(float),
        output=home["GO"].astype(float), value_added=value_added, unit="10,000 CNY",
    )  # fmt: skip
    return table, home["Description"]


def derive(path: Path, year: int) -> pd.DataFrame:
    """One row a sector: multipliers, place in the chain, share of exports."""
    t, names = read(path)
    stock = FINAL.index(INVENTORIES)
    place = upstreamness(t, inventories=t.F[:, stock] + t.Fm[:, stock])
    content = domestic_content(t)
    out = multipliers(t).merge(place, on="sector")
    out.insert(0, "year", year)
    out.insert(2, "description", names.to_numpy())
    out["export_share"] = t.e / t.e.sum()
    out["source"] = f"computed from the National Bureau of Statistics' 42-sector table of {year}"
    print(f"{year}: {content.title}")
    return out


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    frames = [derive(folder / f"china_io_{year}_42.csv", year) for year in YEARS]
    pd.concat(frames).to_csv(OUT, index=False, float_format="%.8g", lineterminator="\n")
