"""One economy: figures of textbooks, of other programs and of China's tables; identities; refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tries
from hypothesis import given
from hypothesis import strategies as st

from exportlab.errors import DataError
from exportlab.valueadded import IOTable
from exportlab.valueadded import national as one
from exportlab.valueadded.leontief import leontief_inverse

SECTORS = ["a", "b"]


def small(**changes: object) -> IOTable:
    """Two sectors, x = (100, 200); A = [[.1, .1], [.2, .25]], Am = [[.1, 0], [.1, .15]]."""
    given_ = {
        "Z": [[10.0, 20.0], [20.0, 50.0]],
        "imported": [[10.0, 0.0], [10.0, 30.0]],
        "final": [20.0, 70.0],
        "imported_final": [5.0, 5.0],
        "exports": [50.0, 60.0],
        "sectors": SECTORS,
    }
    return IOTable.from_numpy(**{**given_, **changes})  # type: ignore[arg-type]


def nbs(path: Path) -> IOTable:
    t = pd.read_csv(path, dtype={"Code": str}, index_col=0)
    blocks = [t[t.Origin == o].set_index("Code") for o in ("Domestic", "Imports")]
    codes, final = list(blocks[0].index), ["TC", "FU201", "FU202"]
    home, abroad = (b[[*codes, *final, "EX", "GO"]].astype(float) for b in blocks)
    return IOTable.from_frames(
        home[codes],
        final=home[final],
        exports=home["EX"],
        output=home["GO"],
        imported=abroad[codes],
        imported_final=abroad[final],
        value_added=t[t.Code == "TVA"][codes].iloc[0].astype(float),
        unit="10,000 CNY",
    )


def economy(seed: int, n: int, taxes: bool) -> IOTable:
    """A random economy with a sector that makes nothing, one that buys nothing, and falling inventories."""
    rng = np.random.default_rng(seed)
    Z, Zm = rng.gamma(0.6, 1.0, (n, n)), rng.gamma(0.5, 0.6, (n, n))
    Z[:, 0] = Zm[:, 0] = 0.0
    Z[-1] = Z[:, -1] = Zm[:, -1] = 0.0
    need = Z.sum(axis=0) + Zm.sum(axis=0)
    e = rng.gamma(0.8, 2.0, n) * (np.arange(n) < n - 1)
    F = (
        np.column_stack([need + rng.gamma(1.0, 3.0, n), -0.3 * rng.random(n)])
        * (np.arange(n) < n - 1)[:, None]
    )
    x = Z.sum(axis=1) + F.sum(axis=1) + e
    tax = (0.4 * rng.random(n) - 0.1) * (x - need) if taxes else None
    return IOTable.from_numpy(
        Z,
        imported=Zm,
        final=F,
        imported_final=rng.gamma(1.0, 1.0, (n, 2)),
        exports=e,
        taxes=tax,
        sectors=[f"s{k}" for k in range(n)],
    )


def figures(reference: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(reference / f"valueadded_single_{name}.csv")


def test_two_sectors_by_hand() -> None:
    # det(I - A) = .9 x .75 - .1 x .2 = .655; v = (.5, .5), 1'Am = (.2, .15)
    m = one.multipliers(small())
    L = np.array([[0.75, 0.1], [0.2, 0.9]]) / 0.655
    assert m["output"].to_numpy() == pytest.approx([0.95 / 0.655, 1.0 / 0.655])
    assert m["domestic"].to_numpy() == pytest.approx([0.5 * 0.95 / 0.655, 0.5 * 1.0 / 0.655])
    assert m["imported"].to_numpy() == pytest.approx([(0.2 * 0.75 + 0.15 * 0.2) / 0.655, 0.155 / 0.655])
    c = one.domestic_content(small())
    assert c.domestic_share == pytest.approx((0.5 * 0.95 * 50 + 0.5 * 60) / 0.655 / 110)
    assert c.domestic_share + c.vs_share == pytest.approx(1.0)
    assert c.origin.loc["a", "b"] == pytest.approx(0.5 * L[0, 1] * 60)
    assert "domestic value added" in c.summary()
    own = one.domestic_content(small(), pd.Series({"b": 0.0, "a": 2.0}))
    assert own.exports == 2.0
    assert own.table["domestic_share"].isna().tolist() == [False, True]


def test_textbook_multipliers(reference: Path) -> None:
    book = figures(reference, "textbook")
    A = book[["a1", "a2"]].to_numpy()
    x = np.array([1000.0, 2000.0])
    Z = A * x
    t = IOTable.from_numpy(
        Z, imported=np.zeros((2, 2)), final=x - Z.sum(axis=1), exports=0.0, sectors=SECTORS
    )
    assert leontief_inverse(t.A) == pytest.approx(book[["l1", "l2"]].to_numpy(), abs=5e-5)
    assert one.multipliers(t)["output"].to_numpy() == pytest.approx(book["output_multiplier"], abs=5e-4)


def test_each_country_of_the_leather_table_alone(reference: Path) -> None:
    """icio's DVA (source) by sector is vLe of the country's own table; its upstreamness is the world's."""
    flows, known = figures(reference, "leather"), figures(reference, "leather_published")
    keys = [f"{c} {s}" for c, s in zip(flows["country"], flows["sector"], strict=True)]
    Z, Y = flows[[f"z{k}" for k in range(1, 10)]].to_numpy(), flows[["y1", "y2", "y3"]].to_numpy()
    for c in range(3):
        own = slice(3 * c, 3 * c + 3)
        others = np.delete(np.arange(9), np.arange(3 * c, 3 * c + 3))
        from_abroad = Z[others, own].reshape(2, 3, 3).sum(axis=0)
        exports = np.delete(Z, np.arange(3 * c, 3 * c + 3), axis=1)[own].sum(axis=1) + np.delete(Y, c, 1)[
            own
        ].sum(axis=1)
        t = IOTable.from_numpy(
            Z[own, own], imported=from_abroad, final=Y[own, c], exports=exports, sectors=keys[own]
        )
        content = one.domestic_content(t)
        assert content.table["domestic"].to_numpy() == pytest.approx(known["DVA"][own], rel=1e-6)
        assert content.table["imported"].to_numpy() == pytest.approx(known["GVCB"][own], rel=1e-6)
    world = IOTable.from_numpy(Z, imported=np.zeros((9, 9)), final=Y.sum(axis=1), exports=0.0, sectors=keys)
    place = one.upstreamness(world)
    assert place["upstreamness"].to_numpy() == pytest.approx(known["upstreamness"], rel=1e-12)
    assert place["downstreamness"].to_numpy() == pytest.approx(known["downstreamness"], rel=1e-12)


