"""Space: statistics against spdep, weights of China's places, exact and random p, what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import exportlab as xl
from exportlab.errors import DataError, DuplicateCells, OptionError, UnknownName
from exportlab.space import places, q_values
from exportlab.words import speaking

HERE = Path(__file__).parent / "reference" / "space"
EXACT = {"rel": 1e-10, "abs": 1e-10}


def read(name: str) -> pd.DataFrame:
    return pd.read_csv(HERE / f"{name}.csv")


@pytest.fixture(scope="module")
def columbus():
    return read("columbus")


def links(scheme, style="row"):
    rows = read("columbus_neighbours")
    rows = rows[rows["scheme"] == scheme]
    return xl.spatial_weights(rows, kind="links", unit="i", neighbour="j", style=style)


@pytest.fixture(scope="module")
def gal():
    return links("gal")


@pytest.fixture(scope="module")
def cities():
    rng = np.random.default_rng(8)
    table = places("liaoning")
    return table.assign(exports=np.exp(table["latitude"] - 40 + rng.normal(0, 0.3, 14)))


# ---- figures from outside -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("style", ["row", "binary"])
@pytest.mark.parametrize("scheme", ["gal", "queen", "rook", "knn4", "band"])
def test_global_statistics_are_those_of_spdep(columbus, scheme, style):
    want = read("expected_global")
    want = want[(want["scheme"] == scheme) & (want["style"] == ("W" if style == "row" else "B"))]
    compared = 0
    for (variable, assumption), rows in want.groupby(["variable", "assumption"]):
        names = {
            "moran": "moran",
            "geary": "geary",
            "getis_ord": "getis_ord",
            "getisord": "getis_ord",
            "G": "getis_ord",
        }
        some = rows.assign(statistic=rows["statistic"].map(names)).dropna(subset=["statistic"])
        found = xl.spatial_autocorrelation(
            columbus, value=variable, unit="id", weights=links(scheme, style),
            statistics=list(some["statistic"]), method=assumption,
        ).table.set_index("statistic")  # fmt: skip
        for _, row in some.iterrows():
            one = found.loc[row["statistic"]]
            for column in ("value", "expectation", "variance", "z"):
                assert one[column] == pytest.approx(row[column], rel=1e-9, abs=1e-12)
            assert one["p_value"] == pytest.approx(row["p_greater"], rel=1e-7)
            compared += 1
    assert compared >= 8


def test_inverse_distance_is_that_of_spdep(columbus):
    want = read("expected_global")
    want = want[want["scheme"].str.contains("inv")]
    assert len(want)
    for scheme, rows in want.groupby("scheme"):
        power = 2.0 if "2" in scheme else 1.0
        w = xl.spatial_weights(
            columbus, kind="inverse", unit="id", coordinates=("x", "y"), plane=True, power=power
        )
        for assumption, some in rows.groupby("assumption"):
            found = xl.spatial_autocorrelation(
                columbus, value="crime", unit="id", weights=w, method=assumption
            )
            table = found.table.set_index("statistic")
            for _, row in some.iterrows():
                assert table.loc[row["statistic"], "z"] == pytest.approx(row["z"], rel=1e-9)


def test_neighbours_by_distance_are_those_of_spdep(columbus):
    at = {"unit": "id", "coordinates": ("x", "y"), "plane": True}
    for made, scheme in (
        (xl.spatial_weights(columbus, kind="nearest", nearest=4, **at), "knn4"),
        (xl.spatial_weights(columbus, kind="band", within=4.0, **at), "band"),
    ):
        theirs = links(scheme).aligned(list(made.labels))
        assert made.w == pytest.approx(theirs, abs=1e-15)
    smallest = 3.37427137912794
    xl.spatial_weights(columbus, kind="band", within=smallest + 1e-12, **at)
    with pytest.raises(DataError, match="have no neighbours"):
        xl.spatial_weights(columbus, kind="band", within=smallest - 1e-6, **at)


def test_local_statistics_are_those_of_spdep(columbus, gal):
    want = read("expected_local")
    found = xl.local_clusters(columbus, value="crime", unit="id", weights=gal, method="normality").table
    for column, theirs in {
        "lag": "lag_crime",
        "statistic": "local_moran",
        "expectation": "e_conditional",
        "variance": "var_conditional",
        "z": "z_conditional",
    }.items():
        assert found[column].to_numpy() == pytest.approx(want[theirs].to_numpy(), **EXACT)
    assert found["p_value"].to_numpy() == pytest.approx(want["p_two_sided_conditional"].to_numpy(), rel=1e-8)
    assert found["quadrant"].tolist() == want["quadrant"].tolist()
    binary = links("gal", "binary")
    for statistic, weights, theirs in (
        ("g", binary, "G_z_binary"),
        ("g", gal, "G_z_rowstd"),
        ("g_star", binary, "Gstar_z_binary"),
    ):
        one = xl.local_clusters(
            columbus, value="crime", unit="id", weights=weights, statistic=statistic, method="normality"
        )
        assert one.table["z"].to_numpy() == pytest.approx(want[theirs].to_numpy(), **EXACT)
    geary = xl.local_clusters(
        columbus, value="crime", unit="id", weights=gal, statistic="geary", permutations=19, rng=1
    )
    assert geary.table["statistic"].to_numpy() == pytest.approx(want["local_geary"].to_numpy(), **EXACT)


def test_random_orders_are_as_far_as_those_of_spdep(columbus, gal):
    want = read("expected_permutation").set_index("statistic")
    found = xl.spatial_autocorrelation(
        columbus, value="crime", unit="id", weights=gal, permutations=999, rng=3
    ).table.set_index("statistic")
    assert (found["method"] == "permutation").all()
    assert found["p_value"].to_dict() == {"moran": 0.001, "geary": 0.001}
    for name in ("moran", "geary"):
        assert np.sqrt(found.loc[name, "variance"]) == pytest.approx(
            want.loc[name, "permutation_sd"], rel=0.01
        )


def test_china_s_borders_and_distances():
    want = read("expected_china").set_index(["set", "weights", "variable"])
    sets = {"provinces": "provinces", "liaoning": "liaoning"}
    compared = 0
    for (place, weights, variable), row in want.iterrows():
        name = sets.get(place)
        if name is None or variable not in ("latitude", "longitude"):
            continue
        kind = {"cont": "borders", "inve": "inverse", "4 ne": "nearest", "near": "nearest"}[weights[:4]]
        w = xl.spatial_weights(name, kind=kind, **({"nearest": 4} if kind == "nearest" else {}))
        found = xl.spatial_autocorrelation(
            places(name), value=variable, unit="name", weights=w, method="normality"
        )
        assert found.table["value"].tolist() == pytest.approx([row["moran_or_value"], row["geary"]], rel=1e-8)
        compared += 1
    assert compared >= 8


def test_embedded_places():
    provinces, cities = places("provinces"), places("liaoning")
    assert (len(provinces), len(cities)) == (31, 14)
    land = xl.spatial_weights("provinces", straits=False, style="binary", isolated="keep")
    assert land.w.sum() == 2 * 68
    assert land.title == "136 links of 31 units by borders (binary), 1 without neighbours"
    both = xl.spatial_weights("provinces", style="binary")
    assert both.w.sum() == 2 * 69
    assert (
        dict(zip(both.labels, both.w.sum(axis=1).astype(int).astype(str), strict=True))
        == provinces.assign(
            neighbours=lambda t: (
                t["neighbours"].astype(int)
                + (t["name"].isin(["Guangdong", "Hainan"]))
                * (land.w.sum(axis=1) == t["neighbours"].astype(int))
            )
        )
        .set_index("name")["neighbours"]
        .astype(str)
        .to_dict()
    )
    assert xl.spatial_weights("liaoning", unit="name_zh", style="binary").table["weight"].sum() == 54
    near = xl.spatial_weights("liaoning", kind="inverse", style="binary")
    place = {name: k for k, name in enumerate(near.labels)}
    assert 1 / near.w[place["Shenyang"], place["Dalian"]] == pytest.approx(355.25, abs=0.005)
    with pytest.raises(DataError, match=r"1 of 31 units have no neighbours\. First: Hainan"):
        xl.spatial_weights("provinces", straits=False)


# ---- laws ---------------------------------------------------------------------------------------------------------


def test_units_order_and_names_change_nothing(cities):
    w = xl.spatial_weights("liaoning")
    options = {"value": "exports", "unit": "name", "weights": w, "method": "randomisation"}
    found = xl.spatial_autocorrelation(cities, **options).table
    for other in (
        cities.assign(exports=cities["exports"] * 7.2 + 5),
        cities.sample(frac=1, random_state=1),
    ):
        again = xl.spatial_autocorrelation(other, **options).table
        assert again[["value", "z", "p_value"]].to_numpy() == pytest.approx(
            found[["value", "z", "p_value"]].to_numpy()
        )
    chinese = xl.spatial_weights("liaoning", unit="name_zh")
    named = xl.spatial_autocorrelation(cities, **{**options, "unit": "name_zh", "weights": chinese}).table
    assert named["z"].tolist() == found["z"].tolist()
    mirrored = xl.spatial_autocorrelation(cities.assign(exports=-cities["exports"]), **options).table
    assert mirrored["value"].tolist() == pytest.approx(found["value"].tolist())


def test_local_morans_add_up_to_the_global_one(cities):
    for style in ("row", "binary"):
        w = xl.spatial_weights("liaoning", style=style)
        local = xl.local_clusters(cities, value="exports", unit="name", weights=w).table
        whole = xl.spatial_autocorrelation(
            cities, value="exports", unit="name", weights=w, method="normality"
        ).table.set_index("statistic")
        assert local["statistic"].sum() / w.w.sum() == pytest.approx(whole.loc["moran", "value"], rel=1e-12)
        geary = xl.local_clusters(cities, value="exports", unit="name", weights=w, statistic="geary").table
        assert geary["statistic"].sum() / (2 * w.w.sum()) == pytest.approx(
            whole.loc["geary", "value"], rel=1e-12
        )


@pytest.mark.parametrize("statistic", ["moran", "geary", "getis_ord"])
def test_moments_are_those_of_all_orders(statistic):
    """Six units: the mean and the variance over 720 orders, and the p of all of them."""
    from itertools import permutations

    from exportlab.space.autocorrelation import STATISTICS, moments

    ring = pd.DataFrame([(i, (i + s) % 6) for i in range(6) for s in (1, 5)] + [(0, 3)], columns=["a", "b"])
    w = xl.spatial_weights(ring, kind="links", unit="a", neighbour="b", style="binary")
    x = np.array([1.0, 2.5, 4.0, 9.0, 5.0, 2.0])
    every = np.array(
        [STATISTICS[statistic](x[list(order)], w.aligned(range(6))) for order in permutations(range(6))]
    )
    mean, variance = moments(statistic, x, w.aligned(range(6)), "randomisation")
    assert (every.mean(), every.var()) == pytest.approx((mean, variance), rel=1e-10)
    table = pd.DataFrame({"u": range(6), "x": x})
    options = {"value": "x", "unit": "u", "weights": w, "statistics": [statistic]}
    sign = -1 if statistic == "geary" else 1
    for alternative, far in {
        "greater": sign * every >= sign * every[0] - 1e-12,
        "less": sign * every <= sign * every[0] + 1e-12,
        "two_sided": np.abs(every - every.mean()) >= abs(every[0] - every.mean()) - 1e-12,
    }.items():
        found = xl.spatial_autocorrelation(table, alternative=alternative, **options).table.iloc[0]
        assert found["method"] == "exact"
        assert found["p_value"] == pytest.approx(far.mean(), abs=1e-12)
    drawn = xl.spatial_autocorrelation(table, method="permutation", permutations=4999, rng=1, **options).table
    assert drawn["p_value"][0] == pytest.approx((sign * every >= sign * every[0] - 1e-12).mean(), abs=0.03)


def test_local_moments_are_those_of_all_sets(cities):
    """Given its own figure, a city's neighbours can be any set of the others, and all of them are tried."""
    from itertools import combinations

    w = xl.spatial_weights("liaoning")
    found = xl.local_clusters(cities, value="exports", unit="name", weights=w).table
    assert (found["method"] == "exact").all()
    x = cities["exports"].to_numpy()
    z = x - x.mean()
    for i in (0, 3, 7):
        k = int((w.w[i] > 0).sum())
        sets = np.array([np.mean(s) for s in combinations(np.delete(z, i), k)])
        every = z[i] * sets / z.var()
        assert (every.mean(), every.var()) == pytest.approx(
            (found["expectation"][i], found["variance"][i]), rel=1e-9
        )
        own = z[i] * (w.w[i] @ z) / z.var()
        assert found["statistic"][i] == pytest.approx(own)
        far = np.abs(every - every.mean()) >= abs(own - every.mean()) - 1e-12
        assert found["p_value"][i] == pytest.approx(far.mean(), abs=1e-12)
    drawn = xl.local_clusters(
        cities, value="exports", unit="name", weights=w, method="permutation", permutations=1999, rng=2
    )
    assert drawn.table["p_value"].to_numpy() == pytest.approx(found["p_value"].to_numpy(), abs=0.05)
    assert (drawn.table["method"] == "permutation").all()
    assert drawn.table["p_value"].min() >= 1 / 2000
    hot = xl.local_clusters(cities, value="exports", unit="name", weights=w, statistic="g").table
    assert hot["p_value"].tolist() == pytest.approx(found["p_value"].tolist())
    assert np.sign(hot["z"]).tolist() == np.sign(found["z"] * z).tolist()


