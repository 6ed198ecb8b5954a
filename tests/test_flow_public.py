"""Public reports on programs that take trade tables, made anew; docs/reliability.rst says what each was."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import polars as pl
import pytest

import exportlab as xl
from exportlab.classifications import meanings
from exportlab.errors import DataError, DuplicateCells

GROUPS = {m: "nothing" if m in "abc" else "alike" for m in "abcdef"}


def sold(values, exporters=None):
    """Exports of c0, c1, ... in p0, p1, ..., a row of the matrix each."""
    names = exporters or [f"c{i}" for i in range(len(values))]
    rows = [(e, f"p{j}", v) for e, line in zip(names, values, strict=True) for j, v in enumerate(line)]
    return xl.flows(pd.DataFrame(rows, columns=["exporter", "product", "value"]))


def random(seed=2, shape=(6, 8)):
    return np.round(np.random.default_rng(seed).gamma(0.5, 1, shape), 2) + 0.01


def test_what_a_matrix_loses_is_named():
    """economiccomplexity 16: 238 countries and 5,018 products became 221 and 4,902 without a word."""
    values = np.zeros((5, 6))
    values[:4, :5] = [[9, 9, 1, 0, 1], [9, 1, 9, 1, 0], [1, 9, 1, 9, 1], [0, 1, 9, 9, 1]]
    made = xl.complexity(sold(values))
    assert made.left_out.to_numpy().tolist() == [
        ["exporter", "c4", "no exports"],
        ["product", "p5", "no trade"],
    ]
    alone = xl.complexity(sold(values[:4, :5]))
    pd.testing.assert_frame_equal(made.exporters.dropna(), alone.exporters)


def test_one_exporter_without_an_advantage_leaves_the_others_theirs():
    """py-ecomplexity 22: a diversity of zero made every ECI and PCI NaN."""
    values = random()
    people = {f"c{i}": 10.0 for i in range(6)} | {"c6": 1e6}
    made = xl.complexity(
        sold(np.vstack([values, 1e-3 * values.sum(0)])), presence="rpop", population=people, threshold=1000.0
    )
    eci = made.exporters.set_index("exporter")["eci"]
    assert eci.index[eci.isna()].tolist() == ["c6"]
    assert made.products["pci"].notna().all()
    assert made.left_out["reason"].tolist() == ["no product with an advantage"]


def test_a_product_is_not_near_itself():
    """py-ecomplexity 38: with ones on the diagonal a product counted in its own density."""
    made = xl.complexity(sold(random()))
    near, advantage = made.proximity(), made.matrix("present").astype(float)
    assert (np.diag(near) == 0).all()
    density = advantage @ near / near.sum()
    pairs = made.pairs.set_index(["exporter", "product"])["density"]
    for key, found in pairs.items():
        assert found == pytest.approx(density.loc[key])


def test_each_index_has_the_scale_that_is_said():
    """py-ecomplexity 23: PCI was standardised by the mean and spread of ECI, which no page said."""
    flows = sold(random())
    eci = xl.complexity(flows).exporters["eci"]
    own = xl.complexity(flows, pci_scale="own").products["pci"]
    for index in (eci, own):
        assert (index.mean(), index.std(ddof=0)) == (pytest.approx(0, abs=1e-12), pytest.approx(1))
    by_eci = xl.complexity(flows, pci_scale="eci").products["pci"]
    assert by_eci.corr(own) == pytest.approx(1)
    assert by_eci.std(ddof=0) != pytest.approx(1)


@pytest.mark.parametrize("seed", range(4))
def test_the_sign_of_complexity_is_no_accident_of_names(seed):
    """economiccomplexity 4, py-ecomplexity 7: an eigenvector may come with either sign."""
    values = random(seed, (7, 9))
    names = [f"c{i}" for i in range(7)]
    one = xl.complexity(sold(values, names)).exporters.set_index("exporter")
    other = xl.complexity(sold(values[::-1, ::-1], [f"z{n}" for n in names[::-1]])).exporters
    assert one["eci"].corr(one["diversity"]) >= 0
    np.testing.assert_allclose(
        other.set_index("exporter")["eci"].sort_index(), one["eci"].sort_index(), atol=1e-9
    )


def test_inequality_within_groups_is_never_below_zero():
    """pysal/inequality 15: members at zero made the part within groups -ln 2."""
    flows = xl.flows(pd.DataFrame({"market": list("abcdef"), "value": [0.0, 0, 0, 10, 10, 10]}))
    found = xl.theil_within_between(flows, GROUPS, over="market", universe=list("abcdef")).iloc[0]
    assert found["theil"] == found["theil_between"] == pytest.approx(math.log(2))
    assert found["theil_within"] == 0.0
    seen = xl.theil_within_between(flows, GROUPS, over="market").iloc[0]
    assert seen[["theil", "theil_between", "theil_within"]].tolist() == [0.0, 0.0, 0.0]


def test_the_gini_of_four_is_that_of_the_formula():
    """IneqPy 12: two programs gave two Ginis of one sample: with, and without, n / (n - 1)."""
    assert float(xl.evaluate("gini", [1.0, 2.0, 3.0, 4.0])) == pytest.approx(0.25)
    assert "n - 1" not in xl.CATALOGUE["gini"].formula


def test_inequality_of_nothing_is_not_known():
    """momepy 77: the Theil index of zeros was NaN there and is made 0; here nothing has no distribution."""
    rows = pd.DataFrame({"period": [1, 1, 2, 2], "market": list("abab"), "value": [0.0, 0.0, 1.0, 1.0]})
    found = xl.theil(xl.flows(rows), over="market")["theil"]
    assert math.isnan(found[0])
    assert found[1] == 0.0
    with pytest.raises(DataError, match="all 2 values are zero"):
        xl.flows(rows[:2])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("ROM", "ROU"),
        ("ZAR", "COD"),
        ("TMP", "TLS"),
        ("SER", "SRB"),
        ("MNT", "MNE"),
        ("KSV", "XKX"),
        ("WBG", "PSE"),
        ("ADO", "AND"),
        ("IMY", "IMN"),
        ("OAS", "TWN"),
    ],
)
def test_codes_that_lists_of_trade_keep(old, new):
    """country_converter 7: ROM is Romania in WITS and was in ISO 3166 to 2002; beside ROU it was a second country."""
    assert xl.country(old).iso3 == new
    with pytest.raises(DataError, match=f"writes 1 place in more than one way: {new}"):
        xl.flows(pd.DataFrame({"exporter": [old, new], "value": [1.0, 2.0]}))


def test_codes_of_nobody_are_members_of_nothing():
    """oec 181: FDR, NAA and XXA of an own list stood among countries; the bloc's share took them as outside."""
    table = pd.DataFrame({"market": ["FDR", "NAA", "FRA"], "value": [1.0, 2.0, 3.0]})
    with pytest.raises(DataError, match="2 markets are no known country or bloc"):
        xl.bloc_share(xl.flows(table), "EU", membership=1971)
    found = meanings(["SVU", "UNS", "SPE", "BUN", "FRE"])
    assert [m.kind for m in found.values()] == ["former", *["residual"] * 4]
    with pytest.raises(DataError, match="what is left over among its members"):
        xl.flows(pd.DataFrame({"market": ["USA", "UNS"], "value": [1.0, 2.0]}))


