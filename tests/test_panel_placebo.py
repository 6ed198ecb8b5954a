"""Randomisation inference, few-treated methods, placebos, leave-one-out, specification curve, spillovers."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from exportlab.errors import DataError, OptionError, UnknownName
from exportlab.panel.algebra.absorb import double_demeaned
from exportlab.panel.algebra.draws import assignments, number_of_assignments
from exportlab.panel.inference import randomization
from exportlab.panel.inference.few_treated import conley_taber, ibragimov_muller
from exportlab.panel.inference.multiple import holm, romano_wolf, step_down, sup_t
from exportlab.panel.inference.placebo import anticipation, leave_one_out, placebo_dates, placebo_outcomes
from exportlab.panel.inference.recommend import Facts, recommend
from exportlab.panel.inference.specification import specification_curve
from exportlab.panel.inference.spillover import great_circle, spillovers
from exportlab.panel.policy_panel import PolicyPanel


def make(dates, T=10, effect=0.0, seed=0, **columns):
    g = np.random.default_rng(seed)
    dates = np.asarray(dates, float)
    N = len(dates)
    unit, year = np.repeat(np.arange(N), T), np.tile(np.arange(2000, 2000 + T), N)
    y = g.normal(size=N * T) + unit + 0.3 * year + effect * (year >= dates[unit])
    table = pd.DataFrame({"city": unit, "year": year, "y": y, "since": dates[unit]}).assign(**columns)
    options = {"covariates": list(columns)} if columns else {}
    return PolicyPanel(table, unit="city", period="year", outcome="y", adopted="since", **options)


NEVER = np.inf
STAGGERED = [2004, 2004, 2007, NEVER, NEVER, NEVER, NEVER]


def test_assignments_are_distinct_and_keep_cohort_sizes():
    every = assignments(STAGGERED)
    assert every.n == len(every.which) == number_of_assignments(STAGGERED) == 7 * 6 * 5 // 2
    assert len(np.unique(every.which, axis=0)) == every.n
    assert (np.sort(every.which, axis=1) == np.sort(every.which[0])).all()
    blocks = assignments(STAGGERED, blocks=[0, 0, 0, 0, 1, 1, 1])
    assert blocks.n == 12
    assert (blocks.which[:, 4:] == 2).all()
    drawn = assignments(np.repeat([1.0, NEVER], 20), n_draws=50, rng=3)
    assert not drawn.enumerated
    assert (drawn.which.sum(axis=1) == 20).all()
    with pytest.raises(DataError, match="no other assignment to compare with"):
        assignments([1.0, 1.0])


@pytest.mark.parametrize("statistic", ["t", "estimate"])
def test_closed_form_is_estimating_again(statistic):
    dates = [2004, 2007, NEVER, NEVER, NEVER]
    panel = make(dates, effect=0.8)
    e = panel.twfe()
    quick = e.randomization_test(statistic=statistic)
    brute = [e.refit(panel.reassigned(np.array(g))).table.iloc[0] for g in sorted(set(permutations(dates)))]
    slow = np.array([b["estimate"] / (b["std_error"] if statistic == "t" else 1) for b in brute])
    row = e.table.iloc[0]
    mark = abs(row["estimate"] / (row["std_error"] if statistic == "t" else 1))
    assert quick.table["p"].iloc[0] == pytest.approx(np.mean(np.abs(slow) >= mark * (1 - 1e-9)))
    ratio = np.sort(quick.distribution) / np.sort(slow)
    assert np.ptp(ratio) < 1e-8
    assert quick.table["attainable"].iloc[0] == pytest.approx(1 / 20)


@pytest.mark.parametrize("method", ["callaway_santanna", "imputation", "sun_abraham"])
def test_cohort_weights_are_estimating_again(method, monkeypatch):
    panel = make([2002, 2002, 2003, NEVER, NEVER], T=5, effect=0.5)
    e = panel.att(method)
    quick = e.randomization_test()
    monkeypatch.setattr(randomization, "_simple", lambda panel: False)
    slow = e.randomization_test()
    assert quick.distribution == pytest.approx(slow.distribution, abs=1e-8)
    columns = ["p", "conf_low", "conf_high"]
    assert quick.table.loc[0, columns].to_numpy(float) == pytest.approx(
        slow.table.loc[0, columns].to_numpy(float), abs=1e-6
    )


@pytest.mark.parametrize("method", ["callaway_santanna", "imputation"])
def test_a_null_of_an_effect_is_none_of_what_is_left(method):
    """Studentised, so that it is estimated again: an effect of 1.2 is tested on the outcome less 1.2 where treated."""
    panel = make([2002, 2002, 2003, NEVER, NEVER, NEVER], T=5, effect=0.5)
    asked = {"statistic": "t", "interval": False}
    left = panel.with_outcome(panel.y - 1.2 * panel.D).att(method).randomization_test(**asked)
    found = panel.att(method).randomization_test(null=1.2, **asked)
    assert found.table["p"].iloc[0] == pytest.approx(left.table["p"].iloc[0])
    assert np.sort(found.distribution) == pytest.approx(np.sort(left.distribution), abs=1e-8)


def test_what_needs_no_new_estimate_is_enumerated_up_to_twenty_thousand():
    panel = make([2004] * 4 + [NEVER] * 10)
    for e in (panel.twfe(), panel.att("imputation")):
        assert e.randomization_test(interval=False).table["assignments"].iloc[0] == 1001


def test_interval_of_the_permutation_test_inverts_it():
    panel = make(STAGGERED, effect=1.0)
    e = panel.twfe()
    row = e.randomization_test(level=0.9).table.iloc[0]
    for end, out in ((row["conf_low"], -1e-5), (row["conf_high"], 1e-5)):
        assert e.randomization_test(null=end, interval=False).table["p"].iloc[0] > 0.1
        assert e.randomization_test(null=end + out, interval=False).table["p"].iloc[0] <= 0.1


def test_one_treated_unit_of_fourteen():
    panel = make([2005] + [NEVER] * 13, effect=50.0)
    out = panel.twfe().randomization_test()
    assert out.table["p"].iloc[0] == pytest.approx(1 / 14)
    assert "no p-value below 0.0714 is attainable" in out.summary()
    advice = recommend(panel)
    assert advice.method == "none"
    assert not advice.stars
    assert "0.0714" in advice.summary()


def test_recommendations_follow_the_design():
    assert recommend(make(STAGGERED)).method == "RI"
    assert recommend(make([2004] * 5 + [NEVER] * 6)).method == "CR2 Bell-McCaffrey"
    assert recommend(make([2004] * 5 + [NEVER] * 6).att()).method == "RI"
    many = Facts(60, 30, 30, 30, 10**9, pooled=False)
    assert recommend(many).method == "own standard error"
    assert recommend(Facts(14, 3, 11, 1, 0)).method == "none"
    with pytest.raises(OptionError, match="level=2"):
        recommend(many, level=2)


def test_unlike_clusters_are_named():
    panel = make([2005] * 3 + [NEVER] * 8)
    assert "Here they are not" not in recommend(panel).summary()
    g = np.random.default_rng(5)
    loud = panel.with_outcome(panel.y + 4 * g.normal(size=110) * (panel.units < 3))
    advice = recommend(loud)
    assert advice.facts.spread > 2
    assert "a permutation test rejects too often" in advice.why


def test_dates_that_differ_within_clusters_cannot_be_permuted():
    panel = make(STAGGERED)
    table = panel.data.assign(province=panel.data["city"] // 4)
    coarse = PolicyPanel(table, unit="city", period="year", outcome="y", adopted="since", cluster="province")
    with pytest.raises(DataError, match="Adoption dates differ within a cluster"):
        coarse.att().randomization_test()


def test_conley_taber_by_hand():
    """One treated unit: its mean gap against the same contrast of every control's residuals."""
    panel = make([2006] + [NEVER] * 9, effect=2.0)
    row = conley_taber(panel).table.iloc[0]
    Y, D = panel.y.reshape(10, 10), panel.D.reshape(10, 10)
    full = double_demeaned(D)
    assert row["estimate"] == pytest.approx((full * Y).sum() / (full * full).sum())
    path = D[0] - D[0].mean()
    U = double_demeaned(Y)[1:] * np.sqrt(9 / 8)
    placebo = np.abs(U @ path / (path @ path))
    assert row["p"] == pytest.approx((1 + (placebo >= abs(row["estimate"])).sum()) / 10)
    assert row["conf_low"] < row["estimate"] < row["conf_high"]


