"""Public reports on programs that take trade tables, made anew; docs/reliability.rst says what each was."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
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