def test_a_row_that_comes_twice_is_no_second_flow():
    """basedosdados/pipelines 741: two identical rows of one shipment were added up."""
    row = {"period": "2023-10", "market": "505", "product": "30049037", "value": 10.0}
    with pytest.raises(DuplicateCells, match="several rows have one cell"):
        xl.flows(pd.DataFrame([row, row]), scheme="comtrade")


def test_number_codes_with_and_without_their_zeros():
    """countrycode 145: 004 in one table was 4 in the next, and the two did not meet."""
    shares = [
        xl.bloc_share(
            xl.flows(pd.DataFrame({"market": codes, "value": [1.0, 2.0, 5.0]})), "EU", membership="latest"
        )
        for codes in (["040", "156", "250"], [40, 156, 250], ["40", "156", "250"])
    ]
    assert [s["bloc_share"].item() for s in shares] == [0.75, 0.75, 0.75]
    with pytest.raises(DataError, match="AUT: '040', '40'"):
        xl.flows(pd.DataFrame({"market": ["040", "40"], "value": [1.0, 2.0]}))


@pytest.mark.parametrize("values", [[-5.0, 0.0, 10.0], [-5.0, -1.0, -2.0]])
def test_no_gini_of_what_is_below_zero(values):
    """microdf 289, wid-world 10: with figures below zero the Gini was 2, or above 1."""
    with pytest.raises(
        DataError, match=r"value 'value' is negative in . rows?. First: row 1, market='a', value=-5"
    ):
        xl.flows(pd.DataFrame({"market": list("abc"), "value": values}))
    with pytest.raises(DataError, match="a value is missing, negative or too far from one"):
        xl.evaluate("gini", values)


