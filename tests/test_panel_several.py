"""Several policies at once: overlaps, one given another, all in one regression."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from estimator_entries import ENTRIES, data

from exportlab.errors import DataError, ExportlabError, OptionError, UnknownName
from exportlab.panel import PolicyPanel, leave_one_out

REFERENCE = Path(__file__).parent / "reference"
KEYS = {"unit": "unit", "period": "year", "outcome": "y"}
FIGURES = pd.read_csv(REFERENCE / "panel_switching_figures.csv")
FIGURES = FIGURES[FIGURES["data"] == "two policies"]
BOTH = {"first": "first_since", "second": "second_since"}


@pytest.fixture(scope="module")
def panel() -> PolicyPanel:
    d = pd.read_csv(REFERENCE / "panel_two_policies.csv")
    for name, column in BOTH.items():
        d[column] = d["unit"].map(d[d[name] == 1].groupby("unit")["year"].min())
    return PolicyPanel(d, policies=BOTH, **KEYS)


def dated(dates: dict[str, tuple[float, float]], y=None, years=range(2001, 2007)) -> pd.DataFrame:
    """A panel of two dates a unit; the outcome is a third of the year, and 2 and 3 for the policies, unless given."""
    rows = [
        (u, t, a, b, t / 3 + 2 * (t >= a) + 3 * (t >= b) if y is None else y(u, t))
        for u, (a, b) in dates.items()
        for t in years
    ]
    return pd.DataFrame(rows, columns=["unit", "year", "a", "b", "y"]).replace(np.inf, np.nan)


def several(dates, y=None, **door) -> PolicyPanel:
    return PolicyPanel(dated(dates, y), policies={"zone": "a", "rcep": "b"}, **KEYS, **door)


NO = np.inf
MIXED = {
    "p": (2003, 2005),
    "q": (2003, NO),
    "r": (2004, NO),
    "s": (NO, 2004),
    "u": (NO, NO),
    "v": (2002, 2002),
}


# ---- numbers from outside -----------------------------------------------------------------------------------------


def one(panel: PolicyPanel, of: str) -> PolicyPanel:
    return panel.policy("first") if of == "first" else panel.policy("second", given="first")


@pytest.mark.parametrize(("source", "tolerance"), [("the paper's", 1e-10), ("R ", 6e-6)])
@pytest.mark.parametrize("of", ["first", "second given first"])
def test_one_policy_alone_and_one_given_another(panel, of, source, tolerance):
    kept = (FIGURES["of"] == of) & (FIGURES["what"] == "effect") & FIGURES["source"].str.startswith(source)
    expected = FIGURES[kept].set_index("event_time")["value"]
    found = one(panel, of).event_study("switching").table.set_index("event_time")["estimate"]
    assert len(expected) >= 3
    np.testing.assert_allclose(found[expected.index], expected, atol=tolerance, rtol=0)


@pytest.mark.parametrize("of", ["first", "second given first"])
def test_average_total_effects(panel, of):
    kept = (FIGURES["of"] == of) & (FIGURES["what"] == "average total effect")
    made = one(panel, of).att("switching", effects=3)
    assert made.table["estimate"][0] == pytest.approx(FIGURES[kept]["value"].iloc[0], abs=6e-6)


# ---- overlaps -----------------------------------------------------------------------------------------------------


def test_overlaps_by_hand():
    found = several(MIXED).overlaps()
    zone = found.table.set_index(["policy", "other"]).loc[("zone", "rcep")]
    assert zone[["alone", "other_alone", "both", "before", "same", "after"]].tolist() == [2, 1, 2, 1, 1, 0]
    assert zone[["cells_alone", "cells_both"]].tolist() == [2 + 4 + 3, 2 + 5]
    rcep = found.table.set_index(["policy", "other"]).loc[("rcep", "zone")]
    assert rcep[["alone", "both", "before", "after", "comparable"]].tolist() == [1, 2, 0, 1, 1]
    assert rcep["cells_alone"] == 3
    assert zone["comparable"] == 0
    assert found.title == "2 policies; all can be told apart"


def test_what_is_left_is_one_less_the_r_squared():
    p = several(MIXED)
    D = np.array([[t >= a for a, b in MIXED.values() for t in range(2001, 2007)],
                  [t >= b for a, b in MIXED.values() for t in range(2001, 2007)]], float)  # fmt: skip
    grid = D.reshape(2, 6, 6)
    flat = (
        grid - grid.mean(1, keepdims=True) - grid.mean(2, keepdims=True) + grid.mean((1, 2), keepdims=True)
    ).reshape(2, -1)
    expected = 1 - (flat[0] @ flat[1]) ** 2 / (flat[0] @ flat[0]) / (flat[1] @ flat[1])
    found = p.overlaps()
    np.testing.assert_allclose(found.table["left"], expected)
    np.testing.assert_allclose(found.together["left"], expected)
    np.testing.assert_allclose(found.together["wider"], expected**-0.5)


def test_policies_that_come_together_are_nested_and_refused_with_the_table():
    same = {"p": (2003, 2003), "q": (2004, 2004), "r": (NO, NO), "s": (NO, NO)}
    p = several(same)
    assert p.overlaps().table["verdict"].tolist() == ["nested", "nested"]
    assert "zone and rcep: nested" in p.overlaps().title
    with pytest.raises(DataError, match=r"zone, rcep: no variation beside[\s\S]*nested"):
        p.together()
    row = p.check().table.set_index("fact").loc["policies"]
    assert row["level"] == "refuse"
    assert np.isinf(p.overlaps().together["wider"]).all()


def test_batches_leave_no_comparison_for_the_second():
    batches = {"p": (2002, 2004), "q": (2002, 2004), "r": (2003, 2005), "s": (2003, 2005), "u": (NO, NO)}
    p = several(batches)
    with pytest.raises(DataError, match=r"'rcep' cannot be told from 'zone'[\s\S]*comparable"):
        p.policy("rcep", given="zone")
    with pytest.raises(DataError, match="cannot be told"):
        p.policy("zone", given="rcep")


def test_policies_that_hardly_differ_are_told():
    close = (
        {f"u{i}": (2003, 2003) for i in range(8)}
        | {"x": (2003, 2004)}
        | {f"n{i}": (NO, NO) for i in range(8)}
    )
    p = several(close, y=lambda u, t: (hash_of(u) + t) % 7)
    assert p.overlaps().table["verdict"].tolist() == ["hardly apart", "hardly apart"]
    assert p.check().table.set_index("fact").loc["policies", "level"] == "warn"
    assert any("Little variation is a term's own" in n and "zone" in n for n in p.together().notes)


def hash_of(text: str) -> int:
    return sum(map(ord, text)) ** 2 % 11


# ---- one policy of several ----------------------------------------------------------------------------------------


def test_one_policy_leaves_out_rows_of_the_other_and_counts_them():
    alone = several(MIXED).policy("zone")
    assert ("another policy than zone is on", 2 + 3 + 5) in alone.lost
    assert alone.adopted == "a"
    assert not alone.policies
    assert alone.strata is None
    made = alone.att("switching")
    assert made.table["estimate"][0] == pytest.approx(2.0)
    assert alone.att("imputation").table["estimate"][0] == pytest.approx(2.0)


def test_one_policy_given_another_compares_within_its_date():
    given = several(MIXED | {"w": (2004, 2006)}).policy("rcep", given="zone")
    assert given.strata.tolist() == [2003, 2003, 2004, 2002, 2004]
    made = given.event_study("switching")
    told = made.parts["switchers"].set_index(["unit", "event_time"])
    assert told.loc[("p", 0), "controls"] == told.loc[("w", 0), "controls"] == 1
    assert told.loc[("p", 0), "effect"] == pytest.approx(3.0)
    assert "within the date of the other policy" in made.comparison
    with pytest.raises(DataError, match="compared within the date of another policy"):
        given.att("imputation")


def test_effects_of_the_first_cancel_only_within_its_date():
    """The first policy's effect grows: beside units of another date the second would take it over."""
    dates = {"p": (2002, 2005), "q": (2002, NO), "r": (2004, NO), "s": (2004, 2006), "u": (NO, NO)}

    def y(u, t):
        a, b = dates[u]
        return 5.0 * max(t - a + 1, 0) ** 2 * (a < NO) + 3 * (t >= b) if a < NO else 0.0

    made = several(dates, y).policy("rcep", given="zone").event_study("switching")
    assert made.table.set_index("event_time")["estimate"][0] == pytest.approx(3.0)