def test_conley_taber_keeps_what_is_not_refused_at_five_per_cent():
    panel = make([2006] + [NEVER] * 24, effect=2.0)  # no p below 1/25
    row = conley_taber(panel).table.iloc[0]
    for end, out in ((row["conf_low"], -1e-6), (row["conf_high"], 1e-6)):
        assert conley_taber(panel, null=end, interval=False).table["p"].iloc[0] > 0.05
        assert conley_taber(panel, null=end + out, interval=False).table["p"].iloc[0] <= 0.05


def test_equal_sizes_make_ferman_pinto_conley_taber():
    panel = make([2006, 2006] + [NEVER] * 9)
    plain = conley_taber(panel).table.drop(columns="term").to_numpy(float)
    assert conley_taber(panel, size=np.ones(11)).table.drop(columns="term").to_numpy(float) == pytest.approx(
        plain
    )
    other = conley_taber(panel, size=np.r_[0.1, 0.1, np.arange(1, 10)])
    assert other.table["conf_high"].iloc[0] != plain[0, 5]
    with pytest.raises(OptionError, match="one positive number for each of 11 units"):
        conley_taber(panel, size=[1, 2])


def test_ferman_pinto_by_hand():
    """Placebos of units of another size are stretched to the variance A + B / size, fitted on the controls."""
    panel = make([2006] + [NEVER] * 9, effect=0.2)
    Y, D = panel.y.reshape(10, 10), panel.D.reshape(10, 10)
    path = D[0] - D[0].mean()
    placebo = double_demeaned(Y)[1:] * np.sqrt(9 / 8) @ path / (path @ path)
    # sizes that fall with the squares of the placebos, so that both parts of the fit are positive
    sizes = np.r_[0.05, 1 / (0.2 + np.argsort(np.argsort(placebo**2)))]
    X = np.column_stack([np.ones(9), 1 / sizes[1:]])
    A, B = np.linalg.lstsq(X, placebo**2, rcond=None)[0]
    A, B = (A, B) if A >= 0 else (0.0, float(X[:, 1] @ placebo**2 / (X[:, 1] @ X[:, 1])))
    stretched = placebo * np.sqrt((A + B / sizes[0]) / (A + B / sizes[1:]))
    row = conley_taber(panel, size=sizes).table.iloc[0]
    plain = conley_taber(panel).table.iloc[0]
    assert row["p"] == pytest.approx((1 + (np.abs(stretched) >= abs(row["estimate"])).sum()) / 10)
    assert row["p"] != plain["p"]
    moved = conley_taber(panel, null=0.3, interval=False).table.iloc[0]
    assert moved["statistic"] == pytest.approx(plain["estimate"] - 0.3)