def test_discoveries_are_controlled():
    p = np.array([0.01, 0.04, 0.03, np.nan, 0.5])
    assert q_values(p) == pytest.approx([0.04, 0.16 / 3, 0.16 / 3, np.nan, 0.5], nan_ok=True)
    assert q_values(np.array([0.2, 0.1])).tolist() == [0.2, 0.2]
    assert q_values([0.0, 1.0]).tolist() == [0.0, 1.0]
    for wrong, said in (
        ([0.2, 1.1], "p=1.1"),
        ([-0.1], "p=-0.1"),
        ([[0.1]], r"p=\[\[0.1"),
        ("few", "p='few'"),
        (0.1, "p=0.1"),
    ):
        with pytest.raises(
            OptionError, match=f"{said}.* is not allowed. Allowed: numbers from 0 to 1, in one"
        ):
            q_values(wrong)
    made = pd.DataFrame(
        [(i, j) for i in range(12) for j in range(12) if 0 < abs(i - j) <= 2], columns=["a", "b"]
    )
    w = xl.spatial_weights(made, kind="links", unit="a", neighbour="b")
    table = pd.DataFrame({"u": range(12), "x": [9.0, 9.5, 9.2, 9.1, 9.3, 1.0, 5.0, 1.1, 1.2, 1.0, 1.3, 1.15]})
    found = xl.local_clusters(table, value="x", unit="u", weights=w, false_discovery=0.2)
    named = found.table[found.table["cluster"] != ""]
    assert len(named)
    assert (named["q_value"] <= 0.2).all()
    assert (found.table.loc[found.table["cluster"] == "", "q_value"] > 0.2).all()
    assert found.table["cluster"][0] == "High-High"
    assert f"{len(named)} of 12 units stand out" in found.title
    assert "at most 0.2" in found.summary()
    strict = xl.local_clusters(table, value="x", unit="u", weights=w, false_discovery=1e-6)
    assert (strict.table["cluster"] == "").all()
    with speaking("zh"):
        ax = found.plot()
    assert "0" in {t.get_text() for t in ax.texts}
    assert not found.plot(label=False).texts


