"""Shift-share designs: numbers of other programs, identities, sets without an end, refusals, two tables of flows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from linearmodels.iv import IV2SLS
from scipy import stats

import exportlab as xl
from exportlab.errors import DataError, DuplicateCells, OptionError, UnknownName
from exportlab.panel import Estimate, shift_share_design
from exportlab.panel.algebra.levels import Effects
from exportlab.panel.shift_share.algebra import Controls, Moments, Null, Shares, null
from exportlab.panel.shift_share.setup import partialled

ADH = Path(__file__).parents[2] / "shared" / "reference" / "shift-share"
KINDS = {
    "Homoscedastic": "classical",
    "EHW": "robust",
    "Reg. cluster": "cluster",
    "AKM": "akm",
    "AKM0": "akm0",
}
NUMBERS = ["estimate", "std_error", "p_value", "conf_low", "conf_high"]
OMIT = {"sum_of_shares": "omit"}


@pytest.fixture(scope="module")
def made(reference):
    here = reference / "shift_share"
    tables = {n: pd.read_csv(here / f"{n}.csv") for n in ("regions", "shares", "shocks")}
    return tables, pd.read_csv(here / "figures.csv")


def design(made, **said):
    tables = made[0]
    asked = {
        "shares": tables["shares"],
        "shocks": tables["shocks"],
        "unit": "region",
        "period": "period",
        "controls": "income + I(period == 2015)",
        "weights": "people",
        "cluster": "province",
    }
    return shift_share_design(tables["regions"], **{**asked, **said})


# ---- numbers from outside --------------------------------------------------------------------------------------------

CASES = {
    "reduced none": (OMIT, lambda d, e, p: d.reduced_form("growth", errors=e, level=p)),
    "first none": (OMIT, lambda d, e, p: d.first_stage("imports", errors=e, level=p)),
    "iv none": (OMIT, lambda d, e, p: d.iv("growth", "imports", errors=e, level=p)),
    "iv sums none": ({}, lambda d, e, p: d.iv("growth", "imports", errors=e, level=p)),
    "reduced unweighted": (
        {**OMIT, "weights": None, "controls": "income"},
        lambda d, e, p: d.reduced_form("growth", errors=e, level=p),
    ),
    "before": (OMIT, lambda d, e, p: d.reduced_form("before", errors=e, level=p)),
}
CASES |= {
    name.replace("none", "branch"): ({**said, "sector_cluster": "branch"}, run)
    for name, (said, run) in CASES.items()
    if name.endswith("none")
}


@pytest.mark.parametrize("case", CASES)
def test_errors_are_those_of_shiftsharese(made, case):
    said, run = CASES[case]
    d = design(made, **said)
    wanted = made[1][made[1]["case"] == case]
    assert len(wanted) >= 5
    for row in wanted.itertuples():
        found = run(d, KINDS[row.errors], row.level)
        got = found.table.iloc[0]
        if row.conf_low > row.conf_high:  # as R prints a set with a hole
            (low, first), (second, high) = found.confidence_set()
            assert (low, high) == (-np.inf, np.inf)
            np.testing.assert_allclose([first, second], [row.conf_high, row.conf_low], rtol=1e-9)
            assert f"between {first:.4g} and {second:.4g}" in " ".join(found.notes)
            got = got.drop(["conf_low", "conf_high"])
        names = [n for n in NUMBERS if n in got]
        np.testing.assert_allclose(
            got[names].astype(float), [getattr(row, n) for n in names], rtol=1e-8, atol=1e-14
        )
        beside = found.parts["errors"].set_index("errors").loc[KINDS[row.errors]]
        np.testing.assert_allclose(beside[names].astype(float), got[names].astype(float), rtol=1e-12)


def test_rotemberg_weights_are_those_of_bartik_weight(made, reference):
    d = design(made, **OMIT)
    got = d.rotemberg("growth", "imports")
    wanted = pd.read_csv(reference / "shift_share" / "rotemberg.csv")
    both = wanted.merge(got.table, on=["sector", "period"], suffixes=("_r", ""))
    assert len(both) == 16
    np.testing.assert_allclose(both["alpha"], both["alpha_r"], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(both["beta"], both["beta_r"], rtol=1e-9)
    assert got.table["alpha"].sum() == pytest.approx(1)
    assert got.estimate == pytest.approx(d.iv("growth", "imports").coef().iloc[0], rel=1e-12)
    by = got.by_sector()
    s1 = got.table[got.table["sector"] == "s1"]
    one = by[by["sector"] == "s1"].iloc[0]
    assert one["alpha"] == pytest.approx(s1["alpha"].sum())
    assert one["beta"] == pytest.approx((s1["alpha"] * s1["beta"]).sum() / s1["alpha"].sum())
    assert list(got.table["alpha"].abs()) == sorted(got.table["alpha"].abs(), reverse=True)
    assert list(by["alpha"].abs()) == sorted(by["alpha"].abs(), reverse=True)


def test_errors_by_shock_are_those_of_the_regression_at_the_level_of_shocks(made, reference):
    said = {"shock_controls": ["tariff"]}
    wanted = pd.read_csv(reference / "shift_share" / "shock_level.csv").set_index("quantity")["value"]
    for cluster, name in {None: "robust", "branch": "clustered by branch"}.items():
        found = design(made, **said, sector_cluster=cluster).iv("growth", "imports", errors="shock")
        assert found.coef().iloc[0] == pytest.approx(wanted["estimate"], rel=1e-9)
        assert found.se().iloc[0] == pytest.approx(wanted[name], rel=1e-9)
    d = design(made, **said)
    assert d.effective_shocks == pytest.approx(wanted["effective number"], rel=1e-9)
    t = d.shock_level("growth", "imports")
    controls = t.filter(like="control_")
    assert controls.shape == (16, 3)
    by_hand = IV2SLS(
        t["outcome_mean"], controls, t["treatment_mean"], t["shock"], weights=t["importance"]
    ).fit(cov_type="robust")
    assert by_hand.params["treatment_mean"] == pytest.approx(wanted["estimate"], rel=1e-9)
    assert by_hand.std_errors["treatment_mean"] == pytest.approx(wanted["robust"], rel=1e-8)


def test_both_levels_agree_for_the_reduced_form_too(made):
    d = design(made)
    t = d.shock_level("growth")
    X = np.column_stack([t["treatment_mean"], t["control_1"], t["control_2"]])
    Z = np.column_stack([t["shock"], t["control_1"], t["control_2"]]) * t["importance"].to_numpy()[:, None]
    beta = np.linalg.solve(Z.T @ X, Z.T @ t["outcome_mean"])
    assert beta[0] == pytest.approx(d.reduced_form("growth").coef().iloc[0], rel=1e-10)
    np.testing.assert_allclose(beta[1:], 0, atol=1e-12)


# ---- Autor, Dorn and Hanson ------------------------------------------------------------------------------------------

needs_adh = pytest.mark.skipif(
    not ADH.exists(), reason="the data of Autor, Dorn and Hanson are not shipped (ddorn.net)"
)
CONTROLS = (
    "t2 + l_shind_manuf_cbp + l_sh_popedu_c + l_sh_popfborn + l_sh_empl_f + l_sh_routine33 + l_task_outsource + "
    "C(division)"
)


@pytest.fixture(scope="module")
def adh():
    regions = pd.read_csv(ADH / "regions.csv")
    sectors = pd.read_csv(ADH / "sectors.csv").rename(columns={"shock": "g"})
    shares = pd.read_csv(ADH / "shares.csv")
    bare = regions.loc[~regions["region"].isin(shares["region"]), "region"]
    shares = pd.concat([shares, pd.DataFrame({"region": bare, "sector": 1, "share": 0.0})])
    both = shares.merge(regions[["region", "czone", "year"]]).merge(sectors[["sector", "sic"]])
    return regions, sectors, shares, both.drop_duplicates(["czone", "year", "sic"])


@needs_adh
@pytest.mark.parametrize("cluster", ["none", "sic3"])
def test_the_numbers_of_autor_dorn_and_hanson(adh, cluster):
    regions, sectors, shares, _ = adh
    said = {
        "shares": shares,
        "shocks": sectors,
        "shock": "g",
        "unit": "region",
        "controls": CONTROLS,
        "exposure": "IV",
    }
    said |= {"cluster": "statefip", "sector_cluster": None if cluster == "none" else cluster, **OMIT}
    d = shift_share_design(regions, weights="weights", **said)
    wanted = pd.read_csv(ADH / "expected_inference.csv").query(f"sector_cluster == '{cluster}'")
    for regression, rows in wanted.groupby("regression"):
        outcome = "d_sh_empl_mfg" if "mfg" in regression else "d_sh_empl"
        if regression.startswith("first"):
            found = d.first_stage("shock")
        elif regression.startswith("IV"):
            plain = "unweighted" in regression
            found = (shift_share_design(regions, **said) if plain else d).iv(outcome, "shock")
        else:
            found = d.reduced_form(outcome)
        got = found.parts["errors"].set_index("errors").loc[rows["method"].map(KINDS), NUMBERS]
        numbers = rows[["beta", "se", "p", "ci_low", "ci_high"]].to_numpy()
        np.testing.assert_allclose(got.to_numpy(), numbers, rtol=1e-8, atol=1e-11)


@needs_adh
def test_equivalence_and_rotemberg_weights_of_autor_dorn_and_hanson(adh):
    regions, sectors, _, shares = adh
    said = {
        "shares": shares,
        "shocks": sectors,
        "sector": "sic",
        "shock": "g",
        "unit": "czone",
        "period": "year",
    }
    said |= {"weights": "weights", "sector_cluster": "sic3"}
    wanted = pd.read_csv(ADH / "expected_equivalence.csv").query("not missing_industry")
    ways = [("1", "omit"), (CONTROLS, "omit"), (CONTROLS, "once"), (CONTROLS, "auto")]
    for (controls, sums), row in zip(ways, wanted.itertuples(), strict=True):
        d = shift_share_design(regions, controls=controls, sum_of_shares=sums, **said)
        found = d.iv("d_sh_empl_mfg", "shock", errors="shock")
        assert found.coef().iloc[0] == pytest.approx(row.beta_location, abs=1e-11)
        assert d.effective_shocks == pytest.approx(row.effective_shocks, rel=1e-10)
        if sums == "omit" and controls != "1":
            _rotemberg_of_adh(d)
    by = pd.read_csv(ADH / "expected_shock_level_iv.csv").set_index("item")["value"]
    assert found.se().iloc[0] == pytest.approx(by["se_cluster_sic3 no factor"], rel=1e-9)
    alone = shift_share_design(regions, controls=CONTROLS, **{**said, "sector_cluster": None})
    error = alone.iv("d_sh_empl_mfg", "shock", errors="shock").se().iloc[0]
    assert error == pytest.approx(by["se_hc0"], rel=1e-9)


def _rotemberg_of_adh(d):
    got = d.rotemberg("d_sh_empl_mfg", "shock")
    assert got.estimate == pytest.approx(-0.596360083983, abs=1e-11)
    assert got.table.loc[got.table["alpha"] < 0, "alpha"].sum() == pytest.approx(-0.1279, abs=5e-5)
    both = pd.read_csv(ADH / "expected_rotemberg.csv").merge(
        got.table, on=["year", "sic"], suffixes=("_x", "")
    )
    np.testing.assert_allclose(both["alpha"], both["alpha_x"], atol=1e-9)
    np.testing.assert_allclose(both["beta"], both["beta_x"], rtol=1e-8)


# ---- sets ------------------------------------------------------------------------------------------------------------


def test_the_set_is_what_the_test_keeps():
    """Every value beside an end is tested as the formula says."""
    rng = np.random.default_rng(1)
    for scale in (0.2, 1.0, 3.0):
        n = Null(0.7, rng.normal(size=9), scale * rng.normal(size=9), 2.0)
        q = stats.norm.ppf(0.95)
        for b in np.linspace(-9, 9, 181):
            tested = abs((n.beta - b) * n.cross) <= q * np.sqrt(np.sum((n.R + (n.beta - b) * n.V) ** 2))
            assert tested == any(low <= b <= high for low, high in n.kept(0.9))
    nothing = Null(0.7, np.ones(2), np.array([1.0, -1.0]) * 2, 1.0)
    assert nothing.kept(0.95) == ((-np.inf, np.inf),)
    assert np.isinf(nothing.error(0.95))


def test_other_levels_and_sets_of_an_estimate(made):
    d = design(made, **OMIT)
    found = d.first_stage("imports", errors="akm0")
    again = d.first_stage("imports", errors="akm0", level=0.98)
    np.testing.assert_allclose(found.confint(0.98), again.confint(), rtol=1e-12)
    np.testing.assert_allclose(found.confidence_set(level=0.98), again.confidence_set(), rtol=1e-12)
    hole = found.confint(0.99).loc["exposure"]
    assert list(hole) == [-np.inf, np.inf]
    assert len(found.confidence_set("exposure", level=0.99)) == 2
    akm = d.first_stage("imports", errors="akm")
    assert akm.confidence_set() == (tuple(akm.confint().iloc[0]),)
    with pytest.raises(OptionError, match=r"level=1 is not allowed\. Allowed: a number between 0 and 1"):
        found.confint(1)
    with pytest.raises(UnknownName, match="no term named 'income'"):
        found.confidence_set("income")
    whole = d.first_stage("imports", errors="akm0", level=0.995)
    assert "AKM0 rejects no value at all" in whole.notes[0]


# ---- laws ------------------------------------------------------------------------------------------------------------


def test_money_order_names_and_split_shares_change_nothing(made):
    tables = made[0]
    plain = design(made, sector_cluster="branch").iv("growth", "imports", errors="akm0").tidy()
    r, s, g = (tables[n].sample(frac=1, random_state=3) for n in ("regions", "shares", "shocks"))
    r = r.assign(region=r["region"] + "x", people=7 * r["people"])
    s = s.assign(region=s["region"] + "x", share=100 * s["share"])
    other = shift_share_design(
        r, shares=s, shocks=g, unit="region", period="period", controls="income + I(period == 2015)",
        weights="people", cluster="province", sector_cluster="branch",
    ).iv("growth", "imports", errors="akm0").tidy()  # fmt: skip
    pd.testing.assert_frame_equal(plain, other, rtol=1e-8)


def test_shares_by_period_and_a_mapping_of_clusters_are_the_same_design(made):
    tables = made[0]
    twice = pd.concat([tables["shares"].assign(period=t) for t in (2010, 2015)])
    mapping = dict(zip(tables["shocks"]["sector"], tables["shocks"]["branch"], strict=True))
    one = design(made, sector_cluster="branch").reduced_form("growth").tidy()
    other = design(made, shares=twice, sector_cluster=mapping).reduced_form("growth").tidy()
    pd.testing.assert_frame_equal(one, other, rtol=1e-10)


def test_effects_are_dummies(made):
    absorbed = design(made, effects=["period"], controls="income").reduced_form("growth", errors="cluster")
    dummies = design(made).reduced_form("growth", errors="cluster")
    pd.testing.assert_frame_equal(absorbed.tidy(), dummies.tidy(), rtol=1e-9)
    assert "within period" in absorbed.comparison


def test_a_treatment_made_of_the_shares_has_akm_errors_in_least_squares(made):
    d = design(made)
    x = d.exposure["exposure"].to_numpy()
    table = made[0]["regions"].assign(x=x)
    again = shift_share_design(
        table, shares=made[0]["shares"], shocks=made[0]["shocks"], unit="region", period="period",
        controls="income + I(period == 2015)", weights="people",
    )  # fmt: skip
    pd.testing.assert_frame_equal(
        again.ols("growth", "x").tidy().drop(columns="term"),
        again.reduced_form("growth").tidy().drop(columns="term"),
        rtol=1e-8,
    )
    plain = d.ols("growth", "imports")
    assert plain.inference.name.startswith("cluster")
    assert "imports is no sum of these shares times shocks" in plain.notes[0]
    assert again.ols("growth", "imports").inference.name.startswith("heteroskedasticity")
    with pytest.raises(DataError, match=r"AKM errors vanish: imports is no sum .* Use errors='robust'"):
        d.ols("growth", "imports", errors="akm")
    with pytest.raises(DataError, match="no errors by shock: the treatment is not instrumented"):
        d.ols("growth", "imports", errors="shock")


def test_pretrends_test_all_earlier_outcomes_together(made):
    regions = made[0]["regions"].assign(half=lambda t: t["before"] / 2 + t["income"] ** 2)
    d = design((made[0] | {"regions": regions}, None), sector_cluster="sector")
    both = d.pretrends(["before", "half"])
    alone = [d.reduced_form(o) for o in ("before", "half")]
    np.testing.assert_allclose(both.coef(), [e.coef().iloc[0] for e in alone])
    np.testing.assert_allclose(both.se(), [e.se().iloc[0] for e in alone])
    np.testing.assert_allclose(both.vcov, both.scores.T @ both.scores)
    joint = both.parts["joint"].iloc[0]
    b = both.coef().to_numpy()
    assert joint["chi2"] == pytest.approx(b @ np.linalg.solve(both.vcov, b))
    assert joint["p_value"] == pytest.approx(np.exp(-joint["chi2"] / 2))  # two degrees of freedom
    one = d.pretrends(["before"], errors="akm0")
    assert list(one.table["term"]) == ["exposure"]
    sets = d.pretrends(["before", "half"], errors="akm0")
    np.testing.assert_allclose(np.diag(sets.vcov), sets.se() ** 2)
    for outcomes, words in (([], "at least one"), (["before", "before"], "'before' twice")):
        with pytest.raises(OptionError, match=words):
            d.pretrends(outcomes)


# ---- what AKM errors cannot do ---------------------------------------------------------------------------------------


def simulated(groups, reps=200, n=150, S=30):
    """Shares of rejections of a true null at 5 %, errors loading on the shares; groups are effects."""
    rng = np.random.default_rng(5)
    W, w = rng.dirichlet(np.full(S, 0.3), n), np.ones(n)
    dummies = np.equal.outer(np.arange(n) % groups, np.arange(groups)).astype(float)
    controls, shares = Controls.of(dummies, Effects.encode({}), w), Shares(W, w)
    rejected = {"akm": 0, "shock": 0, "robust": 0}
    for _ in range(reps):
        g = rng.normal(size=S)
        v = np.column_stack([W @ g, 3 * (W @ rng.normal(size=S)) + 0.3 * rng.normal(size=n)])
        x, y = controls.residual(v).T
        m = Moments(y, x, x, w)
        scores = {
            "akm": null(m, shares, shares.loadings(x[:, None])[:, 0], np.arange(S)).scores,
            "shock": null(m, shares, g - W.sum(0) @ g / n, np.arange(S)).scores,
            "robust": m.scores(np.arange(n)),
        }
        for kind, u in scores.items():
            rejected[kind] += abs(m.beta) > 1.96 * np.sqrt(u @ u)
    return {kind: count / reps for kind, count in rejected.items()}


def test_many_effects_make_akm_errors_vanish_and_those_by_shock_not():
    few, many = simulated(1), simulated(75)
    assert few["akm"] < 0.15
    assert few["robust"] > 0.35
    assert many["akm"] > 0.25
    assert many["shock"] < 0.15


def test_where_akm_errors_vanish_those_by_shock_stand_in_their_place(made):
    d = design(made, effects=["period", "province"], controls="income")
    assert d.table.set_index("fact")["value"]["exposure spanned by the shares"] < 0.9
    found = d.reduced_form("growth")
    assert found.inference.name.startswith("shock-level")
    assert "No AKM errors: the shares span" in found.notes[0]
    assert "Errors by shock stand in their place." in found.notes[0]
    assert list(found.parts["errors"]["errors"]) == ["classical", "robust", "cluster", "shock"]
    with pytest.raises(DataError, match=r"AKM errors vanish: the shares span \d+% .* Use errors='shock'"):
        d.reduced_form("growth", errors="akm")
    assert any("No AKM errors" in r for r in d.remarks)


def test_a_share_of_zero_needs_no_shock(made):
    """A row that is exposed to nothing has a share of zero, in whatever sector."""
    tables = made[0]
    idle = tables["shares"].drop_duplicates("region").assign(share=0.0, sector="no shock here")
    one, other = (
        design(made, shares=shares).reduced_form("growth").table
        for shares in (tables["shares"], pd.concat([tables["shares"], idle]))
    )
    pd.testing.assert_frame_equal(one, other)
    with pytest.raises(DataError, match="a sector with a share has no shock"):
        design(made, shares=pd.concat([tables["shares"], idle.assign(share=0.1)]))


def test_what_effects_leave_is_judged_in_the_weights(made):
    """A control that only rows of little weight tell apart is no variation where they weigh nothing."""
    w, v = np.array([1.0, 1.0, 1e-30, 1.0]), np.array([1.0, 1.0, 3.0, 1.0])
    left = Controls.of(np.ones((4, 1)), Effects.encode({}), w)
    assert partialled(left, w, v, "x") == pytest.approx([0.0, 0.0, 2.0, 0.0], abs=1e-12)
    with pytest.raises(DataError, match="x has no variation left beside controls and effects"):
        partialled(Controls.of(v[:, None], Effects.encode({}), np.ones(4)), np.ones(4), 7 * v, "x")


def test_more_shocks_than_rows_cannot_be_told_apart(made):
    tables = dict(made[0])
    tables["regions"] = tables["regions"][tables["regions"]["region"] <= "r07"]
    tables["shares"] = tables["shares"][tables["shares"]["region"] <= "r07"]
    d = design((tables, None), cluster=None)
    found = d.reduced_form("growth")
    assert "16 shocks cannot be told apart on 14 rows: their shares have rank 14" in found.notes[0]
    assert found.inference.name.startswith("shock-level")
    assert np.isnan(d.table.set_index("fact")["value"]["exposure spanned by the shares"])


def test_a_perfect_fit_has_no_error(made):
    d = design(made)
    regions = made[0]["regions"].assign(exact=3 * d.exposure["exposure"] + 2)
    again = design((made[0] | {"regions": regions}, None))
    found = again.reduced_form("exact")
    assert found.coef().iloc[0] == pytest.approx(3)
    assert np.isnan(found.se().iloc[0])
    assert any("No standard error" in n for n in found.notes)
    assert again.reduced_form("exact", errors="akm0").nulls == ()


# ---- placebo shocks --------------------------------------------------------------------------------------------------


def test_placebo_shocks_reject_as_often_as_the_errors_are_wrong():
    rng = np.random.default_rng(8)
    n, S = 120, 40
    W = rng.dirichlet(np.full(S, 0.4), n)
    ids = [f"c{i}" for i in range(n)]
    table = pd.DataFrame({"city": ids, "y": 3 * (W @ rng.normal(size=S)) + 0.2 * rng.normal(size=n)})
    shares = pd.DataFrame({"city": np.repeat(ids, S), "sector": np.tile(np.arange(S), n), "share": W.ravel()})
    shocks = pd.DataFrame({"sector": np.arange(S), "shock": rng.normal(size=S)})
    d = shift_share_design(table, shares=shares, shocks=shocks, unit="city")
    for kind in ("permuted", "normal"):
        found = d.placebo_shocks("y", draws=150, rng=3, kind=kind)
        t = found.table.set_index("errors")
        assert t.loc["robust", "rejected"] > 0.22
        assert t.loc["akm", "rejected"] < 0.15
        assert t.loc["akm0", "rejected"] < 0.1
        assert t.loc["shock", "median_std_error"] == pytest.approx(t.loc["akm", "std_of_estimates"], rel=0.25)
        assert t.loc["robust", "std_of_estimates"] == pytest.approx(found.estimates.std(ddof=1))
    again = d.placebo_shocks("y", draws=150, rng=3, kind="normal")
    np.testing.assert_array_equal(found.estimates, again.estimates)
    assert found.estimate == pytest.approx(d.reduced_form("y").coef().iloc[0])
    far = int((np.abs(found.estimates) >= abs(found.estimate)).sum())
    assert found.p_value == (1 + far) / 151
    assert "150 placebo draws of the shocks (normal) on y" in found.summary()
    with pytest.raises(OptionError, match=r"say rng=, a seed"):
        d.placebo_shocks("y", draws=3)
    with pytest.raises(OptionError, match="kind='drawn' is not allowed"):
        d.placebo_shocks("y", draws=3, rng=1, kind="drawn")


def test_shocks_are_permuted_within_their_period(made):
    tables = dict(made[0])
    tables["shocks"] = tables["shocks"].assign(shock=lambda t: np.where(t["period"] == 2010, 1.0, 5.0))
    tables["shocks"].loc[0, "shock"] = 2.0
    d = design((tables, None))
    found = d.placebo_shocks("growth", draws=40, rng=1)
    assert len(set(np.round(found.estimates, 10))) <= 8  # where the one shock of 2010 that differs falls
    assert np.isnan(d.placebo_shocks("growth", draws=1, rng=1).table["std_of_estimates"]).all()


def test_centred_weights_add_up_to_the_same(made):
    d = design(made)
    raw, centred = d.rotemberg("growth", "imports"), d.rotemberg("growth", "imports", centre=True)
    assert raw.estimate == pytest.approx(centred.estimate, rel=1e-10)
    assert np.abs(raw.table["alpha"].to_numpy() - centred.table["alpha"].to_numpy()).max() > 0.01
    means = centred.table.groupby("period")["shock"].mean()
    np.testing.assert_allclose(means, 0, atol=1e-12)
    with pytest.raises(DataError, match="centred shocks make another instrument"):
        design(made, **OMIT).rotemberg("growth", "imports", centre=True)
    assert d.rotemberg("growth").estimate == pytest.approx(d.reduced_form("growth").coef().iloc[0])
    text = raw.summary()
    assert "… 6 more rows …" in text
    assert "Negative weights add up to" in text
    once = design(made, sum_of_shares="once")
    assert once.rotemberg("growth", centre=True).table["shock"].mean() == pytest.approx(0, abs=1e-12)


# ---- flows -----------------------------------------------------------------------------------------------------------

UNITS = pd.DataFrame(
    [
        (2010, "A", "x", 6.0), (2010, "A", "y", 4.0), (2010, "B", "x", 1.0), (2010, "B", "y", 9.0),
        (2010, "C", "x", 3.0), (2010, "C", "z", 3.0), (2010, "D", "z", 5.0), (2010, "D", "x", 15.0),
        (2015, "A", "x", 8.0), (2015, "A", "y", 2.0), (2015, "B", "y", 12.0), (2015, "B", "x", 2.0),
        (2015, "C", "z", 1.0), (2015, "C", "x", 4.0), (2015, "D", "z", 4.0), (2015, "D", "x", 16.0),
    ],
    columns=["period", "exporter", "product", "value"],
)  # fmt: skip
WORLD = pd.DataFrame(
    [
        (2010, "x", 50.0), (2010, "y", 40.0), (2010, "z", 20.0), (2010, "w", 5.0),
        (2015, "x", 75.0), (2015, "y", 44.0), (2015, "z", 30.0),
    ],
    columns=["period", "product", "value"],
)  # fmt: skip
CITIES = pd.DataFrame({"exporter": list("ABCD"), "jobs": [1.0, 0.0, 2.0, 1.5]})


def of_flows(table=CITIES, *, units=UNITS, world=WORLD, unit="USD", **said):
    asked = {"unit": "exporter", "sector": "product", "base": 2010, "until": 2015}
    return shift_share_design(
        table, shares=xl.flows(units, unit="USD"), shocks=xl.flows(world, unit=unit), **{**asked, **said}
    )


def test_exposure_from_two_tables_of_flows_by_hand():
    d = of_flows()
    np.testing.assert_allclose(
        d.exposure["exposure"], [0.6 * 0.5 + 0.4 * 0.1, 0.1 * 0.5 + 0.9 * 0.1, 0.5, 0.5]
    )
    assert list(d.exposure["sum_of_shares"]) == [1.0] * 4
    assert dict(zip(d.shocks["product"], d.shocks["shock"], strict=True)) == pytest.approx(
        {"x": 0.5, "y": 0.1, "z": 0.5}
    )
    logs = of_flows(growth="log").exposure["exposure"]
    assert logs[0] == pytest.approx(0.6 * np.log(1.5) + 0.4 * np.log(1.1))
    middle = of_flows(growth="midpoint").exposure["exposure"]
    assert middle[1] == pytest.approx(0.1 * 2 * 25 / 125 + 0.9 * 2 * 4 / 84)


def test_leaving_units_or_oneself_out_of_the_world():
    x = (75 - 30) / (50 - 25) - 1
    y, z = (44 - 14) / (40 - 13) - 1, (30 - 5) / (20 - 8) - 1
    units = of_flows(leave_out="units")
    np.testing.assert_allclose(
        units.exposure["exposure"], [0.6 * x + 0.4 * y, 0.1 * x + 0.9 * y, 0.5 * (x + z), 0.75 * x + 0.25 * z]
    )
    own = of_flows(leave_out="own")
    a = 0.6 * ((75 - 8) / (50 - 6) - 1) + 0.4 * ((44 - 2) / (40 - 4) - 1)
    assert own.exposure["exposure"][0] == pytest.approx(a)
    for call in (lambda: own.shock_level("jobs"), lambda: own.rotemberg("jobs"),
                 lambda: own.placebo_shocks("jobs", rng=1)):  # fmt: skip
        with pytest.raises(DataError, match="units have shocks of their own"):
            call()
    with pytest.raises(DataError, match="no errors by shock: units have shocks of their own"):
        own.reduced_form("jobs", errors="shock")


def test_growth_by_period_of_the_table():
    later = WORLD.assign(
        period=WORLD["period"] + 5, value=lambda t: t["value"] * np.where(t["period"] == 2020, 3, 1)
    )
    world = pd.concat([WORLD, later[later["period"] == 2020]])
    table = pd.concat(
        [
            CITIES.assign(period=t, jobs=lambda d, t=t: d["jobs"] + (t - 2015) ** d["jobs"])
            for t in (2015, 2020)
        ]
    )
    d = of_flows(table, world=world, until=None, period="period", lag=5)
    later = d.exposure[d.exposure["period"] == 2020]["exposure"].to_numpy()
    growth = [3 * 75 / 75 - 1, 3 * 44 / 44 - 1]
    assert later[0] == pytest.approx(0.6 * growth[0] + 0.4 * growth[1])
    assert of_flows().exposure["exposure"][0] == pytest.approx(d.exposure["exposure"].iloc[0])
    with pytest.raises(DataError, match="no period before 2015 by lag=10"):
        of_flows(table, world=world, until=None, period="period", lag=10)
    own = of_flows(table[table["period"] == 2015], until=None, period="period", lag=5, leave_out="own")
    assert own.exposure["exposure"].iloc[0] == pytest.approx(
        of_flows(leave_out="own").exposure["exposure"][0]
    )


@pytest.mark.parametrize(
    ("said", "error", "words"),
    [
        ({"base": None}, OptionError, "need base="),
        ({"until": None}, OptionError, "need until="),
        ({"base": 1999}, UnknownName, "1999"),
        ({"unit": "market"}, (DataError, UnknownName), "market"),
        ({"leave_out": "units", "world": WORLD.assign(value=WORLD["value"] / 10)}, DataError, "more of x than the"),
        ({"world": WORLD[WORLD["product"] != "y"]}, DataError, "trades nothing of 1 sectors at one end"),
        ({"leave_out": "own", "money": "EUR"}, OptionError, "'USD' and the world's in 'EUR'"),
        ({"leave_out": "own", "exposure": "jobs"}, OptionError, "both say the exposure"),
    ],
)  # fmt: skip
def test_flows_that_make_no_exposure(said, error, words):
    said = dict(said)
    money = said.pop("money", "USD")
    with pytest.raises(error, match=words):
        shift_share_design(
            CITIES, shares=xl.flows(UNITS, unit="USD"), shocks=xl.flows(said.pop("world", WORLD), unit=money),
            **{"unit": "exporter", "sector": "product", "base": 2010, "until": 2015, **said},
        )  # fmt: skip


def test_flows_beside_tables(made):
    with pytest.raises(OptionError, match="both flows, or both tables"):
        design(made, shares=xl.flows(UNITS))
    with pytest.raises(OptionError, match="belong to flows"):
        design(made, growth="log")
    with pytest.raises(OptionError, match="belong to flows"):
        design(made, base=2010)
    by_period = CITIES.assign(period=2015)
    with pytest.raises(OptionError, match="until= belongs to designs without period="):
        of_flows(by_period, period="period")


# ---- refusals --------------------------------------------------------------------------------------------------------


def spoiled(made, table, **columns):
    tables = {n: t.copy() for n, t in made[0].items()}
    for column, value in columns.items():
        tables[table][column] = tables[table][column].astype(
            object if isinstance(value, str) else None or tables[table][column].dtype
        )
        tables[table].loc[3, column] = value
    return tables, None


REFUSED = [
    ("shares", {"share": -0.1}, DataError, r"a share is negative in 1 row\. First: .*share -0\.1"),
    ("shares", {"share": np.nan}, DataError, "table of shares has missing cells in 1 row"),
    ("shares", {"share": np.inf}, DataError, "number of the shares is infinite"),
    ("shares", {"region": "r99"}, DataError, "shares of a region that the table does not have in 1 row"),
    ("shares", {"sector": "s99"}, DataError, "a sector with a share has no shock in 2 rows"),
    ("shocks", {"shock": np.nan}, DataError, "table of shocks has missing cells"),
    ("shocks", {"sector": "s1"}, DuplicateCells, "shocks has a sector and period more than once in 1 row"),
    ("regions", {"region": "r01"}, DuplicateCells, "the same region and period twice in 1 row"),
    ("regions", {"region": None}, DataError, "region or period is missing in 1 row"),
    ("regions", {"region": "r99"}, DataError, "a region has no shares in 1 row"),
    ("regions", {"income": np.nan}, DataError, "Missing values in 'income'"),
]


@pytest.mark.parametrize(("table", "columns", "error", "words"), REFUSED)
def test_tables_that_are_refused(made, table, columns, error, words):
    with pytest.raises(error, match=words):
        design(spoiled(made, table, **columns))


@pytest.mark.parametrize(
    ("said", "error", "words"),
    [
        ({"unit": "city"}, UnknownName, "no column named 'city'"),
        ({"share": "weight"}, UnknownName, "no column of the shares named 'weight'"),
        ({"sector_cluster": "group"}, UnknownName, "no column of the shocks named 'group'"),
        ({"sector_cluster": {"s1": "a"}}, DataError, "a sector has no cluster in 14 rows.*First: s2"),
        ({"shock_controls": ["duty"]}, UnknownName, "no column of the shocks named 'duty'"),
        ({"shock_controls": ["branch"]}, DataError, "not numbers"),
        ({"period": None}, DuplicateCells, "the same region twice in 30 rows.*or name period="),
        ({"exposure": "income"}, DataError, "'income' is not the sum of shares times shocks in 60 rows"),
        ({"exposure": "none"}, UnknownName, "'none'"),
        ({"sum_of_shares": "always"}, OptionError, "Did you mean|Allowed"),
    ],
)
def test_options_that_are_refused(made, said, error, words):
    with pytest.raises(error, match=words):
        design(made, **said)


def test_what_no_regression_can_use(made):
    d = design(made, cluster=None)
    with pytest.raises(OptionError, match="errors='cluster' needs cluster="):
        d.reduced_form("growth", errors="cluster")
    with pytest.raises(DataError, match="treatment I.* has no variation left beside controls"):
        d.iv("growth", "I(2 * income)")
    with pytest.raises(DataError, match="the exposure has no variation left"):
        design(made, shocks=made[0]["shocks"].assign(shock=1.0))
    x = d._rows(["growth"], None).setup
    noise = np.random.default_rng(2).normal(size=60)
    still = noise - x.x * (x.w * x.x @ noise) / (x.w * x.x @ x.x)
    regions = made[0]["regions"].assign(still=still)
    with pytest.raises(DataError, match="the exposure does not move still"):
        design((made[0] | {"regions": regions}, None)).iv("growth", "still")
    one = made[0]["regions"].assign(province="p")
    with pytest.raises(DataError, match="only one cluster is left"):
        design((made[0] | {"regions": one}, None)).reduced_form("growth", errors="cluster")
    with pytest.raises(OptionError, match="a column 'alpha', which the result has too"):
        design(made, shocks=made[0]["shocks"].assign(alpha=1.0)).rotemberg("growth")
    with pytest.raises(OptionError, match="a column 'shift-share exposure' already"):
        shift_share_design(
            CITIES.assign(**{"shift-share exposure": 1.0}), shares=CITIES, shocks=CITIES, unit="exporter"
        )
    with pytest.raises(OptionError, match="needs shocks by period"):
        shift_share_design(
            CITIES, shares=pd.DataFrame({"exporter": list("ABCD"), "sector": list("xyxy"), "share": 1.0}),
            shocks=pd.DataFrame({"sector": list("xy"), "shock": [1.0, 2.0]}), unit="exporter",
            sum_of_shares="by_period",
        )  # fmt: skip


def test_rows_left_out_are_counted_and_shocks_without_a_share_named(made):
    tables = {n: t.copy() for n, t in made[0].items()}
    tables["regions"].loc[[0, 7], "growth"] = np.nan
    extra = pd.DataFrame(
        {"sector": ["s0"], "period": [2010], "shock": [9.0], "branch": ["g0"], "tariff": [0.0]}
    )
    tables["shocks"] = pd.concat([tables["shocks"], extra])
    with pytest.raises(DataError, match=r"Missing values in 'growth' in 2 rows"):
        design((tables, None)).reduced_form("growth")
    d = design((tables, None), missing="drop")
    found = d.reduced_form("growth")
    assert (found.sample.rows, found.sample.used) == (60, 58)
    assert found.sample.lost == (("missing growth", 2),)
    facts = d.table.set_index("fact")["value"]
    assert (facts["shocks"], facts["shocks without a share"], facts["rows lost"]) == (16, 1, 0)
    kept = tables["regions"].drop(index=[0, 7])
    clean = design((tables | {"regions": kept}, None)).reduced_form("growth")
    pd.testing.assert_frame_equal(clean.tidy(), found.tidy())
    assert d.first_stage("imports").nobs == 60


# ---- what is shown ---------------------------------------------------------------------------------------------------


def test_a_design_and_an_estimate_say_what_they_are(made):
    d = design(made)
    assert d.title == "Shift-share design: 60 rows, 16 shocks (15.4 effective)"
    assert "sector_cluster='sector' joins them" in d.summary()
    joined = design(made, sector_cluster="sector")
    assert "joins them" not in joined.summary()
    assert joined.table.set_index("fact")["value"]["clusters of shocks, by sector"] == 8
    assert any("count as 7.7" in r for r in joined.remarks)
    assert list(d.shocks["importance"]) == sorted(d.shocks["importance"], reverse=True)
    assert d.shocks["importance"].sum() == pytest.approx(1)
    assert "effective number" not in " ".join(d.iv("growth", "imports", errors="akm").notes)
    assert "effective number" not in " ".join(joined.iv("growth", "imports", errors="robust").notes)
    found = joined.iv("growth", "imports")
    assert isinstance(found, Estimate)
    assert "effective number of clusters of shocks is 7.7" in " ".join(found.notes)
    assert "beside AKM0's set (errors='akm0')" in found.summary()
    assert "comes nearer" not in " ".join(joined.iv("growth", "imports", errors="akm0").notes)
    assert "\\begin{table}" in found.to_latex()
    assert "<table" in found._repr_html_()
    assert found.fit["first_stage_F"] == pytest.approx(joined.first_stage("imports").tstat().iloc[0] ** 2)
    robust = d.iv("growth", "imports", errors="robust")
    assert "know nothing of shocks that rows share" in robust.notes[0]
    assert robust.inference.small_sample.startswith("none with instruments")
    assert d.reduced_form("growth", errors="classical").scores is None
    assert (found.sample.units, found.sample.periods) == (30, 2)
    assert replace(found, notes=()).confint().equals(found.confint())