def test_ibragimov_muller_with_two_dates_by_hand():
    panel = make([2003, 2005, 2005] + [NEVER] * 4, effect=1.0)
    Y = panel.y.reshape(7, 10)  # from 2000 on

    def change(rows, at):
        return rows[..., at:].mean(-1) - rows[..., :at].mean(-1)

    base = np.array([change(Y[3:], at) for at in (3, 5, 5)])  # of the controls, at each treated unit's date
    gains = np.array([change(Y[i], at) for i, at in enumerate((3, 5, 5))]) - base.mean(1)
    se = np.sqrt(gains.var(ddof=1) / 3 + base.mean(0).var(ddof=1) / 4)
    row = ibragimov_muller(panel, null=0.5, level=0.9).table.iloc[0]
    assert row["estimate"] == pytest.approx(gains.mean())
    assert row["statistic"] == pytest.approx((gains.mean() - 0.5) / se)
    half = stats.t.ppf(0.95, 2) * se
    assert [row["conf_low"], row["conf_high"]] == pytest.approx([gains.mean() - half, gains.mean() + half])


def test_ibragimov_muller_is_welch_with_the_smaller_df():
    panel = make([2005] * 3 + [NEVER] * 5, effect=1.0)
    row = ibragimov_muller(panel).table.iloc[0]
    Y = panel.y.reshape(8, 10)
    change = Y[:, 5:].mean(axis=1) - Y[:, :5].mean(axis=1)
    welch = stats.ttest_ind(change[:3], change[3:], equal_var=False)
    assert row["statistic"] == pytest.approx(welch.statistic)
    assert row["p"] == pytest.approx(2 * stats.t.sf(abs(welch.statistic), 2))
    half = stats.t.ppf(0.975, 2) * row["estimate"] / row["statistic"]
    assert [row["conf_low"], row["conf_high"]] == pytest.approx(
        [row["estimate"] - half, row["estimate"] + half]
    )
    two = make([2005] * 2 + [NEVER] * 2, effect=1.0)
    assert np.isfinite(ibragimov_muller(two).table["p"].iloc[0])
    with pytest.raises(DataError, match="1 treated and 7 never-treated"):
        ibragimov_muller(make([2005] + [NEVER] * 7))