def test_markets_with_nothing_count_where_they_are_named():
    """accessibility 33: zeros fell out of a Gini before it was made, which nobody was told."""
    flows = xl.flows(pd.DataFrame({"market": list("abcd"), "value": [0.0, 0.0, 1.0, 3.0]}))
    asked = {"of those with trade": "observed", "of all four": list("abcd")}
    found = {k: float(xl.gini(flows, over="market", universe=u)["gini"][0]) for k, u in asked.items()}
    assert found["of all four"] == pytest.approx(0.625)  # by hand: 2 (3 x 1 + 4 x 3) / (4 x 4) - 5 / 4
    assert float(xl.evaluate("gini", [0.0, 0.0, 1.0, 3.0])) == pytest.approx(found["of those with trade"])


@pytest.mark.parametrize("correction", ["none", "own_exports", "own_imports", "rest"])
def test_what_a_place_sells_itself_is_no_trade_with_a_partner(correction):
    """atlas-economic-complexity 74, oec 176: countries stood among their own partners (a tenth of China's imports)."""
    rows = [
        ("FRA", "DEU", 3.0),
        ("FRA", "USA", 1.0),
        ("DEU", "FRA", 4.0),
        ("DEU", "USA", 2.0),
        ("USA", "FRA", 5.0),
    ]
    trade = pd.DataFrame(rows, columns=["exporter", "market", "value"])
    home = pd.DataFrame([("FRA", "FRA", 50.0), ("USA", "USA", 9.0)], columns=trade.columns)
    one, other = (
        xl.trade_intensity(xl.flows(t), correction=correction) for t in (trade, pd.concat([trade, home]))
    )
    pd.testing.assert_frame_equal(one.reset_index(drop=True), other.reset_index(drop=True))
    if correction == "none":
        hit = one.set_index(["exporter", "market"])["trade_intensity"]
        assert hit["FRA", "USA"] == pytest.approx((1 / 4) / (3 / 15))


@pytest.mark.parametrize("total", ["World", "World\u200b", "ＷＯＲＬＤ", "合计\ufeff", "Wor\u00adld"])
@pytest.mark.parametrize("role", ["exporter", "market"])
def test_a_total_is_one_however_it_is_written(role, total):
    """oec 212 and 215, comtradr 105: exports with the world's total among them were twice what they are."""
    table = pd.DataFrame({"exporter": ["FRA", "DEU"], "market": ["USA", "USA"], "value": [5.0, 4.0]})
    more = pd.DataFrame({"exporter": ["FRA"], "market": ["CHN"], "value": [9.0], role: [total]})
    with pytest.raises(DataError, match=f"{role} '{role}' has totals among its members"):
        xl.flows(pd.concat([table, more]))


