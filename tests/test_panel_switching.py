"""Policies that switch off, switch repeatedly or come in doses: de Chaisemartin and D'Haultfoeuille (2024)."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from estimator_entries import ENTRIES, data

from exportlab.errors import DataError, ExportlabError, OptionError
from exportlab.panel import PolicyPanel, leave_one_out
from exportlab.panel.inference.randomization import placebo_covariance

REFERENCE = Path(__file__).parent / "reference"
KEYS = {"unit": "unit", "period": "year", "outcome": "y"}
FIGURES = pd.read_csv(REFERENCE / "panel_switching_figures.csv")
ADJUSTED = FIGURES[FIGURES["data"] == "switching with covariates"].set_index("event_time")["value"]
FIGURES = FIGURES[FIGURES["data"] == "switching"]
OWN, R = "the paper's formula", "R DIDmultiplegtDYN"


def table() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "panel_switching.csv")


@pytest.fixture(scope="module")
def panel() -> PolicyPanel:
    return PolicyPanel(table(), treated="dose", reversible=True, **KEYS)


def figures(source: str, of: str, what: str) -> pd.Series:
    kept = FIGURES["source"].str.startswith(source) & (FIGURES["of"] == of) & (FIGURES["what"] == what)
    return FIGURES[kept].set_index("event_time")["value"]


def by_time(estimate) -> pd.Series:
    return estimate.table.set_index("event_time")["estimate"]


def paths(rows: dict[str, list[float]], *, y=None, first: int = 2001) -> pd.DataFrame:
    """A panel of dose paths; the outcome is the dose unless `y` gives it."""
    out = [
        (unit, first + t, dose, dose if y is None else y[unit][t])
        for unit, path in rows.items()
        for t, dose in enumerate(path)
        if np.isfinite(dose)
    ]
    return pd.DataFrame(out, columns=["unit", "year", "dose", "y"])


def reversible(d: pd.DataFrame, **door) -> PolicyPanel:
    return PolicyPanel(d, treated="dose", reversible=True, **KEYS, **door)


def with_covariates(d: pd.DataFrame) -> pd.DataFrame:
    """Two covariates, made by whole numbers, that the outcome depends on."""
    n, t = d["unit"].str[1:].astype(int), d["year"] - 2010
    x, z = ((n * 37 + t * t * 11 + n * t * 5) % 23) / 10, ((n * 13 + t * 29 + n * n * t) % 17) / 7
    return d.assign(x=x, z=z, y=d["y"] + 0.5 * x - 0.3 * z)


# ---- numbers from outside ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("source", "tolerance"), [(OWN, 1e-10), (R, 6e-6)])
@pytest.mark.parametrize("what", ["effect", "normalised"])
def test_effects_placebos_and_normalised_effects(panel, source, tolerance, what):
    expected = figures(source, "all", what)
    found = by_time(panel.event_study("switching", effects=4, normalised=what == "normalised"))
    if what == "normalised":  # R divides placebos by other doses, which it does not say
        expected = expected[expected.index >= 0]
    assert len(expected) >= 4
    np.testing.assert_allclose(found[expected.index], expected, atol=tolerance, rtol=0)


@pytest.mark.parametrize("direction", ["in", "out"])
def test_units_whose_dose_first_rises_or_falls(panel, direction):
    expected = figures(R, direction, "effect")
    made = panel.event_study("switching", direction=direction)
    assert not any("no unit to be compared with" in n for n in made.notes)
    found = by_time(made)
    np.testing.assert_allclose(found[expected.index], expected, atol=6e-6, rtol=0)


@pytest.mark.parametrize("direction", ["all", "in"])
def test_average_total_effect(panel, direction):
    expected = FIGURES[(FIGURES["what"] == "average total effect") & (FIGURES["of"] == direction)][
        "value"
    ].iloc[0]
    made = panel.att("switching", effects=4, direction=direction)
    assert made.table["estimate"][0] == pytest.approx(expected, abs=6e-6)
    cost = made.parts["cost_benefit"]
    assert cost["effect_per_dose"].iloc[-1] == pytest.approx(made.table["estimate"][0], abs=1e-12)
    assert cost["effect_per_dose"].iloc[0] == pytest.approx(cost["total_effect"][0] / cost["total_dose"][0])


def test_every_switcher(panel):
    told = panel.event_study("switching", effects=4).parts["switchers"]
    found = told.set_index(["unit", "event_time"])
    for what, column in (("signed effect", "effect"), ("controls", "controls")):
        rows = FIGURES[FIGURES["what"] == what]
        expected = rows["value"].to_numpy()
        got = found.loc[list(zip(rows["of"], rows["event_time"], strict=True)), column].to_numpy(float)
        assert len(rows) == len(found)
        np.testing.assert_allclose(got, expected, atol=1e-6 if column == "effect" else 0)


@pytest.mark.parametrize("weights", [None, "w"])
def test_a_policy_that_stays_on_is_callaway_and_santanna_with_units_not_yet_treated(weights):
    d = data()
    p = PolicyPanel(d, unit="id", period="year", outcome="y", adopted="g", cluster="cl", weights=weights)
    mine, theirs = p.event_study("switching"), p.event_study(control="notyet", draws=0)
    ours = by_time(mine)
    np.testing.assert_allclose(
        ours[ours.index >= 0], by_time(theirs)[ours.index[ours.index >= 0]], atol=1e-12
    )
    overall = theirs.parts["overall"]
    simple = p.att(control="notyet").table["estimate"][0]
    assert p.att("switching").table["estimate"][0] == pytest.approx(simple, abs=1e-12)
    assert len(overall) == 1
    same = PolicyPanel(
        d,
        unit="id",
        period="year",
        outcome="y",
        treated="D",
        reversible=True,
        cluster="cl",
        weights=weights,
    )
    pd.testing.assert_frame_equal(same.event_study("switching").table, mine.table)


def test_units_that_take_part_are_counted_at_each_event_time_by_hand():
    d = paths({"a": [0, 0, 1, 1], "b": [0, 0, 0, 0], "c": [0, 0, 0, 1], "d": [1, 1, 1, 1]})
    table = reversible(d).event_study("switching").table.set_index("event_time")
    # 0: a and c, a against b and c, c against b; 1: a against b, c having changed; d has no peer
    assert table["n"].to_dict() == {-2: 3, -1: 0, 0: 3, 1: 2}


# ---- weights ----------------------------------------------------------------------------------------------------


def test_a_weight_of_two_is_a_copy_of_the_unit_in_all_sums(panel):
    d = table()
    twice = d["unit"].isin(d["unit"].unique()[::3])
    weighted = PolicyPanel(
        d.assign(w=np.where(twice, 1.0, 0.5)), treated="dose", reversible=True, weights="w", **KEYS
    )
    copies = pd.concat([d, d[twice].assign(unit=lambda t: t["unit"] + " again")])
    double = PolicyPanel(copies, treated="dose", reversible=True, **KEYS)
    for ask in ({"placebos": 2}, {"normalised": True}, {"direction": "in"}):
        one, other, plain = (by_time(p.event_study("switching", **ask)) for p in (weighted, double, panel))
        np.testing.assert_allclose(one, other, atol=1e-12)
        assert np.abs(one - plain).max() > 0.01
    one, other = (p.att("switching") for p in (weighted, double))
    assert one.table["estimate"][0] == pytest.approx(other.table["estimate"][0], abs=1e-12)
    costs = [e.parts["cost_benefit"]["effect_per_dose"].to_numpy() for e in (one, other)]
    np.testing.assert_allclose(*costs, atol=1e-12)
    averages = [e.parts["switchers"].groupby("event_time")["average"].max() for e in (one, other)]
    np.testing.assert_allclose(*averages, atol=1e-12)
    assert one.weighting == "units that change their dose by w"


def test_weighted_errors_by_hand():
    y = {"a": [0, 0, 3.0], "b": [0, 1.0, 2.0], "c": [0, 0, 1.0], "d": [0, 0, -1.0], "e": [0, 2.0, 1.0]}
    rows = {u: [0, 0, int(u in "ab")] for u in y}
    d = paths(rows, y=y).assign(w=lambda t: t["unit"].map({"a": 3.0, "b": 1.0, "c": 1.0, "d": 2.0, "e": 1.0}))
    made = reversible(d, weights="w").att("switching")
    # changes 3 and 1, weighing 3 and 1: 2.5; of c, d, e 1, -1, -1, weighing 1, 2, 1: -0.5; spreads widened by n/(n-1)
    assert made.table["estimate"][0] == pytest.approx(3.0)
    ours = np.array([3 * 0.5, 1 * -1.5]) / 4 * np.sqrt(2)
    theirs = np.array([1 * 1.5, 2 * -0.5, 1 * -0.5]) / 4 * np.sqrt(3 / 2)
    assert made.table["std_error"][0] == pytest.approx(np.sqrt((ours**2).sum() + (theirs**2).sum()))


# ---- errors -----------------------------------------------------------------------------------------------------


def test_one_cohort_has_the_errors_of_two_samples():
    rng = np.random.default_rng(3)
    y = {u: rng.normal(size=3) for u in "abcde"}
    d = paths({"a": [0, 0, 1], "b": [0, 0, 1], "c": [0, 0, 0], "d": [0, 0, 0], "e": [0, 0, 0]}, y=y)
    made = reversible(d).event_study("switching")
    change = {u: v[2] - v[1] for u, v in y.items()}
    ours, theirs = [change[u] for u in "ab"], [change[u] for u in "cde"]
    assert by_time(made)[0] == pytest.approx(np.mean(ours) - np.mean(theirs))
    error = np.sqrt(np.var(ours, ddof=1) / 2 + np.var(theirs, ddof=1) / 3)
    assert made.table["std_error"].iloc[-1] == pytest.approx(error)
    assert made.table["event_time"].tolist() == [-2, -1, 0]
    assert made.table["n"].tolist() == [5, 0, 5]
    assert made.inference.cluster == "unit"
    ratio = reversible(d.assign(dose=2 * d["dose"])).att("switching")
    assert ratio.table["estimate"][0] == pytest.approx(by_time(made)[0] / 2)
    assert ratio.table["std_error"][0] == pytest.approx(error / 2)


def test_units_alone_in_their_cohort_stray_from_the_average_of_all():
    d = paths(
        {"a": [0, 1, 1], "b": [0, 0, 2], "c": [0, 0, 0], "d": [0, 0, 0]},
        y={"a": [0, 3, 3], "b": [0, 0, 5], "c": [0, 0, 0], "d": [0, 0, 0]},
    )
    made = reversible(d).event_study("switching")
    assert by_time(made)[0] == pytest.approx(4.0)
    assert made.table.set_index("event_time")["std_error"][0] == pytest.approx(np.sqrt(2) / 2)


def test_a_single_unit_to_compare_with_is_named():
    d = paths(
        {"a": [0, 0, 1], "b": [0, 0, 1], "c": [0, 0, 0]}, y={"a": [1, 2, 4], "b": [1, 3, 4], "c": [0, 1, 1]}
    )
    made = reversible(d).att("switching")
    assert made.table["estimate"][0] == pytest.approx(1.5)
    assert any("2 unit(s) are compared with a single one" in n and "a, b" in n for n in made.notes)


def test_clusters_add_their_units_up():
    rng = np.random.default_rng(4)
    y = {u: rng.normal(size=3) for u in "abcdef"}
    d = paths({u: [0, 0, 1 if u in "abc" else 0] for u in "abcdef"}, y=y)
    d["cl"] = d["unit"].map(dict(zip("abcdef", "xxyyzz", strict=True)))
    alone, both = reversible(d).att("switching"), reversible(d, cluster="cl").att("switching")
    assert both.inference.cluster == "cl"
    sums = [alone.scores[:2].sum(), alone.scores[2:4].sum(), alone.scores[4:].sum()]
    np.testing.assert_allclose(both.scores[:, 0], sums)
    assert both.table["std_error"][0] == pytest.approx(np.sqrt(np.square(sums).sum()))


# ---- who is compared ----------------------------------------------------------------------------------------------


def test_doses_that_fall_count_against_units_of_the_same_first_dose():
    d = paths(
        {"a": [2, 2, 1, 1], "b": [2, 2, 2, 2], "c": [0, 0, 0, 0], "d": [0, 0, 0, 1]},
        y={"a": [5, 5, 2, 1], "b": [5, 6, 7, 8], "c": [0, 0, 0, 0], "d": [0, 0, 0, 4]},
    )
    made = reversible(d).event_study("switching")
    told = made.parts["switchers"].set_index(["unit", "event_time"])["effect"]
    assert told["a", 0] == pytest.approx(3 + 1)  # -(2 - 5 - (7 - 6)), signed
    assert told["d", 0] == pytest.approx(4)
    assert made.parts["cost_benefit"]["total_dose"].tolist() == [2.0, 1.0]
    cumulated = reversible(d).event_study("switching", normalised=True)
    assert by_time(cumulated)[1] == pytest.approx(told["a", 1] / 2)


def test_a_later_change_leaves_the_dose_that_the_effect_is_divided_by():
    d = paths({"a": [0, 1, 3, 0], "b": [0, 0, 0, 0], "c": [0, 0, 0, 0]})
    made = reversible(d).att("switching")
    assert made.parts["cost_benefit"]["total_dose"].tolist() == [1.0, 3.0, 0.0]
    assert made.table["estimate"][0] == pytest.approx(1.0)
    study = reversible(d).event_study("switching", normalised=True)
    assert by_time(study)[1] == pytest.approx(3 / 4)
    assert by_time(study)[2] == pytest.approx(0 / 4)


def test_a_unit_compares_only_as_long_as_its_first_dose_is_known():
    hole = paths(
        {"a": [0, 1, 1, 1], "b": [0, 0, np.nan, 1], "c": [0, 0, 0, 0]}, y={u: [0, 1, 2, 3] for u in "abc"}
    )
    told = (
        reversible(hole)
        .event_study("switching")
        .parts["switchers"]
        .set_index(["unit", "event_time"])["controls"]
    )
    assert told["a", 0] == 2
    assert told["a", 1] == 1
    assert ("b", 0) not in told.index


def test_rows_that_no_comparison_takes_are_counted():
    d = paths(
        {"a": [0, 0, 1], "b": [0, 0, 0], "c": [0, 0, 0], "z": [7, 7, 7]}, y={u: [0, 1, 2] for u in "abcz"}
    )
    made = reversible(d).att("switching")
    assert dict(made.sample.lost) == {"unit without another of its first dose to be compared with": 3}
    lone = paths(
        {"a": [0, 0, 1], "b": [0, 0, 0], "c": [0, 0, 0], "z": [7, 7, 9]}, y={u: [0, 1, 2] for u in "abcz"}
    )
    assert any(
        "1 of 2 units that change their dose have no unit" in n
        for n in reversible(lone).att("switching").notes
    )
    few = reversible(paths({"a": [0, 1, 1], "b": [0, 0, 0], "c": [0, 0, 0]})).att("switching", effects=1)
    assert sum(n for _, n in few.sample.lost) == 1
    assert few.sample.used == 8


def test_the_door_dates_the_first_change(panel):
    d = table()
    moved = d.assign(change=d["dose"] != d.groupby("unit")["dose"].transform("first"))
    first = moved[moved["change"]].groupby("unit")["year"].min()
    assert panel.adoption.tolist() == [first.get(u, np.inf) for u in panel.unit_labels]
    assert panel.treated_clusters == len(first) == 15
    assert panel.D.tolist() == d.sort_values(["unit", "year"])["dose"].tolist()
    row = panel.check().table.set_index("fact").loc["reversals of treatment"]
    assert (row["value"], row["level"]) == (int((d.groupby("unit")["dose"].diff() < 0).sum()), "note")


# ---- refusals -----------------------------------------------------------------------------------------------------


PLAIN = {"a": [0, 1, 1], "b": [0, 0, 0], "c": [0, 0, 0]}


@pytest.mark.parametrize(
    ("rows", "options", "words"),
    [
        ({"a": [1, 1], "b": [0, 0]}, {}, "no unit changes its dose"),
        (PLAIN, {"direction": "out"}, "no unit's dose first changes in the direction asked for"),
        (PLAIN, {"direction": "up"}, "direction"),
        (PLAIN, {"effects": 3}, r"effects=3 is not allowed\. Allowed: 1 to 2"),
        ({"a": [0, 1], "b": [1, 1]}, {}, "none of the 1 units that change their dose can be compared"),
        ({"a": [0, 1, -2], "b": [0, 0, 0]}, {}, "the changes of dose add up to -1"),
        ({"a": [0, 1, -1], "b": [0, 0, 0]}, {}, "the changes of dose add up to 0"),
    ],
)
def test_refusals(rows, options, words):
    with pytest.raises((DataError, OptionError), match=words):
        reversible(paths(rows)).att("switching", **options)


def test_refusals_of_the_panel():
    d = paths(PLAIN)
    with pytest.raises(OptionError, match=r"placebos=1 is not allowed\. Allowed: 0 to 0"):
        reversible(d).event_study("switching", placebos=1)
    with pytest.raises(
        DataError, match=r"'x' does not vary within periods among units of first dose 0 before it"
    ):
        reversible(d.assign(x=d["year"] * 2.0), covariates=["x"]).att("switching")
    twice = d.assign(x=d.groupby("unit").ngroup() * d["year"] ** 2.0).assign(z=lambda t: t["x"] * 2)
    with pytest.raises(DataError, match=r"cannot be told apart among units of first dose 0 .*: x, z"):
        reversible(twice, covariates=["x", "z"]).att("switching")
    with pytest.raises(DataError, match="weights change within a unit over time"):
        reversible(d.assign(w=d["year"]), weights="w").att("switching")
    with pytest.raises(DataError, match=r"not evenly spaced.*2004"):
        reversible(d.assign(year=d["year"] + (d["year"] == 2003))).att("switching")
    with pytest.raises(OptionError, match="reversible=True is for treated="):
        PolicyPanel(d.assign(g=2002), adopted="g", reversible=True, **KEYS)
    with pytest.raises(DataError, match="not numbers"):
        reversible(d.assign(dose=d["dose"].astype(str)))
    with pytest.raises(DataError, match="Say reversible=True"):
        PolicyPanel(paths({"a": [0, 1, 0], "b": [0, 0, 0]}), treated="dose", **KEYS)


TABLES_OF_REASONS = {"placebo dates", "placebo outcomes", "anticipation", "curve"}
TAKE_IT = {"shared shocks", "switching att", "switching study", "switching doses"}
TAKE_IT |= {"interactive", "interactive study", "matrix completion", "counterfactual tests"}


@pytest.mark.parametrize("name", [e.name for e in ENTRIES.values() if e.door])
def test_every_other_estimator_refuses_a_treatment_that_switches_off(name):
    d = data()
    d.loc[(d["id"] == 0) & (d["year"] >= 2016), "D"] = 0
    p = PolicyPanel(d, unit="id", period="year", outcome="y", treated="D", reversible=True, cluster="cl")
    if name in TAKE_IT:
        ENTRIES[name].run(p, {})
    elif name in TABLES_OF_REASONS:
        made = ENTRIES[name].run(p, {}).table
        assert made["estimate"].isna().all()
        assert (made["failed"] != "").all()
    else:
        with pytest.raises(ExportlabError, match=r"may switch off|single adoption date|policies= that"):
            ENTRIES[name].run(p, {})


# ---- chance -----------------------------------------------------------------------------------------------------


def test_paths_move_whole_among_units_of_the_same_first_dose():
    rng = np.random.default_rng(5)
    rows = {"a": [0, 1, 0], "b": [0, 0, 2], "c": [0, 0, 0], "d": [0, 0, 0], "e": [1, 1, 1], "f": [1, 0, 0]}
    y = {u: rng.normal(size=3) for u in rows}
    p = reversible(paths(rows, y=y))
    made = p.event_study("switching", effects=1, placebos=0)
    test = made.randomization_test(term="0")
    everyone = []
    for zero in set(permutations(["a", "b", "c", "c"])):
        for one in permutations(["e", "f"]):
            owner = dict(zip("abcdef", (*zero, *one), strict=True))
            again = reversible(paths({u: rows[owner[u]] for u in rows}, y=y))
            everyone.append(by_time(again.event_study("switching", effects=1, placebos=0))[0])
    assert test.enumerated
    assert test.table["possible"][0] == len(everyone) == 24
    np.testing.assert_allclose(sorted(test.distribution), sorted(everyone), atol=1e-12)
    assert p.recommend().facts.possible == 24
    moved = p.with_paths([1, 0, 2, 3, 4, 5])
    assert moved.D.reshape(6, 3)[:2].tolist() == [[0, 0, 2], [0, 1, 0]]
    assert moved.adoption[:2].tolist() == [2003, 2002]
    with pytest.raises(OptionError, match="whole paths move"):
        p.reassigned(p.adoption)
    with pytest.raises(DataError, match="1 unit-periods are missing"):
        p.where(np.arange(18) > 0, "first").with_paths(np.arange(6))


def test_placebo_errors_take_the_signed_effects_out():
    rows = {u: [1, 1, 1, 0, 0] if u < "d" else [1] * 5 for u in "abcdefgh"}
    y = {u: np.where(np.arange(5) >= 3, -4.0 * (u < "d"), 0.0) for u in rows}
    made = reversible(paths(rows, y=y)).event_study("switching")
    assert by_time(made)[0] == pytest.approx(4.0)
    quiet = placebo_covariance(made, ["-2", "0"], n_draws=60, rng=0)
    np.testing.assert_allclose(quiet.covariance, 0.0, atol=1e-20)
    assert quiet.df == 6


def test_leave_one_out_and_bounds_on_a_valid_basis(panel):
    d = paths({f"u{i:02}": [0] * 3 + [0, int(i < 3), int(i < 2)] for i in range(12)})
    d["y"] = d["y"] + np.random.default_rng(6).normal(size=len(d))
    made = reversible(d).event_study("switching")
    bounds = made.honest_did(M=[0.0], method="smoothness")
    assert any("placebo assignments" in n for n in bounds.notes)
    left = leave_one_out(reversible(d).att("switching")).table
    assert left["estimate"].notna().all()
    assert left["left_out"].tolist() == sorted(d["unit"].unique())


# ---- covariates -----------------------------------------------------------------------------------------------------


def test_covariates_are_those_of_another_program():
    made = reversible(with_covariates(table()), covariates=["x", "z"])
    found = by_time(made.event_study("switching", effects=4, placebos=2))
    np.testing.assert_allclose(found[ADJUSTED.index], ADJUSTED, atol=1e-11)


def test_errors_know_the_noise_of_slopes_by_hand():
    """One date, one covariate: y - x theta, and what each unit adds to theta, by least squares in plain NumPy."""
    rng = np.random.default_rng(4)
    N, T, F = 9, 6, 4
    Y, X = rng.normal(size=(N, T)), rng.normal(size=(N, T))
    w = np.array([1.0, 2, 1, 3, 1, 1, 2, 1, 1])
    w /= w.mean()
    ours = np.arange(N) < 3
    D = ours[:, None] & (np.arange(T) >= F)
    still = np.arange(1, T) < np.where(ours, F, T)[:, None]
    i, t = np.nonzero(still)
    dy, dx = np.diff(Y, axis=1)[i, t], np.diff(X, axis=1)[i, t]
    design = np.column_stack([dx, t[:, None] == np.arange(T - 1)])
    bread = np.linalg.inv(design.T @ (w[i, None] * design))
    beta = bread @ (design.T @ (w[i] * dy))
    psi = np.zeros(N)
    np.add.at(psi, i, ((w[i] * (dy - design @ beta))[:, None] * design @ bread)[:, 0])
    change, move = Y[:, F] - Y[:, F - 1], X[:, F] - X[:, F - 1]
    net = change - beta[0] * move
    mean = lambda values, who: np.average(values[who], weights=w[who])  # noqa: E731
    effect = mean(net, ours) - mean(net, ~ours)
    score = -(mean(move, ours) - mean(move, ~ours)) * psi
    for who, sign in ((ours, 1), (~ours, -1)):
        n = who.sum()
        score[who] += sign * w[who] / w[who].sum() * (net[who] - mean(net, who)) * np.sqrt(n / (n - 1))
    rows = [(f"u{a}", 2000 + b, Y[a, b], X[a, b], int(D[a, b]), w[a]) for a in range(N) for b in range(T)]
    d = pd.DataFrame(rows, columns=["unit", "year", "y", "x", "dose", "w"])
    made = reversible(d, covariates=["x"], weights="w").event_study("switching", effects=1, placebos=0)
    row = made.table.set_index("event_time").loc[0]
    assert row["estimate"] == pytest.approx(effect, abs=1e-12)
    assert row["std_error"] == pytest.approx(np.sqrt(score @ score), abs=1e-12)


def test_slopes_are_learnt_apart_for_each_first_dose():
    """Effects are exactly 2 where the slope is 1 among units of first dose 0 and -3 among those of first dose 1."""
    rng = np.random.default_rng(8)
    rows = []
    for u in range(16):
        first, since = u % 2, 2006 if u < 6 else 9999
        for year in range(2001, 2009):
            x, on = rng.normal(), year >= since
            dose = first + on * (1 - 2 * first)
            y = u + year**1.5 / 100 + x * (1 if first == 0 else -3) + on * (1 - 2 * first) * 2
            rows.append((f"u{u}", year, y, x, dose))
    made = reversible(pd.DataFrame(rows, columns=["unit", "year", "y", "x", "dose"]), covariates=["x"])
    np.testing.assert_allclose(
        by_time(made.event_study("switching", placebos=2)), [0, 0, 0, 2, 2, 2], atol=1e-9
    )