def test_placebo_dates_use_no_treated_row():
    """A huge effect after adoption leaves placebo estimates untouched."""
    quiet, loud = (placebo_dates(make(STAGGERED, effect=b), shifts=(1, 2)).table for b in (0.0, 1e6))
    assert loud["estimate"].to_numpy() == pytest.approx(quiet["estimate"].to_numpy(), abs=1e-6)
    late = placebo_dates(make([2002, 2002, NEVER, NEVER, NEVER]), shifts=(9,)).table
    assert late["estimate"].isna().all()
    assert late["failed"].iloc[0] != ""
    with pytest.raises(
        OptionError, match=r"shifts=\(0,\) is not allowed. Allowed: a list \(of a whole number, 1 or more\)"
    ):
        placebo_dates(make(STAGGERED), shifts=(0,))


def test_placebo_outcomes():
    g = np.random.default_rng(2)
    panel = make(STAGGERED, effect=5.0)
    panel = PolicyPanel(
        panel.data.assign(rain=g.normal(size=70)), unit="city", period="year", outcome="y", adopted="since"
    )
    table = placebo_outcomes(panel, ["rain", "y"], method="twfe").table
    assert table["estimate"].iloc[1] == panel.twfe().table["estimate"].iloc[0]
    assert abs(table["estimate"].iloc[0]) < 1
    with pytest.raises(UnknownName, match="rian"):
        placebo_outcomes(panel, ["rian"])
    text = panel.data.assign(text="12", said=[{"a": 1}, *panel.data["y"][1:]])
    odd = PolicyPanel(text, unit=panel.unit, period=panel.period, outcome="y", adopted=panel.adopted)
    rows = placebo_outcomes(odd, ["text", "said", "rain"], method="twfe").table
    assert rows["estimate"].isna().tolist() == [True, True, False]
    assert "not numbers" in rows["failed"][0]
    assert "not numbers" in rows["failed"][1]


@pytest.mark.parametrize("by", ["unit", "cohort", "period"])
def test_leave_one_out_is_the_estimate_without(by):
    panel = make(STAGGERED, effect=1.0)
    e = panel.att()
    table = leave_one_out(e, by=by).table
    value = table["left_out"].iloc[1]
    keep = {"unit": panel.units != 1, "cohort": panel.first != value, "period": panel.periods != 1}[by]
    assert table["estimate"].iloc[1] == panel.where(keep, "x").att().table["estimate"].iloc[0]
    assert table["influence"].iloc[1] == pytest.approx(
        table["estimate"].iloc[1] - e.table["estimate"].iloc[0]
    )


def test_anticipation_moves_the_base():
    """Effects that start a period early are understated until one period of anticipation is allowed."""
    panel = make([2005] * 4 + [NEVER] * 4)
    early = panel.with_outcome(panel.y + 3.0 * (panel.event_time >= -1))
    table = anticipation(early, periods=(0, 1)).table
    base = anticipation(panel, periods=(0, 1)).table
    assert (table["estimate"] - base["estimate"]).to_numpy() == pytest.approx([0, 3])
    for method in ("imputation", "twfe"):
        moved = anticipation(early, periods=(0, 1), method=method).table["estimate"]
        moved = moved - anticipation(panel, periods=(0, 1), method=method).table["estimate"]
        assert moved.iloc[1] == pytest.approx(3)
        assert moved.iloc[0] < 3
    assert anticipation(panel, method="twfe").table["anticipated"].tolist() == [0, 1, 2]


def test_specification_curve_keeps_failures_and_order():
    g = np.random.default_rng(1)
    panel = make(STAGGERED, effect=1.0, gdp=g.normal(size=70))
    out = specification_curve(
        panel, methods=("imputation", "twfe"), samples={"all": None, "no treated": ~np.isfinite(panel.first)}
    )
    assert len(out.table) == 8
    made = out.table["estimate"].dropna()
    assert made.is_monotonic_increasing
    assert len(made) == 4
    assert (out.table.loc[out.table["estimate"].isna(), "failed"] != "").all()
    plain = out.table.query("method == 'twfe' and covariates == 'none' and sample == 'all'")["estimate"].iloc[
        0
    ]
    assert plain == pytest.approx(make(STAGGERED, effect=1.0).twfe().table["estimate"].iloc[0])


