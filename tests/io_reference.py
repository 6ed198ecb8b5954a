"""Input-output tables and what other programs made of them: shipped in reference/, larger ones in ../shared."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exportlab.valueadded import InterCountryTable

HERE = Path(__file__).parent
KEPT = HERE / "reference"
FOLDER = HERE.parent.parent / "shared" / "reference" / "valueadded"
SPLITS = {"MX1": "MEX", "MX2": "MEX", "CN1": "CHN", "CN2": "CHN"}
SHIPPED = ("kwwC1", "kwwC2a", "kwwC2b", "kwwD", "leather", "rand5x6")
# Tables of other programs, whose licences keep them out of this repository.
LARGER = ("pymriotest", "wiodtest", "iciotest")
AXES = ["exporter", "sector", "importer"]


def outside(name: str) -> Path:
    """A file of the reference folder; the test is skipped where it is absent."""
    if not (FOLDER / name).exists():
        pytest.skip(f"needs {name} of the reference folder ../shared, which is not on this machine")
    return FOLDER / name


def shipped(file: str) -> pd.DataFrame:
    """A file of reference/valueadded; "NA" is a name there, and an empty cell is missing."""
    return pd.read_csv(KEPT / "valueadded" / f"{file}.csv", keep_default_na=False, na_values=[""])


def figures(name: str, file: str) -> pd.DataFrame:
    """What a program made of one table, as it printed it."""
    if name in SHIPPED:
        kept = shipped(file)
        return kept[kept["table"] == name].drop(columns="table").reset_index(drop=True)
    return pd.read_csv(outside(f"{name}_{file}.csv"))


def lines(name: str) -> list[str]:
    return outside(name).read_text(encoding="utf-8").split()


@cache
def load(name: str) -> InterCountryTable:
    """A reference table."""
    if name in SHIPPED:
        frame = pd.read_csv(KEPT / f"valueadded_{name}.csv", index_col="row").drop(columns="source")
        final = frame.drop(columns=frame.index)
        return InterCountryTable.from_frames(frame[frame.index], final, sep="_")
    Z = np.loadtxt(outside(f"{name}_Z.csv"), delimiter=",", ndmin=2)
    Y = np.loadtxt(outside(f"{name}_Y.csv"), delimiter=",", ndmin=2)
    if (FOLDER / f"{name}_rows.csv").exists():
        rows, final = lines(f"{name}_rows.csv"), lines(f"{name}_fdcountries.csv")
        splits = SPLITS if name == "iciotest" else {}
    else:
        countries, sectors = lines(f"{name}_countries.csv"), lines(f"{name}_sectors.csv")
        rows, final, splits = [f"{c}_{s}" for c in countries for s in sectors], countries, {}
        if Y.shape[1] > len(countries):
            final = [f"{c}_{i}" for c in countries for i in range(Y.shape[1] // len(countries))]
    return InterCountryTable.from_frames(
        pd.DataFrame(Z, rows, rows), pd.DataFrame(Y, rows, final), splits=splits
    )


def close(got: pd.Series, want: pd.Series, scale: float) -> None:
    """Equal to 1e-9 of the value; below 1e-13 of the largest flow both are rounding of zero."""
    np.testing.assert_allclose(got, want, rtol=1e-9, atol=1e-13 * scale, err_msg=str(got.name))


def exvatools(name: str, kind: str) -> pd.DataFrame:
    """A decomposition by exvatools: terms across, one row a flow between two countries."""
    if name in SHIPPED:
        return figures(name, f"exvatools_{kind}").set_index(AXES)
    raw = pd.read_csv(outside(f"{name}_exvatools_{kind}.csv"), keep_default_na=False, na_values=["NA"])
    raw[["exporter", "sector"]] = raw["row"].str.split("_", n=1, expand=True)
    if name == "wiodtest":
        raw["sector"] = raw["sector"].str.removeprefix("D")
    wide = raw.pivot_table(index=AXES, columns="term", values="value")
    return wide[wide.index.get_level_values(0) != wide.index.get_level_values(2)]


def exvatools_kww(name: str, kind: str) -> pd.DataFrame:
    """The same for Koopman, Wang and Wei's terms, summed over a country's sectors."""
    if name in SHIPPED:
        return figures(name, f"exvatools_{kind}").set_index("exporter")
    raw = pd.read_csv(outside(f"{name}_exvatools_{kind}.csv"))
    raw["exporter"] = raw["row"].str.split("_").str[0]
    return raw.pivot_table(index="exporter", columns="term", values="value", aggfunc="sum")


def decompr_wwz(name: str) -> pd.DataFrame:
    ref = figures(name, "decompr_wwz")
    if name not in SHIPPED:
        ref = ref.rename(
            columns={
                "Exporting_Country": "exporter",
                "Exporting_Industry": "sector",
                "Importing_Country": "importer",
            }
        )
        ref["sector"] = ref["sector"].str.replace(r"^D(?=\d)", "", regex=True)
    return ref.set_index(AXES)


def decompr_kww(name: str, kind: str) -> pd.DataFrame:
    if name in SHIPPED:
        ref = figures(name, "decompr_kww")
        return ref[ref["kind"] == kind].drop(columns="kind").set_index("exporter")
    return pd.read_csv(outside(f"{name}_decompr_{kind}.csv")).set_index("Country")


def decompr_leontief(name: str, of: str) -> pd.DataFrame:
    """Origin, user and value in the order of the table, the value last."""
    if name in SHIPPED:
        ref = figures(name, "decompr_leontief")
        if (ref["of"] == of).any():
            return ref[ref["of"] == of]
    ref = pd.read_csv(outside(f"{name}_decompr_leontief_{of}.csv"))
    return ref.rename(columns={"Source_Country": "country"})


def gvcanalyzer(name: str, kind: str) -> pd.DataFrame:
    if name in SHIPPED:
        return figures(name, f"gvcAnalyzer_{kind}")
    tail = "" if name in SHIPPED or kind.endswith(("measures", "sector")) else "_all"
    return figures(name, f"gvcAnalyzer_{kind}{tail}")
