"""Coupling coordination, what a printed figure means, synergy, grey relation of series."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import exportlab as xl
from exportlab.composite import FORMS
from exportlab.composite.coupling import STAGES, degrees
from exportlab.composite.synergy import synergies_of
from exportlab.errors import DataError, DuplicateCells, OptionError, UnknownName
from exportlab.words import speaking

HERE = Path(__file__).parent / "reference" / "composite"
EXACT = {"rel": 0, "abs": 1e-10}
SOUND = ("standard", "modified")


def read(name: str) -> pd.DataFrame:
    return pd.read_csv(HERE / f"{name}.csv")


def uniform(systems, rows=400, seed=1):
    return np.random.default_rng(seed).uniform(0.01, 1, (rows, systems))


# ---- figures from outside -----------------------------------------------------------------------------------------

QUANTITIES = {
    "C standard 2 sqrt(U1U2)/(U1+U2)": "standard",
    "C with k = 2: [U1U2/((U1+U2)/2)^2]^2": "squared",
    "misuse: coefficient dropped, sqrt(U1U2)/(U1+U2) (range 0..0.5)": "no_coefficient",
    "misuse: root left out, 2 U1U2/(U1+U2)": "no_root",
    "misuse: sqrt(U1U2/(U1+U2))": "root_of_ratio",
    "C modified (Wang 2021)": "modified",
    "deviation form: 1 - |U1-U2|/max": "deviation",
    "coefficient of variation form: C = 1 - sd/mean (n divisor)": "variation",
    "C standard n (prod U)^(1/n)/sum U": "standard",
    "misuse: 3 [U1U2U3/(U1+U2+U3)^3]^(1/2)": "square_root_of_sum",
    "misuse: [U1U2U3/(U1+U2+U3)^3]^(1/3) (max 1/3)": "no_coefficient",
    "misuse: pairwise [U1U2U3/((U1+U2)(U2+U3)(U1+U3))]^(1/3) (max 1/2)": "pairwise",
    "C modified n systems (Wang 2021)": "modified",
}


@pytest.mark.parametrize(("quantity", "form"), QUANTITIES.items(), ids=list(QUANTITIES.values()))
def test_degrees_are_those_evaluated_apart(quantity, form):
    rows = read("expected_coupling")
    rows = rows[rows["quantity"] == quantity]
    assert len(rows) >= 3
    for _, row in rows.iterrows():
        u = row[["U1", "U2", "U3"]].dropna().to_numpy(float)
        assert degrees(u[None], form)[0] == pytest.approx(row["value"], **EXACT)


def test_coordination_is_that_evaluated_apart():
    rows = read("expected_coupling")
    for three, ways in {
        False: {"D standard sqrt(C T)": {}, "D modified sqrt(Cm T)": {"form": "modified"},
                "D standard with 0.4/0.6": {"weights": {"U1": 0.4, "U2": 0.6}}},
        True: {"D standard equal weights": {}, "D modified equal weights": {"form": "modified"}},
    }.items():  # fmt: skip
        names = ["U1", "U2", "U3"] if three else ["U1", "U2"]
        for quantity, options in ways.items():
            some = rows[(rows["quantity"] == quantity) & (rows["U3"].notna() == three)].reset_index(drop=True)
            found = xl.coupling(some.assign(row=range(len(some))), systems=names, unit="row", **options)
            assert len(some) >= 3
            assert found.table["coordination"].tolist() == pytest.approx(some["value"].tolist(), **EXACT)


def test_the_pair_of_degrees_is_that_of_a_printed_table():
    """Table 8 of Wang and others (2021): both printed degrees follow from the systems that both imply."""
    rows = read("wang_table8").dropna(subset=["U1_implied"])
    assert len(rows) >= 88
    u = rows[["U1_implied", "U2_implied"]].to_numpy()
    assert degrees(u, "standard") == pytest.approx(rows["C_traditional"].to_numpy(), abs=5e-5)
    assert degrees(u, "modified") == pytest.approx(rows["C_modified"].to_numpy(), abs=5e-5)


def test_grey_relation_is_that_of_numpy():
    table, want = read("grey_series"), read("expected_grey")
    for by, column in {"mean": "grade_mean_scaled", "first": "grade_initial_scaled"}.items():
        options = {"series": "exports", "factors": ["logistics", "fdi", "rd"], "divide_by": by}
        found = xl.grey_relation(table, period="year", **options)
        assert found["grade"].tolist() == pytest.approx(want[column].tolist(), **EXACT)
        assert found["rank"].tolist() == [2, 3, 1]
        shuffled = table.sample(frac=1, random_state=2)
        pd.testing.assert_frame_equal(xl.grey_relation(shuffled, period="year", **options), found)
        pd.testing.assert_frame_equal(xl.grey_relation(table, **options), found)
        money = table.assign(exports=table["exports"] * 7.2, fdi=table["fdi"] * 1e6)
        assert xl.grey_relation(money, **options)["grade"].tolist() == pytest.approx(found["grade"].tolist())
    tight = xl.grey_relation(table, series="exports", factors=["logistics", "fdi"], resolution=1.0)
    loose = xl.grey_relation(table, series="exports", factors=["logistics", "fdi"], resolution=0.1)
    assert (tight["grade"] > loose["grade"]).all()


# ---- laws ---------------------------------------------------------------------------------------------------------

HIGHEST = {"no_coefficient": lambda n: 1 / n, "pairwise": lambda n: 0.5 if n == 3 else np.inf}


@pytest.mark.parametrize("systems", [2, 3, 4])
@pytest.mark.parametrize("form", FORMS)
def test_degrees_keep_their_bounds_and_know_no_order(form, systems):
    u = uniform(systems)
    found = degrees(u, form)
    assert degrees(u[:, ::-1], form) == pytest.approx(found, abs=1e-12)
    assert (
        found.max() <= HIGHEST.get(form, lambda n: 1 if form != "root_of_ratio" else np.inf)(systems) + 1e-12
    )
    assert found.min() >= (-np.sqrt(systems - 1) if form == "variation" else 0)
    equal = np.full((1, systems), 0.7)
    whole = degrees(equal, form)[0]
    reaches = form in ("standard", "modified", "squared", "square_root", "variation", "deviation")
    reaches |= form == "square_root_of_sum" and systems == 2
    assert bool(np.isclose(whole, 1)) is reaches
    level = degrees(u / 2, form)
    free = form in ("standard", "squared", "square_root", "variation", "deviation", "no_coefficient")
    free |= form == "square_root_of_sum" or (form == "pairwise" and systems == 3)
    assert np.allclose(level, found, atol=1e-12) is free


def test_what_is_wrong_is_said_of_the_wrong_ones():
    assert {name for name, form in FORMS.items() if not form.fault} == set(SOUND)
    assert len({form.formula for form in FORMS.values()}) == len(FORMS)


def test_forms_that_are_one_for_two_systems():
    u = uniform(2)
    for one, other in (
        ("standard", "square_root"),
        ("standard", "square_root_of_sum"),
        ("pairwise", "root_of_ratio"),
    ):
        assert degrees(u, one) == pytest.approx(degrees(u, other), abs=1e-12)
        assert not np.allclose(degrees(uniform(3), one), degrees(uniform(3), other))


@pytest.mark.parametrize("systems", [2, 3, 5])
def test_coordination_is_the_root_of_the_geometric_mean(systems):
    u = uniform(systems)
    names = [f"s{k}" for k in range(systems)]
    table = pd.DataFrame(u, columns=names).assign(row=range(len(u)))
    found = xl.coupling(table, systems=names, unit="row").table
    assert found["coordination"].to_numpy() == pytest.approx(u.prod(axis=1) ** (1 / (2 * systems)), abs=1e-12)
    assert (found["development"] >= found["coordination"] ** 2 - 1e-12).all()
    modified = xl.coupling(table, systems=names, unit="row", form="modified").table
    assert (modified["coupling"] <= found["coupling"] + 1e-12).all() if systems == 2 else True
    higher = xl.coupling(table.assign(s0=(table["s0"] + 1) / 2), systems=names, unit="row").table
    assert (higher["coordination"] > found["coordination"]).all()


def test_systems_of_zero():
    table = pd.DataFrame({"unit": list("abc"), "x": [0.0, 0.0, 1.0], "y": [0.4, 0.0, 1.0]})
    for form in SOUND:
        found = xl.coupling(table, systems=["x", "y"], unit="unit", form=form).table
        assert found["coupling"].tolist() == pytest.approx([0, np.nan, 1], nan_ok=True)
        assert found["coordination"].tolist() == pytest.approx([0, np.nan, 1], nan_ok=True)
        assert found["development"].tolist() == [0.2, 0.0, 1.0]
        assert found["stage"].tolist() == ["extreme disorder", "", "quality coordination"]


def test_stages_are_tenths():
    d = np.array([0.0999, 0.1, 0.3, 0.59, 0.6, 0.9, 1.0])
    table = pd.DataFrame({"x": d**2, "y": d**2, "u": range(7)})
    found = xl.coupling(table, systems=["x", "y"], unit="u").table
    assert [STAGES.index(s) for s in found["stage"]] == [0, 1, 3, 5, 6, 9, 9]


def test_order_and_labels_change_nothing():
    table = pd.DataFrame(uniform(3, 12), columns=list("xyz")).assign(
        city=list("abcdef") * 2, year=[2020] * 6 + [2021] * 6
    )
    options = {"unit": "city", "period": "year", "weights": {"x": 0.5, "y": 0.3, "z": 0.2}}
    found = xl.coupling(table, systems=list("xyz"), **options)
    turned = xl.coupling(table.sample(frac=1, random_state=4), systems=list("zxy"), **options)
    merged = turned.table.sort_values(["year", "city"]).reset_index(drop=True)
    for column in ("coupling", "development", "coordination"):
        assert merged[column].to_numpy() == pytest.approx(found.table[column].to_numpy(), abs=1e-14)
    assert found.table["development"].to_numpy() == pytest.approx(table[list("xyz")] @ [0.5, 0.3, 0.2])
    assert found.weights == {"x": 0.5, "y": 0.3, "z": 0.2}
    assert not any("root of the geometric mean" in c for c in found.cautions)
    plain = xl.coupling(table, systems=list("xyz"), unit="city", period="year")
    assert any("root of the geometric mean" in c for c in plain.cautions)


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"systems": ["x"]}, OptionError, r"systems=\['x'\] is not allowed. Allowed: two columns or more"),
        ({"systems": ["x", "x"]}, OptionError, "each once"),
        ({"systems": None}, OptionError, r"systems=\[\]"),
        ({"systems": ["x", "w"]}, UnknownName, "no column named 'w'"),
        (
            {"systems": ["x", "big"]},
            DataError,
            r"1 figures of systems are not between 0 and 1.*unit b: big = 58",
        ),
        ({"systems": ["x", "low"]}, DataError, r"1 figures of systems are not between.*unit c: low = -0\.1"),
        (
            {"systems": ["x", "gone"]},
            DataError,
            r"1 figures of systems are missing or not between.*unit a: gone = nan",
        ),
        ({"form": "no_root"}, OptionError, "form='no_root' is not allowed. Allowed: 'standard', 'modified'"),
        ({"weights": {"x": 0.5, "y": 0.4}}, OptionError, r"add to 0\.9, not to 1"),
        ({"weights": {"x": 1.0}}, OptionError, r"weights= names \['x'\], and the systems are \['x', 'y'\]"),
        ({"unit": None}, DuplicateCells, "a row appears more than once"),
        ({"unit": "twice"}, DuplicateCells, "a twice appears more than once in 2 rows"),
        ({"unit": "x"}, OptionError, "'x' has two roles"),
    ],
)
def test_what_coupling_refuses(options, error, said):
    table = pd.DataFrame({"unit": list("abc"), "x": [0.1, 0.2, 0.3], "y": [0.4, 0.5, 0.6], "big": [0.5, 58.0, 1.0],
                          "low": [0, 1, -0.1], "gone": [np.nan, 0, 1], "twice": "d"})  # fmt: skip
    with pytest.raises(error, match=said):
        xl.coupling(table, **{"systems": ["x", "y"], "unit": "unit", **options})


# ---- composites as systems ----------------------------------------------------------------------------------------


def two_systems(years=(2020, 2021, 2022), **options):
    rng = np.random.default_rng(9)
    table = pd.DataFrame(
        [(c, t, *rng.uniform(0, 10, 4)) for t in years for c in "abcde"], columns=["city", "year", *"wxyz"]
    )
    fixed = {"unit": "city", "period": "year", "goalposts": dict.fromkeys("wxyz", (-1, 12)), **options}

    def one(a, b):
        ends = fixed["goalposts"] and {k: fixed["goalposts"][k] for k in (a, b)}
        return xl.composite(table, indicators={a: "+", b: "-"}, **{**fixed, "goalposts": ends})

    return {"economy": one("w", "x"), "ecology": one("y", "z")}


def test_composites_are_systems():
    both = two_systems()
    found = xl.coupling(both)
    columns = {name: one.table["score"] for name, one in both.items()}
    table = both["economy"].table[["city", "year"]].assign(**columns)
    plain = xl.coupling(table, systems=["economy", "ecology"], unit="city", period="year")
    pd.testing.assert_frame_equal(found.table, plain.table)
    assert found.comparable
    assert not any("are places" in c for c in found.cautions)
    assert any("are places" in c for c in xl.coupling(two_systems(goalposts=None)).cautions)
    p = xl.PolicyPanel.from_table(found, adopted={"a": 2021})
    assert (p.outcome, len(p.y)) == ("coordination", 15)
    yearly = xl.coupling(two_systems(goalposts=None, scale_over="period"))
    with pytest.raises(DataError, match="not comparable"):
        xl.PolicyPanel.from_table(yearly, adopted={"a": 2021})


def test_composites_that_are_no_systems():
    both = two_systems()
    with pytest.raises(OptionError, match="Composites name their systems"):
        xl.coupling(both, unit="city")
    with pytest.raises(OptionError, match="the system 'ecology' is a DataFrame"):
        xl.coupling({**both, "ecology": both["ecology"].table})
    less = two_systems(years=(2020, 2021))
    with pytest.raises(
        DataError, match=r"5 of 15 units \(and periods\) are not in all systems\. First: a, 2022"
    ):
        xl.coupling({"economy": both["economy"], "ecology": less["ecology"]})
    one = xl.composite(pd.DataFrame({"town": list("abc"), "x": [1, 2, 3], "y": [3, 1, 2]}), unit="town",
                       indicators={"x": "+", "y": "+"})  # fmt: skip
    with pytest.raises(
        DataError, match=r"other columns of units and periods.*\('city', 'year'\), \('town',\)"
    ):
        xl.coupling({"economy": both["economy"], "society": one})
    z = two_systems(goalposts=None, scale="z")
    with pytest.raises(DataError, match="not between 0 and 1"):
        xl.coupling(z)


# ---- tracing ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("systems", [2, 3])
@pytest.mark.parametrize("root", [True, False])
@pytest.mark.parametrize("form", FORMS)
def test_every_formula_is_traced(form, root, systems):
    u = uniform(systems, rows=12, seed=6).round(3)
    names = [f"s{k}" for k in range(systems)]
    w = dict(zip(names, [0.5, 0.3, 0.2] if systems == 3 else [0.6, 0.4], strict=True))
    both = degrees(u, form) * (u @ list(w.values()))
    if form == "variation" and systems == 3:
        both, u = both[both > 0], u[both > 0]
    printed = [f"{x:.6f}" for x in (np.sqrt(both) if root else both)]
    found = xl.trace_coupling(printed, pd.DataFrame(u, columns=names), weights=w, exact=True)
    hits = found.fitting
    assert (hits["quantity"] == ("D" if root else "C T")).all()
    assert (hits["weights"] == "given").all()
    assert form in set(hits["form"])
    twins = {
        frozenset(["standard", "square_root", "square_root_of_sum"]),
        frozenset(["pairwise", "root_of_ratio"]),
    }
    same = next((t for t in twins if form in t), frozenset([form])) if systems == 2 else frozenset([form])
    assert set(hits["form"]) == same
    assert ("root of D" in hits["fault"].iloc[0]) is not root
    assert found.table["gap"].is_monotonic_increasing or len(hits) < len(found.table)
    if systems == 2 and form == "standard":
        assert hits["form"].iloc[0] == "standard"  # the sound one first


def test_degrees_and_sums_are_traced():
    u = {"economy": ["0.281", "0.350", "0.9"], "ecology": ["0.223", "0.420", "0.1"]}
    degree = xl.trace_coupling(["0.865", "0.880", "0.149"], u)
    assert degree.fitting[["quantity", "form"]].to_numpy().tolist() == [["C", "modified"]]
    total = xl.trace_coupling(["0.504", "0.770", "1.0"], u).fitting
    assert total[["quantity", "weights"]].iloc[0].tolist() == ["T", "none"]
    assert "T adds to n" in total["fault"].iloc[0]
    mean = xl.trace_coupling(["0.252", "0.385", "0.5"], u, weights={"economy": 0.3, "ecology": 0.7}).fitting
    assert mean["weights"].iloc[0] == "equal"
    assert "equal weights, where others were given" in mean["fault"].iloc[0]


def test_inputs_stand_for_all_that_rounds_to_them():
    loose = xl.trace_coupling("0.63", {"a": "0.2", "b": "0.8"})
    tight = xl.trace_coupling("0.63", {"a": "0.20", "b": "0.80"}, exact=True)
    assert set(tight.fitting["form"]) < set(loose.fitting["form"])
    assert any("all that is rounded" in c for c in loose.cautions)
    assert not any("all that is rounded" in c for c in tight.cautions)
    assert any("trace several rows at once" in c for c in tight.cautions)
    assert tight.table["value"].iloc[0] == pytest.approx(0.2**0.5 * 2**0.5, abs=2e-3)
    none = xl.trace_coupling("0.99", {"a": "0.20", "b": "0.30"})
    assert none.title == "0 of 57 formulae give 1 printed figure"
    assert none.table["gap"].min() > 0
    gap = none.table.set_index(["quantity", "form"]).loc[("C", "no_coefficient"), "gap"]
    assert gap == pytest.approx(0.985 - 0.5, abs=0.012)  # the nearest that it gives is below a half
    edge = xl.trace_coupling("1.00", {"a": "0.42", "b": "0.42"})
    assert "standard" in set(edge.fitting["form"])


@pytest.mark.parametrize(
    ("printed", "systems", "error", "said"),
    [
        (0.58, {"a": "0.2", "b": "0.3"}, OptionError, "printed=0.58 is a bare number"),
        ("0.58", {"a": 0.2, "b": 0.3}, OptionError, "a=0.2 is a bare number"),
        ("0.58", {"a": "0.2"}, OptionError, "systems= names 1. Allowed: 2 to 6"),
        ("0.58", dict.fromkeys("abcdefg", "0.2"), OptionError, "systems= names 7"),
        ("0.58", {"a": "58", "b": "0.3"}, DataError, r"a system is above 1\. First: a = 58"),
        (
            "0.58",
            {"a": ["0.2", "0.3"], "b": ["0.3", "0.4"]},
            DataError,
            "'a' has 2 figures, and 1 are printed",
        ),
        ("high", {"a": "0.2", "b": "0.3"}, DataError, "printed is no figure"),
    ],
)
def test_what_tracing_refuses(printed, systems, error, said):
    with pytest.raises(error, match=said):
        xl.trace_coupling(printed, systems)


# ---- what a printed figure needs ----------------------------------------------------------------------------------


def attained(formula, n, low, high, seed=0):
    """Parts drawn at random, and at the corners, whose figure is printed so."""
    rng = np.random.default_rng(seed)
    r = rng.uniform(0, 1, (300_000, n)) ** rng.uniform(0.1, 3, (300_000, 1))
    figure = {
        "coordination": lambda: r.prod(axis=1) ** (1 / (2 * n)),
        "coupling": lambda: degrees(r, "standard"),
        "arithmetic": lambda: r.mean(axis=1),
        "geometric": lambda: r.prod(axis=1) ** (1 / n),
    }[formula]()
    return r[(figure >= low) & (figure <= high)]


@pytest.mark.parametrize("n", [2, 3])
@pytest.mark.parametrize("formula", ["coordination", "coupling", "arithmetic", "geometric"])
def test_ends_are_kept_and_nearly_attained(formula, n):
    r = attained(formula, n, 0.575, 0.585)
    assert len(r) > 300
    found = xl.implied_parts("0.58", formula=formula, parts=n).table.set_index("quantity")
    values = {
        "any part": r.ravel(),
        "geometric mean of the parts": r.prod(axis=1) ** (1 / n),
        "mean of the parts": r.mean(axis=1) if formula == "arithmetic" else r.prod(axis=1) ** (1 / n),
        "development T": r.mean(axis=1),
        "coupling C": degrees(r, "standard"),
        "geometric over arithmetic mean": degrees(r, "standard"),
        "smaller over larger": r.min(axis=1) / r.max(axis=1),
    }
    for quantity, (low, high) in found.iterrows():
        seen = values[quantity]
        assert low - 1e-9 <= seen.min()
        assert seen.max() <= high + 1e-9
        assert seen.min() - low < 0.06
        assert high - seen.max() < 0.06


def test_weights_of_indicators_move_the_ends():
    found = xl.implied_parts("68.4", formula="arithmetic", parts=2, weights={"a": 0.8, "b": 0.2}, full=100)
    table = found.table.set_index("quantity")
    assert table.loc["a"].tolist() == pytest.approx([(0.6835 - 0.2) / 0.8, 0.6845 / 0.8])
    assert table.loc["b"].tolist() == pytest.approx([0, 1])
    geometric = xl.implied_parts("0.5", formula="geometric", parts=2, weights={"a": 0.8, "b": 0.2}).table
    assert geometric["low"].tolist() == pytest.approx([0.45, 0.45**1.25, 0.45**5])


def test_the_ledger_says_what_its_indices_need():
    table = xl.claims.check("guo-marine").set_index("id")["evidence"]
    assert (
        "0.58 as a coordination degree D of 2 systems alike in weight needs: geometric mean of the parts in "
        "[0.3306, 0.3422]; it leaves any one part in [0.1093, 1]; to make it again: the index of each system"
    ) in table["marine-land-sea-index"]
    assert (
        "68.4 as a mean of 3 indicators from 0 to 1 alike in weight needs: mean of the parts in [0.6835, 0.6845]; it "
        "leaves any one part in [0.0505, 1]; of 4 or more indicators one may be 0; to make it again: the indicators"
    ) in table["marine-policy-index"]
    with speaking("zh"):
        assert "[" in str(xl.implied_parts("0.58").message)


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"printed": "58"}, DataError, "printed=58 is above full=1"),
        ({"printed": 0.58}, OptionError, "bare number"),
        ({"parts": 1}, OptionError, "parts=1 is not allowed. Allowed: 2 or more"),
        ({"parts": 0}, OptionError, "parts=0"),
        ({"full": 0.0}, OptionError, "full=0.0 is not allowed"),
        ({"formula": "sum"}, OptionError, "formula='sum' is not allowed"),
        ({"weights": {"a": 0.5, "b": 0.5}}, OptionError, "weights= must name 2 indicators of a mean"),
        ({"formula": "arithmetic", "weights": {"a": 1.0}}, OptionError, "must name 2 indicators"),
        ({"formula": "arithmetic", "weights": {"a": 0.5, "b": 0.4}}, OptionError, "add to 0.9"),
    ],
)
def test_what_is_refused_of_a_printed_figure(options, error, said):
    with pytest.raises(error, match=said):
        xl.implied_parts(**{"printed": "0.58", **options})


# ---- synergy ------------------------------------------------------------------------------------------------------

ORDERS = pd.DataFrame(
    {
        "year": [2020, 2021, 2022, 2023],
        "a": [0.2, 0.3, 0.5, 0.45],
        "b": [0.1, 0.5, 0.5, 0.4],
        "c": [0.3, 0.4, 0.6, 0.9],
    }
)


def test_synergy_by_hand():
    found = xl.synergy(ORDERS, systems=["a", "b", "c"], period="year").table
    assert found["year"].tolist() == [2021, 2022, 2023]
    want = [(0.1 * 0.4 * 0.1) ** (1 / 3), 0.0, -((0.05 * 0.1 * 0.3) ** (1 / 3))]
    assert found["synergy"].tolist() == pytest.approx(want, abs=1e-12)
    assert found["fell"].tolist() == ["", "", "a, b"]
    assert found["b"].tolist() == pytest.approx([0.4, 0, -0.1])
    first = xl.synergy(ORDERS, systems=["a", "b", "c"], period="year", base="first").table
    assert first["synergy"].tolist()[-1] == pytest.approx((0.25 * 0.3 * 0.6) ** (1 / 3))
    weights = {"a": 0.5, "b": 0.25, "c": 0.25}
    summed = xl.synergy(ORDERS, systems=["a", "b", "c"], period="year", weights=weights).table
    assert summed["synergy"].tolist() == pytest.approx([0.175, 0.15, -(0.025 + 0.025 + 0.075)])


def test_laws_of_synergy():
    rng = np.random.default_rng(3)
    change = rng.uniform(-1, 1, (500, 3))
    w = np.array([0.2, 0.3, 0.5])
    for weights in (None, w):
        found = synergies_of(change, weights)
        assert (np.abs(found) <= 1).all()
        assert (np.sign(found) == np.where((change < 0).any(axis=1), -1, 1)).all()
        assert synergies_of(np.abs(change), weights) == pytest.approx(np.abs(found))
        assert synergies_of(2 * change, weights) == pytest.approx(2 * found)
    assert synergies_of(change[:, ::-1], None) == pytest.approx(synergies_of(change, None))
    assert synergies_of(np.ones((1, 3)), None) == pytest.approx([1])
    tiny = pd.DataFrame({"year": [1, 2], "a": [0.1 + 0.2, 0.3], "b": [0.1, 0.2]})  # falls by rounding alone
    assert xl.synergy(tiny, systems=["a", "b"], period="year").table["synergy"].tolist() == [0]


def test_synergy_of_units_in_any_order():
    both = pd.concat([ORDERS.assign(city="x"), ORDERS.assign(city="y", a=ORDERS["a"] / 2)], ignore_index=True)
    mixed = both.sample(frac=1, random_state=3)
    found = xl.synergy(mixed, systems=["a", "b"], period="year", unit="city").table
    for city, one in both.groupby("city"):
        alone = xl.synergy(one, systems=["a", "b"], period="year").table
        mine = found[found["city"] == city].sort_values("year")
        assert mine["synergy"].tolist() == pytest.approx(alone["synergy"].tolist())


@pytest.mark.parametrize(
    ("table", "options", "error", "said"),
    [
        (ORDERS.head(1), {}, DataError, "there is a single period"),
        (ORDERS, {"systems": ["a"]}, OptionError, "two columns or more"),
        (ORDERS, {"systems": ["a", "a"]}, OptionError, "each once"),
        (ORDERS.assign(b=[0, 1, 2, 0.5]), {}, DataError, r"not between 0 and 1.*year 2022: b = 2"),
        (ORDERS, {"weights": {"a": 0.5, "c": 0.5}}, OptionError, r"and the subsystems are \['a', 'b'\]"),
        (ORDERS, {"base": "last"}, OptionError, "base='last'"),
        (pd.concat([ORDERS, ORDERS]), {}, DuplicateCells, "more than once in a year in 4 rows"),
        (
            pd.concat([ORDERS.assign(city="x"), ORDERS.head(3).assign(city="y")]),
            {"unit": "city"},
            DataError,
            r"1 units are missing in some period\. First: city y",
        ),
        (ORDERS.assign(year=list("abcd")), {}, DataError, "without an order in time"),
    ],
)
def test_what_synergy_refuses(table, options, error, said):
    with pytest.raises(error, match=said):
        xl.synergy(table, **{"systems": ["a", "b"], "period": "year", **options})


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"factors": []}, OptionError, r"factors=\[\] is not allowed"),
        ({"factors": ["exports"]}, OptionError, "other columns than series="),
        ({"factors": ["fd"]}, UnknownName, "Did you mean 'fdi'"),
        (
            {"factors": ["zero"]},
            DataError,
            r"1 figures are missing, infinite or not above zero, in 6 rows.*row 1: zero = 0",
        ),
        ({"factors": ["same"]}, DataError, "all factors equal the series"),
        ({"resolution": 0.0}, OptionError, "resolution=0.0"),
        ({"divide_by": "last"}, OptionError, "divide_by='last'"),
    ],
)
def test_what_grey_relation_refuses(options, error, said):
    table = read("grey_series").assign(zero=range(6), same=lambda t: t["exports"] * 2)
    with pytest.raises(error, match=said):
        xl.grey_relation(table, **{"series": "exports", "factors": ["fdi"], "period": "year", **options})
    with pytest.raises(DataError, match="in 1 rows"):
        xl.grey_relation(table.head(1), series="exports", factors=["fdi"])


# ---- pictures -----------------------------------------------------------------------------------------------------


def test_pictures():
    table = pd.DataFrame({"city": list("ab"), "x": [0.2, 0.5], "y": [0.8, 0.5]})
    found = xl.coupling(table, systems=["x", "y"], unit="city")
    ax = found.plot(source="made up")
    assert ax.get_ylim() == (0, 1.06)
    assert {"a", "b", "D = 0.4"} <= {t.get_text() for t in ax.texts}
    assert len(found.plot(label=False).texts) < len(ax.texts)
    both = pd.concat([ORDERS.assign(city="x"), ORDERS.assign(city="y")])
    over = xl.synergy(both, systems=["a", "b"], period="year", unit="city")
    with pytest.raises(OptionError, match=r"There are 2 units: say unit=, one of \['x', 'y'\]"):
        over.plot()
    with pytest.raises(OptionError, match="unit='z' is not among"):
        over.plot(unit="z")
    with speaking("zh"):
        assert len(over.plot(unit="x").patches) == 6