def test_a_code_that_was_split_is_split_by_weights_or_not_at_all():
    """concordance 5, 14 and 21: split codes were found unchanged, not at all, or at their first target."""
    table = pd.DataFrame(
        {"old": ["690890", "690890", "681510", "681510"], "new": ["690721", "690722", "681510", "962000"]}
    )
    flows = xl.flows(pd.DataFrame({"product": ["690890", "681510"], "value": [10.0, 20.0]}))
    with pytest.raises(
        DataError,
        match=r"2 codes have several targets and no weights. First: '690890' to \['690721', '690722'\]",
    ):
        xl.concordance(table, source="old", target="new")
    weighed = xl.concordance(table.assign(w=[0.7, 0.3, 0.9, 0.1]), source="old", target="new", weight="w")
    found = xl.convert_products(flows, weighed).table.set_index("product")["value"]
    assert found.to_dict() == pytest.approx({"690721": 7.0, "690722": 3.0, "681510": 18.0, "962000": 2.0})
    with pytest.raises(DataError, match="1 product codes have no target in the concordance: 999999"):
        xl.convert_products(xl.flows(pd.DataFrame({"product": ["999999"], "value": [1.0]})), weighed)


def test_a_region_is_compared_with_the_nation_that_is_named():
    """dataviva-site 49: regions of one state were compared with the state, all others with the nation."""
    rows = [("r1", "p1", 5.0), ("r1", "p2", 5.0), ("r2", "p1", 1.0), ("r2", "p2", 9.0)]
    regions = xl.flows(pd.DataFrame(rows, columns=["exporter", "product", "value"]))
    nation = xl.flows(pd.DataFrame({"product": ["p1", "p2", "p3"], "value": [10.0, 80.0, 10.0]}))
    assert xl.rca(regions, reference=nation)["rca"].tolist() == pytest.approx([5.0, 0.625, 1.0, 1.125])
    assert xl.rca(regions)["rca"].tolist() == pytest.approx([5 / 3, 5 / 7, 1 / 3, 9 / 7])
    with pytest.raises(
        DataError, match="1 product codes are not in the reference table. First: product='p2'"
    ):
        xl.rca(regions, reference=xl.flows(pd.DataFrame({"product": ["p1"], "value": [10.0]})))


ALIKE = (
    ("DE", "DE\u200b"),
    ("Türkiye", "Tu\u0308rkiye"),
    ("USA", "ＵＳＡ"),
    ("中国", "中国\ufeff"),
    ("Viet Nam", "Viet\xa0Nam"),
)


@pytest.mark.parametrize("role", ["exporter", "market", "product"])
@pytest.mark.parametrize("empty", ["", "  ", "\u200b", "\u3000"])
@pytest.mark.parametrize("lazy", [False, True], ids=["in memory", "lazy"])
def test_a_label_of_blanks_is_none(role, empty, lazy):
    table = pd.DataFrame({role: ["A1", empty, empty], "year": [2020, 2020, 2021], "value": [1.0, 2.0, 3.0]})
    given = pl.from_pandas(table).lazy() if lazy else table
    with pytest.raises(DataError, match=rf"{role} '{role}' is blank in 2 rows. First: "):
        xl.hhi(xl.flows(given, period="year"), over=role)


@pytest.mark.parametrize(
    ("one", "other"),
    [*ALIKE, ("Food", "Food\u200b"), ("firm a", "fir\u00adm a"), ("食品（罐头）", "食品(罐头)")],
)
@pytest.mark.parametrize("role", ["exporter", "market", "product"])
def test_labels_that_look_alike_are_one_or_refused(role, one, other):
    """gocsv 243, csv-parser 140: a mark without width made two names of one, and nobody saw why."""
    table = pd.DataFrame({role: [one, other], "value": [1.0, 2.0]})
    with pytest.raises(DataError, match="more than one way|look alike"):
        xl.flows(table)