def test_units_without_neighbours_are_kept_and_said():
    w = xl.spatial_weights("provinces", straits=False, isolated="keep")
    table = places("provinces")
    found = xl.local_clusters(
        table, value="latitude", unit="name", weights=w, method="normality"
    ).table.set_index("name")
    assert found.loc["Hainan", "quadrant"] == "no neighbours"
    assert found.loc["Hainan", "cluster"] == ""
    assert np.isnan(found.loc["Hainan", ["statistic", "p_value", "q_value"]].astype(float)).all()
    drawn = xl.local_clusters(table, value="latitude", unit="name", weights=w, permutations=19, rng=1).table
    assert drawn.set_index("name").loc["Hainan", "method"] == "no neighbours"


def test_periods_are_apart(cities):
    both = pd.concat(
        [cities.assign(year=2020), cities.assign(year=2021, exports=cities["exports"][::-1].to_numpy())]
    )
    w = xl.spatial_weights("liaoning")
    options = {"value": "exports", "unit": "name", "weights": w, "method": "normality"}
    found = xl.spatial_autocorrelation(both, period="year", **options).table
    assert found["year"].tolist() == [2020, 2020, 2021, 2021]
    alone = xl.spatial_autocorrelation(both[both["year"] == 2021], **options)
    assert found["value"].tolist()[2:] == alone.table["value"].tolist()
    assert any("14 units are few for a normal law" in c for c in alone.cautions)
    drawn = xl.spatial_autocorrelation(cities, **{**options, "method": "permutation"}, permutations=99, rng=1)
    assert not any("few for a normal law" in c for c in drawn.cautions)