def test_china(shared: Path, reference: Path) -> None:
    known = figures(reference, "china").set_index("year")
    for year in (2017, 2018, 2020):
        check_china(shared, year, known.loc[year])


def check_china(shared: Path, year: int, known: pd.Series) -> None:
    t = nbs(shared / "data" / f"china_io_{year}_42.csv")
    content = one.domestic_content(t)
    assert round(100 * content.vs_share, 1) == known["vs_pct"]
    assert round(100 * content.domestic_share, 1) == known["dva_pct"]
    assert content.domestic_share + content.vs_share == pytest.approx(1, abs=1e-12)
    assert one.vertical_specialisation(t)["vs_share"].iloc[-1] == pytest.approx(content.vs_share)
    place = one.upstreamness(t, inventories=t.F[:, 2] + t.Fm[:, 2])
    assert place["upstreamness"].between(1, 6).all()
    assert (
        place.loc[place["sector"] == "03", "upstreamness"].item() > 4
    )  # crude petroleum, far from final use


@given(seed=st.integers(0, 10**6), n=st.integers(3, 9), taxes=st.booleans())
@tries.at_most(40)
def test_identities(seed: int, n: int, taxes: bool) -> None:
    t = economy(seed, n, taxes)
    c, scale = one.domestic_content(t), max(t.e.sum(), 1e-9)
    parts = c.table[["domestic", "imported", "tax"]].sum(axis=1)
    assert np.abs(parts - c.table["exports"]).max() <= 1e-12 * scale
    earned = one.forward(t)
    assert earned["value_added"].sum() == pytest.approx(c.table["domestic"].sum(), rel=1e-12, abs=1e-12)
    assert c.origin.sum(axis=1).to_numpy() == pytest.approx(earned["value_added"], rel=1e-10, abs=1e-10)
    assert c.origin.sum(axis=0).to_numpy() == pytest.approx(c.table["domestic"], rel=1e-10, abs=1e-10)
    m = one.multipliers(t)
    assert m.iloc[-1, 1:].isna().all()  # the sector without output
    assert m.iloc[:-1][["domestic", "imported", "tax"]].sum(axis=1).to_numpy() == pytest.approx(1, abs=1e-12)
    if not taxes:
        assert (c.table["tax"] == 0).all()