def test_a_third_policy_is_left_out():
    d = dated(MIXED).assign(c=lambda t: np.where(t["unit"] == "q", 2006.0, np.nan))
    p = PolicyPanel(d, policies={"zone": "a", "rcep": "b", "port": "c"}, **KEYS)
    given = p.policy("rcep", given="zone")
    assert ("zone is not on, or a third policy is", 36 - (4 + 4 + 3 + 5) + 1) in given.lost
    assert len(p.overlaps().table) == 6
    assert len(p.overlaps().together) == 3


def test_panels_of_several_policies_are_dated_by_the_first():
    p = several(MIXED)
    assert p.adoption.tolist() == [2003, 2003, 2004, 2004, NO, 2002]
    assert p.D.sum() == 4 + 4 + 3 + 3 + 5
    row = p.check().table.set_index("fact").loc["policies"]
    assert row["value"] == "zone, rcep"
    assert "to itself" in row["meaning"]


def test_refusals():
    p = several(MIXED)
    with pytest.raises(UnknownName, match="port"):
        p.policy("port")
    with pytest.raises(UnknownName, match="port"):
        p.policy("zone", given="port")
    with pytest.raises(OptionError, match="is the policy itself"):
        p.policy("zone", given="zone")
    with pytest.raises(DataError, match="2 policies: zone, rcep"):
        p.att("switching")
    with pytest.raises(OptionError, match="exactly one of adopted="):
        PolicyPanel(dated(MIXED), adopted="a", policies={"zone": "a", "rcep": "b"}, **KEYS)
    with pytest.raises(UnknownName, match="nowhere"):
        PolicyPanel(dated(MIXED), policies={"zone": "nowhere"}, **KEYS)
    with pytest.raises(DataError, match="1 of the two or more"):
        PolicyPanel(dated(MIXED), policies={"zone": "a"}, **KEYS).overlaps()
    d = dated(MIXED)
    d.loc[0, "b"] = 2003
    with pytest.raises(DataError, match="'b' changes within a unit"):
        PolicyPanel(d, policies={"zone": "a", "rcep": "b"}, **KEYS)
    with pytest.raises(DataError, match="no row is left for 'zone'"):
        several({"p": (2003, 2001), "q": (2004, 2001)}).policy("zone")


