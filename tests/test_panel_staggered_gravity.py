"""Staggered agreements by extended TWFE, and effects of an agreement by member, direction and year in force."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from test_panel_gravity import FLOWS, ROLES, simulated

from exportlab.errors import DataError, OptionError, UnknownName
from exportlab.panel import agreement, agreement_effects, gravity, ppml, staggered_gravity

MEMBERS = {"c0": "2003", "c1": "2003", "c2": "2003", "c3": "2005"}


def staggered(**options):
    """Pairs of c0, c1, c2 join in 2003 and those of c3 in 2005; effects .1, .2, .3, .4 a year, and .3."""
    d = simulated(beta=0.0, **options)
    early, all_ = (
        d["exporter"].isin(c) & d["importer"].isin(c) for c in (["c0", "c1", "c2"], ["c0", "c1", "c2", "c3"])
    )
    d["since"] = np.where(early, 2003.0, np.where(all_, 2005.0, np.nan))
    effect = np.where(d["since"] == 2003, 0.1 * (d["year"] - 2002), 0.3)
    return d.assign(value=d["value"] * np.exp(np.where(d["year"] >= d["since"], effect, 0)))


TRUE = {
    "simple": {"ATT": (6 * (0.1 + 0.2 + 0.3 + 0.4) + 12 * 0.3) / 36},
    "event": {"0": 0.2, "1": 0.25, "2": 0.3, "3": 0.4},
    "cohort": {"2003": 0.25, "2005": 0.3},
    "calendar": {"2003": 0.1, "2004": 0.2, "2005": 0.3, "2006": 0.35},
}


@pytest.mark.parametrize("aggregate", TRUE)
def test_the_true_averages_come_back(aggregate):
    made = staggered_gravity(staggered(noise=0), "value ~ 1", adopted="since", aggregate=aggregate, **ROLES)
    assert made.coef().to_dict() == pytest.approx(TRUE[aggregate], abs=1e-9)
    assert made.table["n"].to_list() == {
        "simple": [36], "event": [12, 12, 6, 6], "cohort": [24, 12], "calendar": [6, 6, 12, 12]
    }[aggregate]  # fmt: skip
    wrong = gravity(
        staggered(noise=0).assign(on=lambda d: (d["year"] >= d["since"]) * 1), "value ~ on", **ROLES
    )
    assert abs(wrong.coef()["on"] - TRUE["simple"]["ATT"]) > 0.03


def test_periods_before_adoption_are_looked_at():
    made = staggered_gravity(
        staggered(noise=0), "value ~ 1", adopted="since", aggregate="event", control="never", **ROLES
    )
    assert made.table["event_time"].to_list() == [-4, -3, -2, -1, 0, 1, 2, 3]
    assert made.coef().to_list() == pytest.approx([0, 0, 0, 0, 0.2, 0.25, 0.3, 0.4], abs=1e-9)
    assert made.table["n"].to_list() == [6, 6, 12, 0, 12, 12, 6, 6]
    assert made.comparison.startswith("never treated")


def test_it_is_ppml_with_a_dummy_of_each_cell():
    d = staggered().assign(x=np.random.default_rng(3).normal(size=252))
    cells = []
    for g, t in ((2003, 2003), (2003, 2004), (2003, 2005), (2003, 2006), (2005, 2005), (2005, 2006)):
        cells.append(f"d{g}{t}")
        d[cells[-1]] = ((d["since"] == g) & (d["year"] == t)).astype(float)
    effects = [("exporter", "year"), ("importer", "year"), ("exporter", "importer")]
    whole = ppml(d, f"value ~ x + {' + '.join(cells)}", effects=effects, cluster=[("exporter", "importer")])
    each = staggered_gravity(d, "value ~ x", adopted="since", aggregate="none", **ROLES)
    assert each.coef().to_list() == pytest.approx(whole.coef()[cells].to_list(), abs=1e-9)
    assert each.se().to_list() == pytest.approx(whole.se()[cells].to_list(), rel=1e-7)
    assert list(each.coef().index) == [f"ATT({c[1:5]},{c[5:]})" for c in cells]
    told = each.parts["cells"]
    assert told["rows"].to_list() == [6] * 6
    assert told["event_time"].to_list() == [0, 1, 2, 3, 0, 1]
    assert told["std_error"].to_list() == pytest.approx(each.se().to_list())
    late = staggered_gravity(d, "value ~ x", adopted="since", aggregate="calendar", **ROLES)
    a = np.array([0.5, 0.5])
    pick = [whole.index("d20032006"), whole.index("d20052006")]
    assert late.se()["2006"] == pytest.approx(np.sqrt(a @ whole.vcov[np.ix_(pick, pick)] @ a), rel=1e-7)
    factor = late.inference.factor
    assert np.diag(factor * late.scores.T @ late.scores) == pytest.approx(late.se().to_numpy() ** 2, rel=1e-7)
    assert late.wild_bootstrap(interval=False) is not None


def test_dates_in_the_periods_own_spelling():
    d = staggered(noise=0)
    text = d.assign(
        year=d["year"].astype(str), since=[None if np.isnan(s) else f"{s:.0f}" for s in d["since"]]
    )
    made = staggered_gravity(text, "value ~ 1", adopted="since", aggregate="calendar", **ROLES)
    assert made.coef().to_dict() == pytest.approx(TRUE["calendar"], abs=1e-9)
    never = d.assign(since=d["since"].fillna(2099))
    assert staggered_gravity(never, "value ~ 1", adopted="since", **ROLES).coef()["ATT"] == pytest.approx(
        TRUE["simple"]["ATT"], abs=1e-9
    )


def test_always_treated_pairs_are_left_out_and_counted():
    d = staggered(noise=0)
    d["since"] = d["since"].where(~((d["exporter"] == "c5") & (d["importer"] == "c6")), 1999)
    made = staggered_gravity(d, "value ~ 1", adopted="since", **ROLES)
    assert ("pair treated in all its periods: no effect is identified", 6) in made.sample.lost
    assert made.sample.rows == 252
    assert made.coef()["ATT"] == pytest.approx(TRUE["simple"]["ATT"], abs=1e-9)


def test_where_every_pair_joins_the_last_cohort_compares_until_it_does():
    d = staggered(noise=0)
    d["since"] = d["since"].fillna(2006)
    made = staggered_gravity(d, "value ~ 1", adopted="since", aggregate="calendar", **ROLES)
    assert made.coef().to_dict() == pytest.approx(
        {k: v for k, v in TRUE["calendar"].items() if k < "2006"}, abs=1e-9
    )
    assert ("every pair treated from then on: no comparison left", 42) in made.sample.lost


def test_cells_that_nothing_compares_are_left_out_by_name():
    d = staggered(noise=0)
    d["since"] = d["since"].where(~((d["exporter"] == "c6") & (d["since"].isna())), 2004)
    made = staggered_gravity(d, "value ~ 1", adopted="since", aggregate="cohort", **ROLES)
    assert made.coef().to_dict() == pytest.approx(TRUE["cohort"], abs=1e-9)
    assert "Averages leave out 3 of 9 cells, which have no effect to tell: ATT(2004,2004)" in made.notes[-1]
    assert ("treated cell that no untreated flow compares", 18) in made.sample.lost


@pytest.mark.parametrize(
    ("change", "options", "error", "text"),
    [
        (lambda d: d, {"adopted": "date"}, UnknownName, "no column named 'date'"),
        (lambda d: d, {"aggregate": "mean"}, OptionError, "Allowed: 'simple', 'event', 'cohort'"),
        (lambda d: d, {"control": "all"}, OptionError, "Allowed: 'notyet', 'never'"),
        (
            lambda d: d.assign(since=d["since"].where(d.index != 6, 2004)),
            {},
            DataError,
            r"1 pairs have several dates of 'since'\. First: c0, c2",
        ),
        (lambda d: d.assign(since=np.nan), {}, DataError, "No flow is treated within the table"),
        (lambda d: d.assign(since=2003), {}, DataError, "is left|has a comparison"),
        (
            lambda d: d.assign(since=1990),
            {},
            DataError,
            r"No treated flow is left: 252 rows are each a pair treated in",
        ),
        (lambda d: d.assign(**{"ATT(2003,2004)": 1}), {}, OptionError, r"has a column 'ATT\(2003,2004\)'"),
    ],
)
def test_refusals(change, options, error, text):
    with pytest.raises(error, match=text):
        staggered_gravity(change(staggered()), "value ~ 1", **{"adopted": "since", **options}, **ROLES)


# ---- effects of an agreement -----------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["member", "exporter", "importer", "pair", "direction", "years"])
def test_the_parts_sum_to_the_agreement(by):
    d = simulated()
    made = agreement_effects(d, MEMBERS, by=by, of="c0" if by == "direction" else None, **ROLES)
    assert made.sum(axis=1).to_numpy() == pytest.approx(agreement(d, MEMBERS, **ROLES).to_numpy())
    assert made.index.equals(d.index)


@pytest.mark.parametrize("by", ["member", "exporter", "importer"])
def test_effects_by_member_come_back(by):
    d, true = simulated(noise=0, beta=0.0), {"c0": 0.2, "c1": 0.4, "c2": -0.1, "c3": 0.3}
    out, into = d["exporter"].map(true), d["importer"].map(true)
    size = {"member": (out + into) / 2, "exporter": out, "importer": into}[by]
    d["value"] *= np.exp(size.where(agreement(d, MEMBERS, **ROLES) > 0, 0.0))
    made = agreement_effects(d, MEMBERS, by=by, name="rcep", **ROLES)
    assert list(made.columns) == [f"rcep[{m}]" for m in MEMBERS]
    formula = "value ~ " + " + ".join(f"`{c}`" for c in made)
    assert gravity(pd.concat([d, made], axis=1), formula, **ROLES).coef().to_list() == pytest.approx(
        list(true.values()), abs=1e-8
    )


def test_pairs_and_directions():
    two = agreement_effects(FLOWS, {"a": "2022-01-01", "b": "2022-03-18"}, by="pair", **ROLES)
    assert two.to_dict("list") == {"agreement[a and b]": [0, 1, 1, 0, 0, 1, 0]}
    way = agreement_effects(simulated(), MEMBERS, by="direction", of="c3", **ROLES)
    d = simulated()
    assert list(way) == ["agreement[c3 to members]", "agreement[members to c3]", "agreement[other members]"]
    on = agreement(d, MEMBERS, **ROLES)
    assert way["agreement[c3 to members]"].to_numpy() == pytest.approx(
        (on * (d["exporter"] == "c3")).to_numpy()
    )
    assert way["agreement[members to c3]"].to_numpy() == pytest.approx(
        (on * (d["importer"] == "c3")).to_numpy()
    )


def test_years_in_force():
    flows = pd.DataFrame({"exporter": "a", "importer": "b", "year": range(2019, 2026)})
    made = agreement_effects(flows, {"a": "2020-01-01", "b": "2020-07-02"}, by="years", **ROLES)
    assert list(made) == [f"agreement[{k}]" for k in range(6)]
    assert made.to_numpy().argmax(axis=1).tolist() == [0, 0, 1, 2, 3, 4, 5]
    assert made.sum(axis=1).to_list() == [0, 1, 1, 1, 1, 1, 1]
    some = agreement_effects(flows, {"a": "2020-01-01", "b": "2020-07-02"}, by="years", last=2, **ROLES)
    assert list(some) == ["agreement[0]", "agreement[1]", "agreement[2+]"]
    assert some["agreement[2+]"].to_list() == [0, 0, 0, 1, 1, 1, 1]
    start = agreement_effects(flows, {"a": 2020, "b": "2020-07-02"}, by="years", within="start", **ROLES)
    assert start["agreement[0]"].to_list() == [0, 0, 1, 0, 0, 0, 0]
    whole = agreement_effects(flows, {"a": 2020, "b": 2020}, by="years", within="start", last=9, **ROLES)
    assert list(whole) == [f"agreement[{k}]" for k in range(6)]
    assert whole["agreement[0]"].to_list() == [0, 1, 0, 0, 0, 0, 0]
    shifted = agreement_effects(flows, {"a": 2020, "b": 2020}, by="years", lag=2, last=0, **ROLES)
    assert shifted["agreement[0+]"].to_list() == [0, 0, 0, 1, 1, 1, 1]


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"by": "country"}, OptionError, "Allowed: 'member', 'exporter', 'importer', 'pair'"),
        ({"by": "direction"}, OptionError, "give it with by='direction' alone"),
        ({"by": "member", "of": "c0"}, OptionError, "give it with by='direction' alone"),
        ({"by": "direction", "of": "c5"}, UnknownName, "no member named 'c5'"),
        ({"by": "member", "last": 2}, OptionError, "give it with by='years' alone"),
        ({"by": "years", "within": "share"}, OptionError, "within='share' is not allowed with by='years'"),
        ({"by": "member", "within": "half"}, OptionError, "Allowed: 'end', 'start', 'share'"),
        ({"by": "member", "absent": "no"}, OptionError, "Allowed: 'refuse', 'allow'"),
        ({"by": "member", "lag": 40}, DataError, "in force in no row"),
        (
            {"by": "member", "members": MEMBERS | {"c4": "2050"}},
            DataError,
            r"1 of 5 effects .*'agreement\[c4\]'",
        ),
        ({"by": "member", "exporter": "from"}, UnknownName, "no column named 'from'"),
    ],
)
def test_refusals_of_effects(options, error, text):
    with pytest.raises(error, match=text):
        agreement_effects(simulated(), **{"members": MEMBERS, **ROLES, **options})


def test_members_that_never_meet_are_left_out_where_that_is_allowed():
    made = agreement_effects(simulated(), MEMBERS | {"c4": "2050"}, by="member", absent="allow", **ROLES)
    assert list(made) == [f"agreement[{m}]" for m in MEMBERS]