@given(seed=st.integers(0, 10**6), n=st.integers(3, 8))
@tries.at_most(25)
def test_upstreamness_of_a_closed_economy_weighs_to_output_over_value_added(seed: int, n: int) -> None:
    """Fally (2012): with no trade, value added weighs upstreamness to x/va, final use downstreamness too."""
    rng = np.random.default_rng(seed)
    Z = rng.gamma(0.6, 1.0, (n, n))
    final = Z.sum(axis=0) + rng.random(n)
    t = IOTable.from_numpy(
        Z, imported=np.zeros((n, n)), final=final, exports=0.0, sectors=[f"s{k}" for k in range(n)]
    )
    place = one.upstreamness(t)
    chain = t.x.sum() / t.va.sum()
    assert (place["upstreamness"] * t.va).sum() / t.va.sum() == pytest.approx(chain)
    assert (place["downstreamness"] * final).sum() / final.sum() == pytest.approx(chain)
    assert (place[["upstreamness", "downstreamness"]] >= 1).all(axis=None)


def test_upstreamness_divides_by_absorption_with_the_sign_of_acfh() -> None:
    # sector a: x - e + m = 100 - 50 + 15 = 65, all z = 30 + 10 = 40; b: 200 - 60 + 45 = 185, z = 110
    D = np.array([[20 / 65, 20 / 65], [30 / 185, 80 / 185]])
    expected = np.linalg.solve(np.eye(2) - D, np.ones(2))
    assert one.upstreamness(small())["upstreamness"].to_numpy() == pytest.approx(expected)
    lower = one.upstreamness(small(), inventories=[0.0, -15.0])["upstreamness"]
    assert lower[1] < expected[1]  # more absorption, so less of it is intermediate
    with pytest.raises(DataError, match=r"Absorption is negative.*First: 'b'"):
        one.upstreamness(small(), inventories=[0.0, 500.0])


def test_refusals() -> None:
    competitive = IOTable.from_numpy(
        [[10.0, 20.0], [20.0, 50.0]],
        imports=[5.0, 5.0],
        final=[25.0, 75.0],
        exports=[50.0, 60.0],
        sectors=SECTORS,
    )
    for call in (one.multipliers, one.domestic_content, one.forward, one.vertical_specialisation):
        with pytest.raises(DataError, match=r"would be 100 % whatever the economy imports.*province"):
            call(competitive)
    with pytest.raises(DataError, match=r"Exports are negative.* in 1 row\. First: 'b' \(2\)"):
        one.domestic_content(small(), [1.0, -2.0])
    with pytest.raises(DataError, match="lack labels that the table needs"):
        one.domestic_content(small(), pd.Series({"a": 1.0, "c": 2.0}))
    with pytest.raises(DataError, match="not productive"):
        leontief_inverse(np.array([[0.5, 0.6], [0.6, 0.5]]))
    with pytest.raises(DataError, match="not productive"):
        leontief_inverse(np.eye(2))
    nothing = one.domestic_content(small(), 0.0)
    assert np.isnan(nothing.domestic_share)


def test_methods_of_the_table_are_the_functions() -> None:
    t = small()
    assert t.multipliers().equals(one.multipliers(t))
    assert t.domestic_content().table.equals(one.domestic_content(t).table)
    assert t.vertical_specialisation([1.0, 2.0]).equals(one.vertical_specialisation(t, [1.0, 2.0]))
    assert t.forward().equals(one.forward(t))
    assert t.upstreamness(inventories=1.0).equals(one.upstreamness(t, inventories=1.0))
    split = t.processing(processing_exports=[10.0, 10.0], processing_imports=[1.0, 1.0])
    assert split.e.sum() == pytest.approx(t.e.sum())