@pytest.mark.parametrize("name", [e.name for e in ENTRIES.values() if e.door])
def test_every_estimator_of_one_policy_refuses_several(name):
    d = data().assign(h=lambda t: t["g"] + 1)
    p = PolicyPanel(d, unit="id", period="year", outcome="y", policies={"a": "g", "b": "h"}, cluster="cl")
    if name == "shared shocks":
        ENTRIES[name].run(p, {})
    elif name in ("placebo dates", "placebo outcomes", "anticipation", "curve"):
        made = ENTRIES[name].run(p, {}).table
        assert made["estimate"].isna().all()
    elif name != "switching doses":  # which makes its own panel
        with pytest.raises(ExportlabError, match=r"2 policies|single adoption date"):
            ENTRIES[name].run(p, {})


# ---- all together -------------------------------------------------------------------------------------------------


def test_one_regression_of_all_is_least_squares_with_all_dummies():
    rng = np.random.default_rng(8)
    noise = {(u, t): rng.normal() for u in MIXED for t in range(2001, 2007)}
    p = several(MIXED, y=lambda u, t: noise[u, t])
    for interact in (False, True):
        value = p.period_values[p.periods]
        a = np.array([MIXED[u][0] for u in p.unit_labels[p.units]]) <= value
        b = np.array([MIXED[u][1] for u in p.unit_labels[p.units]]) <= value
        X = np.column_stack([a, b, *([a & b] if interact else [])]).astype(float)
        full = np.column_stack([X, pd.get_dummies(p.units), pd.get_dummies(p.periods).iloc[:, 1:]]).astype(
            float
        )
        beta = np.linalg.lstsq(full, p.y, rcond=None)[0]
        made = p.together(interact=interact)
        assert made.table["term"].tolist() == ["zone", "rcep", *(["zone x rcep"] if interact else [])]
        np.testing.assert_allclose(made.table["estimate"], beta[: X.shape[1]], atol=1e-10)
    assert any("the others' effects are in it" in n for n in made.notes)


