"""A province's exports: by hand, against a known three-region truth, identities, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tries
from hypothesis import given
from hypothesis import strategies as st

from exportlab.errors import DataError, OptionError, UnknownName
from exportlab.valueadded import InterCountryTable, IOTable
from exportlab.valueadded.national import multipliers
from exportlab.valueadded.province import PARTS, province, province_bounds
from exportlab.valueadded.regions import multiregional


def hand(**changes: object) -> IOTable:
    """Two products; q = (100, 150), mu = (.2, .1), nu = (.3, .1), x = (100, 200), v = (.7, .5)."""
    kind = {
        "Z": [[10.0, 40.0], [20.0, 60.0]],
        "final": [50.0, 70.0],
        "exports": [30.0, 50.0],
        "outflow": [20.0, 30.0],
        "imports": [20.0, 15.0],
        "inflow": [30.0, 15.0],
        "sectors": ["a", "b"],
    }
    return IOTable.from_numpy(**{**kind, **changes})  # type: ignore[arg-type]


def port() -> IOTable:
    """Product a: 120 arrive, 100 are absorbed, so at least 20 only pass through."""
    return hand(imports=[80.0, 15.0], inflow=[40.0, 15.0], exports=[90.0, 50.0], outflow=[30.0, 30.0])


def prov42(reference: Path) -> tuple[IOTable, pd.DataFrame]:
    t = pd.read_csv(reference / "valueadded" / "prov42.csv", index_col=0)
    goods = t.index[:42]
    rows = t.loc[goods].astype(float)
    final = ["consumption", "gfcf", "inventories"]
    table = IOTable.from_frames(
        rows[goods],
        final=rows[final],
        exports=rows["export_foreign"],
        outflow=rows["outflow_domestic"],
        imports=rows["import_foreign"],
        inflow=rows["inflow_domestic"],
        output=rows["output"],
    )
    return table, rows


def world(shared: Path, rows: pd.DataFrame) -> IOTable:
    """The truth behind prov42 as a multi-regional table: LN and the rest of China; abroad are the imports."""
    folder = shared / "reference" / "valueadded"
    Z, Y = (pd.read_csv(folder / f"prov42_truth_{k}.csv", header=None).to_numpy() for k in "ZY")
    home = slice(0, 84)
    labels = pd.MultiIndex.from_product([["LN", "ROC"], rows.index])
    exports = Z[home, 84:].sum(axis=1) + Y[home, 6:].sum(axis=1)
    return IOTable.from_frames(
        pd.DataFrame(Z[home, home], labels, labels),
        final=pd.DataFrame(Y[home, :6], labels),
        imported=pd.DataFrame(np.tile(Z[84:, home], (2, 1)) / 2, labels, labels),
        exports=exports,
    )


def truth(seed: int, n: int = 6) -> tuple[IOTable, np.ndarray, float]:
    """A province, the rest of its country and abroad; imports are mostly final goods.

    Returns the province's competitive table, its imports used as intermediates, and the true import
    content (first tier) of its exports as a share.
    """
    rng = np.random.default_rng(seed)
    Z, F = rng.gamma(2.0, 1.0, (n, n)), 12 + 8 * rng.random(n)
    from_abroad = (0.02 + 0.06 * rng.random((n, 1))) * np.ones((1, n))
    from_roc = 0.2 * rng.random((n, 1)) * np.ones((1, n))
    final_abroad = 0.5 + 0.2 * rng.random(n)
    final_roc = 0.2 * rng.random(n)
    e, o = 5 + 10 * rng.random(n), 5 + 10 * rng.random(n)
    m_int = (Z * from_abroad).sum(axis=1)
    m = m_int + F * final_abroad
    inflow = (Z * from_roc).sum(axis=1) + F * final_roc
    scale = np.maximum(1.0, 1.3 * Z.sum(axis=0) / (Z.sum(axis=1) + F + e + o - m - inflow)).max()
    e, o = e + 60 * (scale - 1), o + 40 * (scale - 1)
    t = IOTable.from_numpy(
        Z, final=F, exports=e, outflow=o, imports=m, inflow=inflow, sectors=[f"s{k}" for k in range(n)]
    )
    local = t.A * (1 - from_abroad - from_roc)
    content = (t.A * from_abroad).sum(axis=0) @ np.linalg.solve(np.eye(n) - local, e) / e.sum()
    return t, m_int, float(content)


def test_two_products_by_hand() -> None:
    c = province(hand())
    A = np.array([[0.1, 0.2], [0.2, 0.3]])
    assert c.coefficients["mu"].tolist() == pytest.approx([0.2, 0.1])
    assert c.coefficients["nu"].tolist() == pytest.approx([0.3, 0.1])
    # local A = [[.05, .1], [.16, .24]], det(I - A) = .95 x .76 - .016 = .706
    L = np.array([[0.76, 0.1], [0.16, 0.95]]) / 0.706
    e = np.array([30.0, 50.0])
    own = np.array([0.7, 0.5]) @ L @ e
    assert c.table["province"].sum() == pytest.approx(own)
    assert c.table["imported"].sum() == pytest.approx(np.array([0.2, 0.1]) @ A @ L @ e)
    assert c.table["other_provinces"].sum() == pytest.approx(np.array([0.3, 0.1]) @ A @ L @ e)
    assert c.origin["value_added"].tolist() == pytest.approx((np.array([0.7, 0.5]) * (L @ e)).tolist())
    assert c.shares[list(PARTS)].sum() == pytest.approx(1, abs=1e-12)
    assert np.isnan(c.shares["national"])
    nation = province(hand(), national=pd.Series({"b": 0.8, "a": 0.9}))
    assert nation.table["national"].sum() == pytest.approx(own + np.array([0.27, 0.08]) @ A @ L @ e)
    assert "the province's value added" in c.summary()
    assert province(hand(), of="outflow").table["exports"].tolist() == [20.0, 30.0]


def test_use_of_imports_by_hand() -> None:
    # intermediate imports (5, 12) of (50, 80) used: mu = (.1, .15); left (80, 135), of it in use (45, 68)
    c = province(hand(), intermediate_imports=[5.0, 12.0]).coefficients
    assert c["mu"].tolist() == pytest.approx([0.1, 0.15])
    assert c["nu"].tolist() == pytest.approx([30 * 45 / 80 / 50, 15 * 68 / 135 / 80])


def test_transit_rules_by_hand() -> None:
    with pytest.raises(DataError, match=r"mu \+ nu > 1.*in 1 row\. First: 'a' \(20\).*say which one"):
        province(port())
    removed = province(port(), transit="remove")
    # 20 of the 120 arriving pass through: 20 / 120 of what product a ships out
    assert removed.table["passing_through"].tolist() == pytest.approx([90 * 20 / 120, 0.0])
    assert removed.coefficients["mu"][0] == pytest.approx(2 / 3)
    assert removed.coefficients["nu"][0] == pytest.approx(1 / 3)
    spread = province(port(), transit="total_supply")
    assert spread.coefficients["mu"][0] == pytest.approx(80 / 220)
    assert spread.table["passing_through"][0] == pytest.approx(90 * 120 / 220)
    assert spread.shares["province"] < removed.shares["province"]
    for c in (removed, spread):
        assert c.shares[list(PARTS)].sum() == pytest.approx(1, abs=1e-12)
        assert "transit" in c.title
    by_use = province(port(), intermediate_imports=[50.0, 5.0], transit="remove")
    assert by_use.shares[list(PARTS)].sum() == pytest.approx(1, abs=1e-12)


def test_the_error_column() -> None:
    t = hand(error=[10.0, -10.0], output=[110.0, 190.0])
    final, apart = province(t), province(t, error="separate")
    assert final.coefficients["mu"].tolist() == pytest.approx([20 / 110, 15 / 140])
    assert apart.coefficients["mu"].tolist() == pytest.approx([20 / 100, 15 / 150])
    assert final.discrepancy == 0.0


def test_known_province(reference: Path) -> None:
    known = pd.read_csv(reference / "valueadded_single_province.csv").set_index("measure")["value"]
    t, rows = prov42(reference)
    plain = province(t)
    sums = plain.table.sum(numeric_only=True)
    assert sums["province"] == pytest.approx(known["PVA_in_exports"], rel=1e-9)
    assert sums["imported"] == pytest.approx(known["import_content"], rel=1e-9)
    assert sums["other_provinces"] == pytest.approx(known["inflow_content"], rel=1e-9)
    outflow = province(t, of="outflow").table
    assert outflow["province"].sum() == pytest.approx(known["PVA_in_outflow"], rel=1e-9)
    refined = province(t, intermediate_imports=rows["import_intermediate_BEC"]).table.sum(numeric_only=True)
    assert refined["province"] == pytest.approx(known["BEC_PVA_in_exports"], rel=1e-9)
    assert refined["imported"] == pytest.approx(known["BEC_import_content"], rel=1e-9)
    assert refined["other_provinces"] == pytest.approx(known["BEC_inflow_content"], rel=1e-9)
    supply = province(t, transit="total_supply")
    reached = known["supply_share_variant(reexport_allowed)"]
    assert supply.table["province"].sum() == pytest.approx(reached, rel=1e-9)
    sectors = pd.read_csv(reference / "valueadded" / "prov42_sectors.csv")
    names = {
        "mu": "mu",
        "nu": "nu",
        "v": "v",
        "PVA_multiplier": "province",
        "import_multiplier": "imported",
        "inflow_multiplier": "other_provinces",
    }
    for theirs, ours in names.items():
        assert plain.coefficients[ours].to_numpy() == pytest.approx(sectors[theirs].to_numpy(), rel=1e-9)


def test_known_nation(shared: Path, reference: Path) -> None:
    known = pd.read_csv(reference / "valueadded_single_province.csv").set_index("measure")["value"]
    t, rows = prov42(reference)
    country = world(shared, rows)
    true = multiregional(country, "LN").table.set_index("origin")["value"]
    assert true["LN"] == pytest.approx(known["TRUE_national_DVA_from_LN"], rel=1e-9)
    assert true["ROC"] == pytest.approx(known["TRUE_national_DVA_from_ROC"], rel=1e-9)
    roc = slice(42, 84)
    alone = IOTable.from_frames(
        pd.DataFrame(country.Z[roc, roc], rows.index, rows.index),
        imported=pd.DataFrame(country.Zm[roc, roc] * 2 + country.Z[:42, roc], rows.index, rows.index),
        final=pd.Series(country.x[roc] - country.Z[roc, roc].sum(axis=1) - country.e[roc], rows.index),
        exports=country.e[roc],
    )
    tiered = province(t, national=multipliers(alone)["domestic"].to_numpy())
    assert tiered.table["national"].sum() == pytest.approx(known["two_tier_national_DVA"], rel=1e-9)


@pytest.mark.parametrize("seed", range(12))
def test_use_of_imports_comes_nearer_the_truth(seed: int) -> None:
    """Imports are final goods more than inputs, so the proportional rule overstates; the use corrects it."""
    t, m_int, content = truth(seed)
    plain, refined = province(t), province(t, intermediate_imports=m_int)
    assert plain.shares["imported"] > refined.shares["imported"]
    assert abs(refined.shares["imported"] - content) < 0.2 * abs(plain.shares["imported"] - content)
    limits = province_bounds(t).set_index("measure")
    assert limits.loc["imported", "low"] <= content <= limits.loc["imported", "high"]


@given(seed=st.integers(0, 10**6), n=st.integers(2, 7), rule=st.sampled_from(["remove", "total_supply"]))
@tries.at_most(25)
def test_parts_add_up_and_lie_in_their_bounds(seed: int, n: int, rule: str) -> None:
    t, m_int, _ = truth(seed, n)
    results = [province(t), province(t, intermediate_imports=m_int), province(t, transit=rule)]  # type: ignore[arg-type]
    results += [province(t, of="outflow"), province(t, error="separate")]
    for c in results:
        gap = c.table[list(PARTS)].sum(axis=1) - c.table["exports"]
        assert np.abs(gap).max() <= 1e-12 * c.table["exports"].sum()
        assert c.origin["value_added"].sum() == pytest.approx(c.table["province"].sum())
    limits = province_bounds(t).set_index("measure")
    for c in results[:2]:
        for part in ("province", "imported", "other_provinces"):
            assert limits.loc[part, "low"] - 1e-12 <= c.shares[part] <= limits.loc[part, "high"] + 1e-12


@given(seed=st.integers(0, 10**6), rule=st.sampled_from(["remove", "total_supply"]), by_use=st.booleans())
@tries.at_most(25)
def test_parts_add_up_where_goods_pass_through(seed: int, rule: str, by_use: bool) -> None:
    """Transit added to imports and exports of some products: the parts still add up, the rest is refused."""
    t, m_int, _ = truth(seed)
    rng = np.random.default_rng(seed)
    transit = np.where(rng.random(6) < 0.5, 1.5 * t.absorption, 0.0)
    transit[0] = 1.5 * t.absorption[0]
    p = IOTable.from_numpy(
        t.Z,
        final=t.F,
        exports=t.e + transit,
        outflow=t.o,
        imports=t.m + transit,
        inflow=t.inflow,
        output=t.x,
        sectors=list(t.sectors),
    )
    with pytest.raises(DataError, match=r"mu \+ nu > 1"):
        province(p)
    given_ = {"intermediate_imports": m_int} if by_use and rule == "remove" else {}
    c = province(p, transit=rule, **given_)  # type: ignore[arg-type]
    gap = c.table[list(PARTS)].sum(axis=1) - c.table["exports"]
    assert np.abs(gap).max() <= 1e-12 * c.table["exports"].sum()
    through, shipped = c.table["passing_through"].to_numpy(), c.table["exports"].to_numpy()
    assert (through[transit > 0] > 0).all()
    assert (through <= shipped * (1 + 1e-12)).all()
    assert (c.coefficients[["mu", "nu"]].sum(axis=1) <= 1 + 1e-12).all()
    if rule == "remove":
        assert (through[transit == 0] == 0).all()


@given(seed=st.integers(0, 10**6))
@tries.at_most(15)
def test_bounds_hold_for_every_use_of_imports(seed: int) -> None:
    t, _, _ = truth(seed, 4)
    rng = np.random.default_rng(seed)
    limits = province_bounds(t).set_index("measure")
    final, use = t.F.sum(axis=1), t.Z.sum(axis=1)
    for _ in range(5):
        low, high = np.maximum(t.m - final, 0), np.minimum(t.m, use)
        c = province(t, intermediate_imports=low + rng.random(4) * (high - low))
        for part in ("province", "imported", "other_provinces"):
            assert limits.loc[part, "low"] - 1e-12 <= c.shares[part] <= limits.loc[part, "high"] + 1e-12


def test_bounds_by_hand() -> None:
    limits = province_bounds(hand()).set_index("measure")
    # all of the 50 used of product a may come from outside, none need to; of b 30 of 80, none need to
    assert limits.loc["province", "high"] == pytest.approx(1.0)
    A = np.array([[0.1, 0.2], [0.2, 0.3]])
    L = np.linalg.inv(np.eye(2) - np.diag([0.0, 50 / 80]) @ A)
    e = np.array([30.0, 50.0])
    assert limits.loc["province", "low"] == pytest.approx(np.array([0.7, 0.5]) @ L @ e / 80)
    assert limits.loc["imported", "low"] == 0.0
    L = np.linalg.inv(np.eye(2) - np.diag([1 - 20 / 50, 1 - 15 / 80]) @ A)
    assert limits.loc["imported", "high"] == pytest.approx(np.array([20 / 50, 15 / 80]) @ A @ L @ e / 80)


def test_refusals() -> None:
    with pytest.raises(DataError, match=r"raw coefficients v\(I - A\)\^-1 is 1 for every sector"):
        province(hand(imports=[0.0, 0.0], inflow=[0.0, 0.0]))
    apart = IOTable.from_numpy([[10.0]], imported=[[5.0]], final=[20.0], exports=[10.0], sectors=["a"])
    for call in (province, province_bounds):
        with pytest.raises(DataError, match="Use domestic_content"):
            call(apart)
        with pytest.raises(DataError, match=r"mu \+ nu > 1"):
            call(port())
    with pytest.raises(OptionError, match="'refuse', 'total_supply', 'remove'"):
        province(hand(), transit="clip")  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="give one of the two"):
        province(hand(), transit="total_supply", intermediate_imports=[1.0, 1.0])
    with pytest.raises(DataError, match=r"exceed all imports in 1 row\. First: 'a'"):
        province(hand(), intermediate_imports=[25.0, 1.0])
    with pytest.raises(DataError, match="Shipments are negative"):
        province(hand(), of=[-1.0, 1.0])
    with pytest.raises(OptionError, match="Allowed: 'exports', 'outflow'"):
        province(hand(), of="imports")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="Absorption is negative"):
        province(hand(final=[-60.0, 70.0], exports=[140.0, 50.0]))
    with pytest.raises(DataError, match=r"not \(region, sector\)"):
        multiregional(apart, "LN")


def test_regions_by_hand() -> None:
    labels = pd.MultiIndex.from_tuples([("LN", "a"), ("HE", "a")])
    Z = pd.DataFrame([[10.0, 20.0], [30.0, 0.0]], labels, labels)
    imported = pd.DataFrame([[5.0, 10.0], [5.0, 10.0]], labels, labels)
    t = IOTable.from_frames(Z, imported=imported, final=pd.Series([30.0, 60.0], labels), exports=[40.0, 10.0])
    c = multiregional(t, "LN")
    # A = [[.1, .2], [.3, 0]], det = .9 - .06 = .84; v = (.5, .6); imports (.1, .2)
    L = np.array([1.0, 0.3]) / 0.84
    assert c.table["value"].tolist() == pytest.approx(
        [0.5 * L[0] * 40, 0.6 * L[1] * 40, (0.1 * L[0] + 0.2 * L[1]) * 40, 0.0]
    )
    assert c.table["share"].sum() == pytest.approx(1, abs=1e-12)
    assert c.national_share == pytest.approx(0.5 * L[0] + 0.6 * L[1])
    assert "its own value added" in c.summary()
    with pytest.raises(UnknownName, match="no region named 'JL'"):
        multiregional(t, "JL")


def test_regions_of_an_intercountry_table(shared: Path, reference: Path) -> None:
    """The whole three-region world gives the same origins as its Chinese part alone."""
    known = pd.read_csv(reference / "valueadded_single_province.csv").set_index("measure")["value"]
    folder = shared / "reference" / "valueadded"
    Z, Y = (pd.read_csv(folder / f"prov42_truth_{k}.csv", header=None).to_numpy() for k in "ZY")
    labels = pd.MultiIndex.from_product([["LN", "ROC", "ROW"], [f"S{k:02d}" for k in range(1, 43)]])
    final = pd.MultiIndex.from_product([["LN", "ROC", "ROW"], ["c", "i", "v"]])
    t = InterCountryTable.from_frames(pd.DataFrame(Z, labels, labels), pd.DataFrame(Y, labels, final))
    c = multiregional(t, "LN")
    value = c.table.set_index("origin")["value"]
    assert value["LN"] == pytest.approx(known["TRUE_national_DVA_from_LN"], rel=1e-9)
    assert value["ROC"] == pytest.approx(known["TRUE_national_DVA_from_ROC"], rel=1e-9)
    assert c.table["share"].sum() == pytest.approx(1, abs=1e-12)
    with pytest.raises(UnknownName, match="no country of the table named 'World'"):
        multiregional(t, "LN", abroad=["World"])
    with pytest.raises(DataError, match="No country is abroad"):
        multiregional(t, "LN", abroad=[])


def test_methods_of_the_table_are_the_functions() -> None:
    assert hand().province(transit="remove").table.equals(province(hand(), transit="remove").table)
    assert hand().province_bounds().equals(province_bounds(hand()))
