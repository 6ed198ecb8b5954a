"""The judgements in words on flows of one's own: figures by hand, and a whole customs download."""

from __future__ import annotations

from math import log

import customs
import pandas as pd
import pytest

import exportlab as xl
from exportlab.claims import judge
from exportlab.errors import DataError, UnknownName
from exportlab.readers import read_gacc

TABLE = pd.DataFrame(
    [
        ("L", "Japan", "72081000", 60.0),
        ("L", "USA", "85171200", 30.0),
        ("L", "Peru", "27011200", 10.0),
        ("M", "Japan", "85171200", 50.0),
        ("M", "USA", "61091000", 50.0),
    ],
    columns=["exporter", "market", "product", "value"],
)


MIXED = pd.DataFrame(
    [(e, m, p, float(1 + (k * n) % 7)) for e in "LM" for k, m in enumerate(("Japan", "USA", "Peru", "Chile"))
     for n, p in enumerate(("72081000", "85171200", "27011200"), 3)],
    columns=["exporter", "market", "product", "value"],
)  # fmt: skip


def found(**options):
    made = judge(xl.flows(TABLE.assign(period=2023)), **options)
    return made.set_index("index")


def test_every_figure_has_an_interval_or_a_note():
    """The effective number has that of the HHI it is one over."""
    table = judge(xl.flows(MIXED.assign(quantity=2.0), quantity_unit="kg"), exporter="L").set_index("index")
    hhi, number = (table.loc[i] for i in ("HHI over products", "products of equal size"))
    assert [number["conf_low"], number["conf_high"]] == pytest.approx(
        [1 / hhi["conf_high"], 1 / hhi["conf_low"]]
    )
    assert number["corrected"] == pytest.approx(1 / hhi["corrected"], nan_ok=True)
    assert number["note"] == hhi["note"]
    without = table[table["conf_low"].isna()]
    assert set(without.index) == {"UNIDO coefficient", "dispersion of unit values within products"}
    assert set(without["note"]) == {"no interval is made of this index"}


def test_figures_by_hand():
    table = found(exporter="L")
    assert table.loc["HHI over markets", "value"] == pytest.approx(0.46)
    assert table.loc["HHI over markets", "peers"] == pytest.approx(0.55**2 + 0.40**2 + 0.05**2)
    assert table.loc["products of equal size", "value"] == pytest.approx(1 / 0.46)
    assert table.loc["share of RCEP members in force", "value"] == pytest.approx(0.6)
    assert table.loc["share of HS 72-73", "value"] == pytest.approx(0.6)
    assert table.loc["share of HS 2701-2704", "value"] == pytest.approx(0.1)
    machinery = table.loc["share of HS 84-90 (machinery)"]
    assert (machinery["value"], machinery["peers"]) == (0.3, 0.4)
    shares = table[table.index.str.startswith("share")]
    assert shares["verdict"].eq("undecided").all()  # three products, three markets
    alike = (60 * 60 + 30 * 80 + 10 * 10) / (
        (60**2 + 30**2 + 10**2) ** 0.5 * (60**2 + 80**2 + 10**2 + 50**2) ** 0.5
    )
    assert table.loc["UNIDO coefficient", "value"] == pytest.approx(alike)


def test_prices_of_one_product_over_markets():
    """Weights 60 and 30 at prices 2 and 1; the peers' 60 and 80 at 2 and 1; one market has no range of prices."""
    table = TABLE.assign(product=["72081000"] * 2 + ["27011200"] + ["72081000"] * 2, period=2023)
    table["quantity"] = table["value"] / [2.0, 1.0, 5.0, 2.0, 1.0]
    own = (
        judge(xl.flows(table), exporter="L")
        .set_index("index")
        .loc["dispersion of unit values within products"]
    )
    assert own["value"] == pytest.approx(log(2) * (60 * 30) ** 0.5 / 90)
    assert own["peers"] == pytest.approx(log(2) * (110 * 80) ** 0.5 / 190)
    assert own["verdict"] == ""
    assert "dispersion of unit values within products" not in found().index


