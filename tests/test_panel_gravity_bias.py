"""Bias of three-way gravity and what structural gravity tells: ppml_fe_bias, the formulae by hand, laws, refusals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from test_panel_gravity import ROLES, simulated

from exportlab.errors import DataError, OptionError, UnknownName
from exportlab.panel import GravityEstimate, gravity

TWO_WAY = ["exporter-period", "importer-period"]
CONTROLS = "trade ~ ln_distw + contig + colony + comlang_off + comleg + fta"


@pytest.fixture(scope="module")
def made(request):
    """Made-up flows with zeros, a moving cost and one country that comes late: 8 countries, 6 years."""
    data = pd.read_csv(request.getfixturevalue("reference") / "panel_made_gravity.csv")
    rng = np.random.default_rng(8)
    data["cost"] = rng.normal(size=len(data)) + 0.3 * data["rta"]
    late = (data["exporter"] == "CC") | (data["importer"] == "CC")
    return data[~(late & (data["year"] < 2003))].reset_index(drop=True)


# ---- numbers of the Stata program ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def trade(request):
    folder = request.getfixturevalue("shared") / "reference" / "gravity-bias"
    return pd.read_csv(folder / "trade.csv", keep_default_na=False)


@pytest.fixture(scope="module")
def printed(request):
    return pd.read_csv(request.getfixturevalue("reference") / "panel_gravity_bias.csv")


def test_three_way_as_ppml_fe_bias(trade, printed):
    fit = gravity(trade, "trade ~ fta", small_sample="ppmlhdfe", **ROLES)
    made = fit.correct_bias()
    there, here = printed[printed["model"] == "three-way"].iloc[0], made.parts["bias"].iloc[0]
    assert here["uncorrected"] == pytest.approx(there["coef"], abs=5e-8)
    assert here["uncorrected_error"] == pytest.approx(there["se"], abs=5e-8)
    assert here["bias"] == pytest.approx(there["bias"], abs=5e-10)
    assert here["corrected_error"] == pytest.approx(there["adjusted_se"], abs=5e-10)
    assert here["corrected"] == pytest.approx(there["corrected"], abs=5e-8)
    assert (made.sample.used, made.sample.units) == (there["observations"], there["pairs"])
    usual = gravity(trade, "trade ~ fta", **ROLES)
    assert usual.se()["fta"] == pytest.approx(0.0356, abs=5e-5)
    ratio = usual.correct_bias().se()["fta"] / made.se()["fta"]
    assert ratio == pytest.approx(usual.se()["fta"] / fit.se()["fta"], rel=1e-12)


def test_two_way_as_ppml_fe_bias(trade, printed):
    there = printed[printed["model"] == "two-way"]
    made = gravity(trade, CONTROLS, effects=TWO_WAY, small_sample="ppmlhdfe", **ROLES).correct_bias()
    here = made.parts["bias"]
    assert here["term"].to_list() == there["variable"].to_list()
    assert here["corrected"].to_numpy() == pytest.approx(there["coef"].to_numpy(), abs=5e-8)
    assert here["uncorrected_error"].to_numpy() == pytest.approx(there["se"].to_numpy(), abs=5e-8)
    assert here["corrected_error"].to_numpy() == pytest.approx(there["adjusted_se"].to_numpy(), abs=5e-8)
    assert (here["bias"] == 0).all()
    assert made.sample.used == there["observations"].iloc[0]


# ---- the formulae by hand ------------------------------------------------------------------------------


def by_hand(fit, data, *, three_way):
    """Bias and covariance written out: all dummies, third derivatives one by one, leverage of the whole sample."""
    used = fit.predictions().query("status == 'used'")
    d = data.loc[used.index]
    lam, e = used["fitted"].to_numpy(), (used["observed"] - used["fitted"]).to_numpy()
    names = ["exporter", "importer"]
    pairs = d[names].astype(str).agg("-".join, axis=1)
    dummies = [pd.get_dummies(d[n] + d["year"].astype(str)).to_numpy(float) for n in names]
    sides = np.hstack(dummies)
    everything = np.hstack([sides, pd.get_dummies(pairs).to_numpy(float)]) if three_way else sides
    X = d[list(fit.table["term"])].to_numpy(float)
    root = np.sqrt(lam)[:, None]
    x = X - everything @ np.linalg.lstsq(root * everything, root * X, rcond=1e-12)[0]
    bread = np.linalg.inv(x.T @ (lam[:, None] * x))
    H = np.diag(lam)
    groups = [np.flatnonzero(pairs == p) for p in pairs.unique()]
    if three_way:
        for g in groups:
            H[np.ix_(g, g)] -= np.outer(lam[g], lam[g]) / lam[g].sum()
    hat = x @ bread @ x.T + sides @ np.linalg.pinv(sides.T @ H @ sides, rcond=1e-11) @ sides.T
    middle = np.zeros((x.shape[1], x.shape[1]))
    for g in groups:
        left = np.eye(len(g)) - H[np.ix_(g, g)] @ hat[np.ix_(g, g)]
        middle += x[g].T @ np.linalg.inv(left) @ np.outer(e[g], e[g]) @ x[g]
    factor = fit.inference.factor
    bias = np.zeros(x.shape[1])
    for side in names if three_way else []:
        levels = d[side].unique()
        years = sorted(d["year"].unique())
        for level in levels:
            inside = [g for g in groups if d[side].iloc[g[0]] == level]
            at = [[years.index(y) for y in d["year"].iloc[g]] for g in inside]
            T = len(years)
            bar, spread, pull, third = np.zeros((T, T)), np.zeros((T, T)), [], []
            for g, t in zip(inside, at, strict=True):
                bar[np.ix_(t, t)] += H[np.ix_(g, g)]
                spread[np.ix_(t, t)] += np.outer(e[g], e[g])
            for k in range(x.shape[1]):
                pull.append(np.zeros((T, T)))
                third.append(np.zeros((T, T)))
                for g, t in zip(inside, at, strict=True):
                    pull[k][np.ix_(t, t)] += np.outer(H[np.ix_(g, g)] @ x[g, k], e[g])
                    third[k][np.ix_(t, t)] -= cumulant(lam[g], x[g, k])
            plus = np.linalg.pinv(bar, rcond=1e-11)
            n = len(levels)
            for k in range(x.shape[1]):
                toll = -np.trace(pull[k] @ plus) + 0.5 * np.trace(third[k] @ plus @ spread @ plus)
                bias[k] += n / (n - 1) * toll
    V = factor * bread @ (middle + middle.T) / 2 @ bread
    return bread @ bias, np.sqrt(np.diag(V))


def cumulant(lam, x):
    """Third cumulants of a multinomial of total sum(lam), summed over the last index with weights x."""
    total, th = lam.sum(), lam / lam.sum()
    out = np.zeros((len(lam), len(lam)))
    for t in range(len(lam)):
        for s in range(len(lam)):
            for r in range(len(lam)):
                c = 2 * th[t] * th[s] * th[r]
                c += (t == s == r) * th[t]
                c -= (t == s) * th[t] * th[r] + (s == r) * th[s] * th[t] + (t == r) * th[t] * th[s]
                out[t, s] += total * c * x[r]
    return out


@pytest.mark.parametrize("small_sample", ["fixest", "ppmlhdfe"])
def test_three_way_by_hand(made, small_sample):
    fit = gravity(made, "value ~ rta + cost", small_sample=small_sample, **ROLES)
    bias, errors = by_hand(fit, made, three_way=True)
    here = fit.correct_bias()
    assert here.parts["bias"]["bias"].to_numpy() == pytest.approx(bias, rel=1e-7)
    assert here.se().to_numpy() == pytest.approx(errors, rel=1e-8)
    assert here.coef().to_numpy() == pytest.approx(fit.coef().to_numpy() - bias, rel=1e-10)
    assert (np.abs(bias) > 1e-3 * np.abs(fit.coef())).all()
    assert (here.se() > fit.se()).all()


def test_two_way_by_hand(made):
    fit = gravity(made, "value ~ rta + cost", effects=TWO_WAY, **ROLES)
    _, errors = by_hand(fit, made, three_way=False)
    here = fit.correct_bias()
    assert here.se().to_numpy() == pytest.approx(errors, rel=1e-8)
    assert here.coef().to_numpy() == pytest.approx(fit.coef().to_numpy(), abs=0)


def test_cross_section_by_hand(made):
    year = made[made["year"] == 2005].reset_index(drop=True)
    fit = gravity(year, "value ~ cost", exporter="exporter", importer="importer")
    _, errors = by_hand(fit, year, three_way=False)
    assert fit.correct_bias().se().to_numpy() == pytest.approx(errors, rel=1e-8)


def test_jackknife_is_of_the_quarters(made):
    fit = gravity(made, "value ~ cost", **ROLES)
    here = fit.correct_bias(method="jackknife", splits=2, seed=3)
    used = made.loc[fit.predictions().query("status == 'used'").index]
    rng, quarters = np.random.default_rng(3), []
    for _ in range(2):
        first = []
        for side in ("exporter", "importer"):
            labels = np.unique(used[side])
            first.append(used[side].isin(labels[rng.permutation(len(labels)) < len(labels) // 2]))
        quarters += [
            gravity(used[(first[0] == a) & (first[1] == b)], "value ~ cost", **ROLES).coef()["cost"]
            for a in (True, False)
            for b in (True, False)
        ]
    assert here.coef()["cost"] == pytest.approx(2 * fit.coef()["cost"] - np.mean(quarters), rel=1e-9)
    assert here.se().equals(fit.correct_bias().se())
    assert "split-panel jackknife, 2 splits, seed 3" in here.notes[0]


# ---- what the result says, and refusals ----------------------------------------------------------------


def test_what_the_corrected_result_says(made):
    fit = gravity(made, "value ~ rta + cost", **ROLES)
    here = fit.correct_bias()
    assert isinstance(here, GravityEstimate)
    assert here.method == "Gravity by PPML, bias-corrected"
    assert "corrected for leverage" in here.inference.name
    assert here.notes[0].startswith("Corrected after Weidner and Zylkin (2021): analytical")
    assert not any("corrects both" in note for note in here.notes)
    assert any("correct_bias() corrects both" in note for note in fit.notes)
    assert (here.scores, here.regression) == (None, None)
    assert "0." in here.to_latex()
    assert here.predictions().equals(fit.predictions())
    with pytest.raises(OptionError, match="has been corrected already"):
        here.correct_bias()


@pytest.mark.parametrize(
    ("options", "ask", "text"),
    [
        (
            {"cluster": "exporter"},
            {},
            r"after cluster=\['exporter'\] is not allowed\. Allowed: cluster='pair'",
        ),
        ({"cluster": None}, {}, "after cluster=None is not allowed"),
        ({"weights": "mass"}, {}, "after weights= is not allowed"),
        (
            {"effects": ["exporter", "importer"]},
            {},
            r"correct_bias\(\) after effects=exporter, importer is not allowed",
        ),
        (
            {"effects": [*TWO_WAY, "dyad"]},
            {},
            "Allowed: effects exporter-period, importer-period or exporter-period,",
        ),
        ({"effects": TWO_WAY}, {"method": "jackknife"}, "two-way PPML has no bias of order 1/N"),
        ({}, {"method": "bootstrap"}, "Allowed: 'analytical', 'jackknife'"),
        ({}, {"splits": 0}, "splits=0 is not allowed"),
        ({"estimator": "log-linear"}, {}, "estimator='log-linear' is not allowed here"),
    ],
)
def test_refusals(made, options, ask, text):
    fit = gravity(made, "value ~ cost", **options, **ROLES)
    with pytest.raises(OptionError, match=text):
        fit.correct_bias(**ask)


def test_products_are_refused(made):
    twice = pd.concat([made.assign(product=k) for k in "ab"], ignore_index=True)
    fit = gravity(twice, "value ~ cost", product="product", **ROLES)
    with pytest.raises(OptionError, match="by product is not allowed"):
        fit.correct_bias()


def test_a_pair_that_is_fitted_exactly(made):
    own = ((made["exporter"] == "AA") & (made["importer"] == "BB") & (made["year"] > 2003)).astype(float)
    fit = gravity(made.assign(own=own), "value ~ cost + own", **ROLES)
    with pytest.raises(
        DataError, match=r"1 pair\(s\) are fitted exactly by a term or an effect that no other"
    ):
        fit.correct_bias()


def test_quarters_that_cannot_be_fitted(made):
    alone = ((made["exporter"] == "AA") & (made["year"] > 2003)) * made["cost"]
    fit = gravity(made.assign(alone=alone), "value ~ cost + alone", **ROLES)
    with pytest.raises(DataError, match="A quarter of the data cannot be fitted: 'alone'"):
        fit.correct_bias(method="jackknife", splits=1)


# ---- effects, resistances, predictions, potential --------------------------------------------------------


def test_effects_make_the_predictions(made):
    fit = gravity(made, "value ~ rta + cost", **ROLES)
    effects, rows = fit.fixed_effects(), fit.predictions()
    assert set(rows["status"]) <= {"used", "separated (its mean could only be zero)"}
    assert rows.loc[rows["status"] != "used", "fitted"].eq(0).all()
    used = rows[rows["status"] == "used"]
    total = made.loc[used.index, ["rta", "cost"]] @ fit.coef()
    levels = dict(list(effects.groupby("effect")))
    for name, keys in (
        ("exporter-period", ["exporter", "period"]),
        ("importer-period", ["importer", "period"]),
        ("pair", ["exporter", "importer"]),
    ):
        value = levels[name].set_index(keys)["value"]
        columns = ["year" if k == "period" else k for k in keys]
        total = total + value.reindex(pd.MultiIndex.from_frame(used[columns])).to_numpy()
    assert np.exp(total).to_numpy() == pytest.approx(used["fitted"].to_numpy(), rel=1e-8)
    first = levels["exporter-period"].sort_values("period").groupby("exporter").first()
    assert first["value"].to_numpy() == pytest.approx(0, abs=1e-12)
    assert first.loc["CC", "period"] == 2003
    base = levels["importer-period"].query("importer == 'AA'")
    assert base["value"].to_numpy() == pytest.approx(0, abs=1e-10)
    assert levels["pair"]["rows"].sum() == len(used)
    other = fit.fixed_effects(reference="BB").query("effect == 'importer-period' and importer == 'BB'")
    assert other["value"].to_numpy() == pytest.approx(0, abs=1e-10)


def square(names="abcde"):
    """Trade of countries with themselves too, in two years, without zeros."""
    rng = np.random.default_rng(6)
    names = list(names)
    d = pd.MultiIndex.from_product(
        [names, names, [2001, 2002]], names=["exporter", "importer", "year"]
    ).to_frame(index=False)
    d["cost"] = rng.normal(size=len(d)) - 2.0 * (d["exporter"] != d["importer"])
    return d.assign(value=np.exp(rng.normal(size=len(d)) + d["cost"]))


def test_resistances_solve_the_system_of_anderson_and_van_wincoop():
    d = square()
    fit = gravity(d, "value ~ cost", effects=TWO_WAY, domestic="keep", **ROLES)
    made = fit.multilateral_resistances(reference="b", elasticity=4.0)
    assert list(made.columns) == ["country", "period", "outward", "inward", "outward_index", "inward_index"]
    assert len(made) == 10
    for year, now in made.groupby("period"):
        rows = d[d["year"] == year]
        T = np.exp(fit.coef()["cost"] * rows.pivot(index="exporter", columns="importer", values="cost"))
        X = rows.pivot(index="exporter", columns="importer", values="value")
        Y, E, world = X.sum(axis=1).to_numpy(), X.sum(axis=0).to_numpy(), X.to_numpy().sum()
        outward, inward = now["outward"].to_numpy(), now["inward"].to_numpy()
        assert outward == pytest.approx(T.to_numpy() @ (E / inward) / world, rel=1e-8)
        assert inward == pytest.approx(T.to_numpy().T @ (Y / outward) / world, rel=1e-8)
        assert now.set_index("country").loc["b", "inward"] == pytest.approx(1)
        assert now["inward_index"].to_numpy() == pytest.approx(inward**-0.25)
        assert now["outward_index"].to_numpy() == pytest.approx(outward**-0.25)
    three = gravity(d, "value ~ cost", domestic="keep", **ROLES).multilateral_resistances()
    assert three.query("period == 2001")[["outward", "inward"]].to_numpy() == pytest.approx(1.0)
    assert list(three.columns) == ["country", "period", "outward", "inward"]


def test_changes_of_resistances_under_pair_effects_are_those_of_known_costs():
    """Costs that only pairs have: the two-way equation with them as an offset moves the same way."""
    d = square()
    d["value"] = np.exp(
        d["cost"].where(d["year"] == 2001).groupby([d["exporter"], d["importer"]]).transform("first")
    )
    d["value"] *= np.exp(d["exporter"].map(ord) / 50 * (d["year"] - 2000))
    d["x"] = np.random.default_rng(2).normal(size=len(d))
    three = gravity(d, "value ~ x", domestic="keep", **ROLES).multilateral_resistances(reference="a")
    d["pairs"] = d["cost"].where(d["year"] == 2001).groupby([d["exporter"], d["importer"]]).transform("first")
    two = gravity(d, "value ~ pairs", effects=TWO_WAY, domestic="keep", **ROLES).multilateral_resistances(
        reference="a"
    )
    for side in ("outward", "inward"):
        change = two.groupby("country")[side].transform(lambda s: s / s.iloc[0])
        assert three[side].to_numpy() == pytest.approx(change.to_numpy(), rel=1e-6)


def test_residual_potential_adds_up(made):
    fit = gravity(made, "value ~ rta + cost", **ROLES)
    each, rows = fit.potential(), fit.predictions()
    assert len(each) == len(made)
    assert each["unrealised"].to_numpy() == pytest.approx((rows["fitted"] - rows["observed"]).to_numpy())
    known = each["fitted"] > 0
    assert (each["observed"] / each["fitted"])[known].to_numpy() == pytest.approx(
        each["ratio"][known].to_numpy()
    )
    for by in (["exporter"], ["importer", "period"], ["exporter", "importer"]):
        whole = fit.potential(by=by)
        assert whole["ratio"].dropna().to_numpy() == pytest.approx(1.0, rel=1e-6)
        assert whole["observed"].sum() == pytest.approx(made["value"].sum())
    with pytest.raises(UnknownName, match="no role named 'product'"):
        fit.potential(by=["product"])
    with pytest.raises(OptionError, match="at least one role"):
        fit.potential(by=[])


def test_rows_that_are_alone_are_fitted_by_themselves():
    d = simulated().query("~(exporter == 'c0' and importer == 'c1' and year > 2001)").reset_index(drop=True)
    rows = gravity(d, "value ~ rta", **ROLES).predictions()
    alone = rows[(rows["exporter"] == "c0") & (rows["importer"] == "c1")]
    assert alone["status"].to_list() == ["the only row of an effect (fitted perfectly)"]
    assert alone["residual"].to_list() == [0.0]


def test_effects_that_cannot_be_compared():
    d = square("abcdefghij").query("exporter != importer")
    apart = d[(d["exporter"] < "f") == (d["importer"] < "f")]
    fit = gravity(apart, "value ~ cost", effects=TWO_WAY, **ROLES)
    with pytest.raises(DataError, match=r"fall into 2 parts that do not trade with each other in 2001"):
        fit.fixed_effects()
    d = d.query("exporter < 'f' and importer < 'f'")
    fit = gravity(d, "value ~ cost", effects=TWO_WAY, **ROLES)
    with pytest.raises(UnknownName, match="no importer named 'z'"):
        fit.fixed_effects(reference="z")
    late = d.query("importer != 'c' or year == 2002")
    fit = gravity(late, "value ~ cost", effects=TWO_WAY, **ROLES)
    with pytest.raises(
        OptionError, match=r"reference='c' is not allowed: it buys nothing .* Allowed: a, b, d, e\."
    ):
        fit.multilateral_resistances(reference="c")
    none = d[(d["year"] == 2001) == d["importer"].isin(["a", "b"])]
    fit = gravity(none, "value ~ cost", effects=TWO_WAY, **ROLES)
    with pytest.raises(DataError, match="No importer is there in every period"):
        fit.fixed_effects()
    with pytest.raises(OptionError, match="effects=exporter, importer, period is not allowed"):
        gravity(d, "value ~ cost", effects=["exporter", "importer", "period"], **ROLES).fixed_effects()


def test_a_cross_section_has_effects_and_resistances():
    d = square().query("year == 2001 and exporter != importer")
    fit = gravity(d, "value ~ cost", exporter="exporter", importer="importer")
    effects = fit.fixed_effects()
    assert set(effects["effect"]) == {"exporter", "importer"}
    assert effects["period"].isna().all()
    made = fit.multilateral_resistances()
    assert len(made) == 5
    assert made["period"].isna().all()
    assert made.loc[0, "inward"] == pytest.approx(1.0)