# ---- what is refused ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"of": "sheng"}, UnknownName, "no set of places named 'sheng'"),
        ({"unit": "city"}, UnknownName, "column of the places named 'city'"),
        ({"kind": "nearest"}, OptionError, "kind='nearest' needs nearest=, how many"),
        ({"kind": "band"}, OptionError, "kind='band' needs within=, how far"),
        ({"nearest": 3}, OptionError, "nearest= belongs to kind='nearest', not to 'borders'"),
        ({"kind": "inverse", "straits": True}, OptionError, "straits= belongs to kind='borders'"),
        ({"kind": "nearest", "nearest": 14}, OptionError, "nearest=14 is not allowed. Allowed: below 14"),
        ({"kind": "links"}, OptionError, "kind='links' is not allowed here"),
        (
            {"of": pd.DataFrame({"a": [1]})},
            OptionError,
            "Allowed: borders of 'provinces', 'liaoning'; links, or",
        ),
        ({"kind": "band", "within": 1.0}, DataError, "14 of 14 units have no neighbours"),
        ({"kind": "inverse", "power": 0.0}, OptionError, "power=0.0 is not allowed"),
        ({"style": "W"}, OptionError, "style='W' is not allowed"),
        ({"kind": "inverse", "coordinates": ("x", "y")}, UnknownName, "column named 'x'"),
    ],
)
def test_weights_that_cannot_be(options, error, said):
    with pytest.raises(error, match=said):
        xl.spatial_weights(**{"of": "liaoning", **options})