def test_spillovers_are_found_and_removed():
    """Neighbours gain 2 when the treated gain 5: far controls show 5, near ones 2."""
    dates = np.array([2005] * 3 + [NEVER] * 7)
    panel = make(dates)
    base = make(dates)
    late = panel.period_values[panel.periods] >= 2005
    gain = 5.0 * (panel.units < 3) * late + 2.0 * np.isin(panel.units, [3, 4]) * late
    lists = {0: [3], 4: [1]}
    found = spillovers(panel.with_outcome(panel.y + gain), neighbours=lists).table["estimate"]
    noise = spillovers(base, neighbours=lists).table["estimate"]
    assert (found - noise).to_numpy() == pytest.approx([5 - 2 * 2 / 7, 5, 2])
    apart = np.full((10, 10), 2.0)
    apart[0, 3] = apart[3, 0] = apart[1, 4] = apart[4, 1] = 1.5  # at most this far away is near
    by_distance = spillovers(panel, distance=apart, within=1.5).table
    pd.testing.assert_frame_equal(by_distance, spillovers(panel, neighbours=lists).table)
    assert by_distance["units_near"].tolist() == [0, 2, 2]
    with pytest.raises(DataError, match="0 of 7 never-treated units"):
        spillovers(panel, distance=apart, within=1.4)
    with pytest.raises(OptionError, match=r"finite numbers for 10 x 10 units; it has shape \(9, 9\)"):
        spillovers(panel, distance=apart[1:, 1:], within=1.0)
    km = great_circle([0, 0, 90], [0, 90, 0])
    # Dalian to Shenyang by the law of cosines
    one, other, turn = np.radians([38.914, 41.805, 123.432 - 121.615])
    arc = np.arccos(np.sin(one) * np.sin(other) + np.cos(one) * np.cos(other) * np.cos(turn))
    assert great_circle([38.914, 41.805], [121.615, 123.432])[0, 1] == pytest.approx(
        6371.0088 * arc, rel=1e-9
    )
    assert km[0, 1] == pytest.approx(6371.0088 * np.pi / 2)
    assert km[0, 2] == pytest.approx(km[1, 2])
    with pytest.raises(UnknownName, match="99"):
        spillovers(panel, neighbours={99: [1]})
    with pytest.raises(OptionError, match="together with within"):
        spillovers(panel, distance=np.zeros((10, 10)))
    with pytest.raises(DataError, match="0 of 7 never-treated units"):
        spillovers(panel, neighbours={0: [1]})


def test_romano_wolf_steps_down():
    """Perfectly dependent hypotheses are not punished; Holm doubles them."""
    panel = make([2005] * 5 + [NEVER] * 6, effect=1.0)
    e = panel.twfe()
    twice = romano_wolf([e, panel.with_outcome(3 * panel.y).twfe()], labels=["y", "3y"]).table
    assert twice["p_romano_wolf"].to_numpy() == pytest.approx(twice["p"].to_numpy())
    assert twice["p_holm"].to_numpy() == pytest.approx(np.minimum(1, 2 * twice["p"].to_numpy()))
    assert twice["p"].iloc[0] == e.wild_bootstrap(interval=False).table["p"].iloc[0]
    assert step_down([3.0, 1.0], [[1.0, 2, 3, 4], [0.5, 5, 0, 1]]).tolist() == [0.75, 0.75]
    # drawn, the sample is added: 3 of 4 largest reach 3, 2 of 4 reach 1
    drawn = step_down([3.0, 1.0], [[1.0, 2, 3, 4], [0.5, 5, 0, 1]], enumerated=False)
    assert drawn.tolist() == pytest.approx([4 / 5, 4 / 5])
    assert step_down([1.0, 3.0], [[0.5, 0, 0, 1], [1.0, 2, 3, 4]], enumerated=False).tolist() == [0.6, 0.6]
    assert holm([0.01, 0.04, 0.03]).tolist() == pytest.approx([0.03, 0.06, 0.06])
    with pytest.raises(DataError, match="other clusters"):
        romano_wolf([e, make(STAGGERED).twfe()])
    perfect = panel.with_outcome(panel.D + panel.units.astype(float)).twfe()
    with pytest.raises(DataError, match="no standard error, so nothing to bootstrap"):
        romano_wolf([e, perfect])


def test_sup_t_of_independent_terms_is_the_sidak_value():
    assert sup_t(np.diag([1.0, 4, 9, 0])) == pytest.approx(
        stats.norm.ppf(0.5 + 0.95 ** (1 / 3) / 2), abs=0.01
    )
    assert sup_t(np.ones((3, 3))) == pytest.approx(1.96, abs=0.01)
    assert sup_t(np.eye(1), df=5) == pytest.approx(stats.t.ppf(0.975, 5), abs=0.04)


def test_options_are_refused():
    e = make(STAGGERED).twfe()
    with pytest.raises(OptionError, match="statistic='z' is not allowed"):
        e.randomization_test(statistic="z")
    with pytest.raises(OptionError, match="blocks has 2 labels for 7 units"):
        e.randomization_test(blocks=[1, 2])
    with pytest.raises(OptionError, match="by='sector' is not allowed"):
        leave_one_out(e, by="sector")