def test_exact_effects_of_both():
    made = several(MIXED).together()
    np.testing.assert_allclose(made.table["estimate"], [2.0, 3.0], atol=1e-10)


def test_interaction_that_is_the_second_policy_itself_is_refused(panel):
    with pytest.raises(DataError, match=r"second, first x second[\s\S]*interact=False"):
        panel.together(interact=True)


def test_inference_of_all_together(panel):
    made = panel.together()
    boot = made.wild_bootstrap(n_draws=99, interval=False)
    assert boot.table["term"].tolist() == ["first", "second"]
    assert np.isfinite(made.few_clusters().table["std_error"]).all()
    chance = made.randomization_test(term="second", n_draws=19)
    assert chance.table["p"][0] == pytest.approx(1 / 20)
    left = leave_one_out(made, term="second")
    assert left.table["estimate"].notna().all()


def test_dates_of_all_policies_move_together(panel):
    small = several(MIXED, y=lambda u, t: hash_of(u) + t % 3)
    moved = small.with_paths([1, 0, 2, 3, 4, 5])
    assert moved.data["b"].iloc[:12].isna().tolist() == [True] * 6 + [False] * 6
    assert moved.adoption[:2].tolist() == [2003, 2003]
    assert small.paths.tolist() == [0, 1, 2, 3, 4, 5]
    labels = panel.paths
    assert len(np.unique(labels)) == len(
        {
            tuple(r)
            for r in panel.data.groupby("unit")[list(BOTH.values())].first().fillna(0).to_numpy().tolist()
        }
    )


def test_dates_within_a_stratum_move_within_it():
    dates = {
        "p": (2002, 2005),
        "q": (2002, NO),
        "r": (2004, NO),
        "s": (2004, 2006),
        "t": (2002, NO),
        "u": (NO, NO),
    }
    p = several(dates, y=lambda u, t: hash_of(u) * t % 5).policy("rcep", given="zone")
    made = p.event_study("switching", effects=1, placebos=0)
    assert made.randomization_test(term="0").table["possible"][0] == 3 * 2
    assert p.recommend().facts.possible == 6


def test_a_policy_of_the_last_period_counts():
    table = several({"p": (2006, NO), "q": (NO, 2003), "r": (NO, NO)}).overlaps().table.set_index("policy")
    assert table.loc["zone", ["alone", "other_alone", "both", "cells_alone"]].tolist() == [1, 1, 0, 1]
    assert table.loc["rcep", ["alone", "other_alone", "both", "cells_alone"]].tolist() == [1, 1, 0, 4]
    both = several({"p": (2003, 2006), "q": (2003, NO), "r": (NO, NO)}).overlaps().table.set_index("policy")
    assert both.loc["rcep", ["both", "after", "comparable", "cells_both"]].tolist() == [1, 1, 1, 1]