@pytest.mark.parametrize(
    ("rows", "error", "said"),
    [
        (
            [("a", "b", 1.0), ("a", "b", 2.0)],
            DuplicateCells,
            r"a link appears more than once in 1 row\. First: \('a', 'b'\)",
        ),
        ([("a", "a", 1.0)], DataError, "a place is linked with itself in 1 row"),
        ([("a", None, 1.0)], DataError, "a link lacks one of its ends"),
        ([("a", "b", 0.0), ("b", "a", 1.0)], DataError, "a weight is not above zero in 1 row"),
        ([("a", "b", np.nan), ("b", "a", 1.0)], DataError, "a weight is not above zero"),
        ([("a", "b", 1.0)], DataError, r"1 of 2 units have no neighbours\. First: b"),
    ],
)
def test_links_that_are_none(rows, error, said):
    table = pd.DataFrame(rows, columns=["i", "j", "w"])
    with pytest.raises(error, match=said):
        xl.spatial_weights(table, kind="links", unit="i", neighbour="j", weight="w")
    with pytest.raises(OptionError, match="needs neighbour="):
        xl.spatial_weights(table, kind="links", unit="i")
    with pytest.raises(UnknownName, match="'k'"):
        xl.spatial_weights(table, kind="links", unit="i", neighbour="k")


