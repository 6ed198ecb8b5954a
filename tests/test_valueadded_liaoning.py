"""Liaoning: shipped multipliers give China's figures; bounds are sharp; announcements are read as printed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tries
from hypothesis import given
from hypothesis import strategies as st

from exportlab.errors import DataError, UnknownName
from exportlab.valueadded.liaoning import (
    CLASSES,
    GOODS,
    ProductClass,
    china_multipliers,
    class_shares,
    content_bounds,
    liaoning_bounds,
)

SMALL = {
    "machines": ProductClass(("16", "20"), only=("20",)),
    "ships": ProductClass(("18",)),
    "engines": ProductClass(("16",), within=("machines",)),
    "advanced": ProductClass(("12", "16", "20"), overlaps=("machines", "engines")),
}


def announced(reference: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    rows = pd.read_csv(reference / "valueadded_single_liaoning.csv")
    return rows[rows["product"].notna()], rows[rows["product"].isna()]


@pytest.mark.parametrize("year", [2017, 2018, 2020])
def test_shipped_multipliers_give_the_figures_of_china(reference: Path, year: int) -> None:
    known = pd.read_csv(reference / "valueadded_single_china.csv").set_index("year").loc[year]
    m = china_multipliers(year)
    assert round(100 * (m["domestic"] * m["export_share"]).sum(), 1) == known["dva_pct"]
    assert round(100 * (m["imported"] * m["export_share"]).sum(), 1) == known["vs_pct"]
    assert len(m) == 42
    assert (m["domestic"] + m["imported"] + m["tax"]).to_numpy() == pytest.approx(1, abs=1e-7)
    assert (m["upstreamness"] >= 1).all()
    assert (m["direct"] <= m["domestic"]).all()


def test_shipped_multipliers_are_those_of_the_tables(shared: Path) -> None:
    from importlib.util import module_from_spec, spec_from_file_location

    file = Path(__file__).parent.parent / "benchmarks" / "derive_multipliers.py"
    spec = spec_from_file_location("derive_multipliers", file)
    assert spec is not None
    assert spec.loader is not None
    script = module_from_spec(spec)
    spec.loader.exec_module(script)
    fresh = script.derive(shared / "data" / "china_io_2020_42.csv", 2020).set_index("sector")
    kept = china_multipliers(2020)
    for column in ("direct", "domestic", "imported", "output", "upstreamness", "export_share"):
        assert kept[column].to_numpy() == pytest.approx(fresh[column].to_numpy(), rel=1e-7)


def test_bounds_by_hand() -> None:
    m = china_multipliers(2020)["domestic"]
    b = content_bounds(pd.Series({"machines": 0.5, "ships": 0.2}), china_multipliers(2020), classes=SMALL)
    others = [k for k in GOODS if k != "20"]  # electronics are machines
    low = 0.5 * m["20"] + 0.2 * m["18"] + 0.3 * m[others].min()
    high = 0.5 * m["16"] + 0.2 * m["18"] + 0.3 * m[others].max()
    assert b.table.loc[0, ["low", "high"]].tolist() == pytest.approx([low, high])
    assert b.settles["width"].sum() == pytest.approx(high - low)
    assert b.settles["width"].is_monotonic_decreasing
    # knowing the engines apart can only narrow
    finer = content_bounds(
        pd.Series({"machines": 0.5, "ships": 0.2, "engines": 0.4}), china_multipliers(2020), classes=SMALL
    )
    assert finer.table.loc[0, "low"] == pytest.approx(low + 0.4 * (m["16"] - m["20"]))
    assert finer.table.loc[0, "high"] == pytest.approx(high)


def test_overlapping_classes_by_hand() -> None:
    m = china_multipliers(2020)["domestic"]
    known = pd.Series({"machines": 0.5, "advanced": 0.8})
    b = content_bounds(known, china_multipliers(2020), classes=SMALL)
    # a part `both` of exports, .3 to .5, is in the two classes; more of it leaves more to other goods
    rest = m[[k for k in GOODS if k != "20"]]
    best = max(
        0.5 * m["16"] + (0.8 - both) * max(m["12"], m["16"]) + (both - 0.3) * rest.max()
        for both in (0.3, 0.5)
    )
    assert b.table.loc[0, "high"] == pytest.approx(best)


@given(seed=st.integers(0, 10**6))
@tries.at_most(25)
def test_every_composition_lies_within_the_bounds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    m = china_multipliers(2017)
    parts = {"ships": "18", "lithium batteries": "19", "steel": "14", "textiles & garments": "08"}
    share = rng.dirichlet(np.ones(8))
    known = pd.Series(dict(zip(parts, share[:4], strict=True)))
    known["mechanical & electrical"] = share[0] + share[1] + share[4] + share[5]
    known["labour-intensive products"] = share[3] + share[6]
    sectors = [*parts.values(), rng.choice(["15", "16", "20"]), "21", "09", rng.choice(["01", "04", "11"])]
    true = float(share @ m.loc[sectors, "domestic"])
    row = content_bounds(known, m).table.iloc[0]
    assert row["low"] - 1e-9 <= true <= row["high"] + 1e-9


def test_liaoning(reference: Path) -> None:
    products, totals = announced(reference)
    b = liaoning_bounds(year=2023, period="Jan-May", products=products, totals=totals, processing=(0.3, 0.3))
    assert b.known["electric passenger vehicles"] == pytest.approx(53.9 / 1452.9)
    assert "steel" not in b.known  # only its growth was printed
    row = b.table.set_index("measure")
    domestic = row.loc["domestic (all China), sector multipliers"]
    m = china_multipliers(2020)["domestic"]
    assert m["20"] < domestic["low"] < 0.8 < domestic["high"] < m.max()
    direct = row.loc["value added of the exporting sectors alone"]
    assert (direct < domestic).all()
    province = row.loc["province, if its exporters resemble China's"]
    assert province["low"] == direct["low"]
    assert province["high"] == domestic["high"]
    scenario = row.iloc[3]
    assert scenario["low"] == pytest.approx(0.7 * domestic["low"] + 0.3 * 0.3)
    for text in ("Domestic means made in China", "average ordinary and processing"):
        assert text in b.summary()
    printed = liaoning_bounds(year=2020, period="annual", products=products, totals=totals)
    assert printed.known.to_dict() == {"mechanical & electrical": 0.503, "high-tech": 0.18}


def test_classes_are_consistent() -> None:
    for name, c in CLASSES.items():
        for parent in c.within:
            assert set(c.sectors) <= set(CLASSES[parent].sectors), name
        assert set(c.sectors) <= set(GOODS)
        assert set(c.overlaps) <= set(CLASSES)


def test_refusals(reference: Path) -> None:
    m = china_multipliers(2020)
    products, _ = announced(reference)
    with pytest.raises(UnknownName, match=r"no product class named 'ship'\. Did you mean 'ships'"):
        content_bounds(pd.Series({"ship": 0.1}), m)
    with pytest.raises(UnknownName, match="no table of China for the year named 2019"):
        china_multipliers(2019)
    with pytest.raises(DataError, match="No composition of exports agrees"):
        content_bounds(pd.Series({"mechanical & electrical": 0.3, "ships": 0.4}), m)
    with pytest.raises(DataError, match="No share of exports is printed for a class in 2024 annual"):
        class_shares(products, year=2024, period="annual")
    with pytest.raises(DataError, match="More than one share"):
        class_shares(pd.concat([products, products]), year=2020, period="annual")
    with pytest.raises(DataError, match="not a pair of shares"):
        content_bounds(pd.Series({"ships": 0.1}), m, processing=(0.3, 3.0))
    with pytest.raises(UnknownName, match="no sector named '01'"):
        content_bounds(pd.Series({"ships": 0.1}), m.drop(index="01"))