def test_verdicts_turn_with_the_figures():
    table = judge(xl.flows(crossed({"Japan": 1.0, "USA": 99.0}, [1.0, 1.0, 98.0]))).set_index("index")
    assert table.loc["share of HS 72-73", "verdict"] == "does not hold"
    assert table.loc["share of RCEP members in force", "verdict"] == "does not hold"
    assert table.loc["share of HS 2701-2704", "verdict"] == "holds"


def crossed(markets, values):
    """Three goods, each sold in one mix: whatever is drawn, the shares are these."""
    goods = dict(zip(["72081000", "85171200", "27011200"], values, strict=True))
    cells = [(m, k, a * v) for m, a in markets.items() for k, v in goods.items()]
    return pd.DataFrame(cells, columns=["market", "product", "value"])


@pytest.mark.parametrize(("japan", "verdict"), [(49.0, "does not hold"), (50.0, "holds"), (51.0, "holds")])
def test_half_of_exports_is_concentration_on_one_region(japan, verdict):
    flows = crossed({"Japan": japan, "USA": 100 - japan}, [1.0, 2.0, 3.0])
    table = judge(xl.flows(flows)).set_index("index")
    assert table.loc["share of RCEP members in force", ["threshold", "verdict"]].tolist() == [0.5, verdict]


@pytest.mark.parametrize(
    ("own", "others", "verdict"),
    [([1.0, 2.0, 7.0], [1.0, 6.0, 3.0], "holds"), ([1.0, 6.0, 3.0], [1.0, 2.0, 7.0], "does not hold")],
)
def test_little_processed_beside_the_others(own, others, verdict):
    """Machinery is a fifth here and three fifths there, or the other way round: two fifths of both."""
    mix = {"Japan": 1.0, "USA": 2.0, "Peru": 3.0}
    both = pd.concat([crossed(mix, own).assign(exporter="L"), crossed(mix, others).assign(exporter="M")])
    row = judge(xl.flows(both), exporter="L").set_index("index").loc["share of HS 84-90 (machinery)"]
    assert row[["value", "threshold", "peers"]].tolist() == pytest.approx([own[1] / 10, 0.4, 0.4])
    assert row["verdict"] == verdict


def test_a_good_that_nobody_buys():
    """Ten markets alike, none of which takes coal: its share is no more than p with (1 - p)^10 = .05."""
    markets = ["Japan", "USA", "Peru", "France", "Chile", "Kenya", "India", "Egypt", "Spain", "Italy"]
    table = judge(xl.flows(crossed(dict.fromkeys(markets, 1.0), [1.0, 1.0, 0.0]))).set_index("index")
    coal = table.loc["share of HS 2701-2704"]
    assert coal[["value", "conf_low", "conf_high"]].tolist() == pytest.approx([0, 0, 1 - 0.05**0.1])
    assert (coal["threshold"], coal["verdict"]) == (0.05, "undecided")


def test_a_customs_download_runs_unchanged(tmp_path):
    file = customs.write(customs.draw(3000, 11, places=("21", "22")), tmp_path / "download.csv")
    table = judge(read_gacc(file, progress=False), exporter="辽宁省", home="CHN").set_index("index")
    hhi = table.loc["HHI over products"]
    assert hhi["conf_low"] < hhi["conf_high"] < 0.18
    assert hhi["verdict"] == "does not hold"
    assert table["peers"].notna().sum() >= 6


def test_refusals():
    with pytest.raises(UnknownName, match="There is no exporter named 'K'"):
        found(exporter="K")
    with pytest.raises(UnknownName, match="There is no period named 1999"):
        found(period=1999)
    with pytest.raises(DataError, match="the flows have no market"):
        judge(xl.flows(TABLE[["product", "value"]], aggregate="sum"))