def test_places_that_are_none(cities):
    at = {"kind": "inverse", "unit": "name"}
    with pytest.raises(DataError, match="does not name each place once. First: Shenyang"):
        xl.spatial_weights(pd.concat([cities, cities.head(1)]), **at)
    with pytest.raises(DataError, match="coordinates are missing or no degrees in 14 rows"):
        xl.spatial_weights(cities.assign(latitude=100.0), **at)
    with pytest.raises(DataError, match=r"two places have one position\. First: rows 1, 2"):
        xl.spatial_weights(cities.assign(latitude=40.0, longitude=[120.0, 120.0, *range(12)]), **at)
    weighted = pd.DataFrame({"i": ["a", "b"], "j": ["b", "a"], "w": [2.0, 5.0]})
    made = xl.spatial_weights(weighted, kind="links", unit="i", neighbour="j", weight="w", style="binary")
    assert made.table["weight"].tolist() == [2, 5]
    assert made.title == "2 links of 2 units by links (binary)"


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({}, OptionError, "Random orders need rng="),
        ({"method": "exact"}, OptionError, "too many of 14 units"),
        ({"statistics": ["getis_ord"]}, OptionError, "getis_ord is of binary weights"),
        ({"statistics": ["lisa"]}, OptionError, "statistics="),
        ({"value": "export"}, UnknownName, "Did you mean 'exports'"),
        ({"unit": "name_zh"}, UnknownName, "unit of the weights"),
        ({"alternative": "more"}, OptionError, "alternative='more'"),
        ({"permutations": 0}, OptionError, "permutations=0"),
    ],
)
def test_what_autocorrelation_refuses(cities, options, error, said):
    w = xl.spatial_weights("liaoning")
    with pytest.raises(error, match=said):
        xl.spatial_autocorrelation(cities, **{"value": "exports", "unit": "name", "weights": w, **options})


def test_tables_that_autocorrelation_refuses(cities):
    w = xl.spatial_weights("liaoning")
    options = {"value": "exports", "unit": "name", "weights": w, "method": "normality"}
    with pytest.raises(DataError, match=r"1 of 14 units of the weights are not in the table.*First: Huludao"):
        xl.spatial_autocorrelation(cities[cities["name"] != "Huludao"], **options)
    with pytest.raises(DataError, match=r"'exports' is missing or infinite in 1 row\. First: name Shenyang"):
        xl.spatial_autocorrelation(cities.assign(exports=[np.nan, *range(13)]), **options)
    with pytest.raises(DuplicateCells, match="a name appears more than once in 1 row. First: Shenyang"):
        xl.spatial_autocorrelation(pd.concat([cities, cities.head(1)]), **options)
    with pytest.raises(DataError, match="'exports' is constant. First: 3"):
        xl.spatial_autocorrelation(cities.assign(exports=3.0), **options)
    three = pd.DataFrame([(i, j) for i in "abc" for j in "abc" if i != j], columns=["i", "j"])
    small = xl.spatial_weights(three, kind="links", unit="i", neighbour="j")
    with pytest.raises(DataError, match="there are 3 units"):
        xl.spatial_autocorrelation(
            pd.DataFrame({"u": list("abc"), "x": [1.0, 2, 3]}), value="x", unit="u", weights=small
        )
    with pytest.raises(OptionError, match="g_star is of binary weights"):
        xl.local_clusters(cities, value="exports", unit="name", weights=w, statistic="g_star")
    with pytest.raises(OptionError, match="Local Geary has no normal law"):
        xl.local_clusters(
            cities, value="exports", unit="name", weights=w, statistic="geary", method="normality"
        )
    far = xl.spatial_weights("liaoning", kind="inverse")
    with pytest.raises(OptionError, match="Random sets of neighbours need rng="):
        xl.local_clusters(cities, value="exports", unit="name", weights=far)
    assert (
        len(
            xl.local_clusters(cities, value="exports", unit="name", weights=far, permutations=99, rng=1).table
        )
        == 14
    )
