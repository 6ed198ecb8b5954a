"""Gravity: reference numbers, domestic trade, agreements, trade-cost equivalents, refusals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from exportlab.errors import DataError, OptionError, UnknownName
from exportlab.panel.regression.agreements import agreement
from exportlab.panel.regression.gravity import gravity, trade_cost_equivalents
from exportlab.panel.regression.ppml import ppml

COUNTRIES = [f"c{j}" for j in range(7)]
ROLES = {"exporter": "exporter", "importer": "importer", "period": "year"}


def simulated(
    *, domestic: bool = False, seed: int = 3, beta: float = 0.5, noise: float = 0.2
) -> pd.DataFrame:
    """A gravity world with known coefficient `beta` on an agreement that four countries join at two dates."""
    rng = np.random.default_rng(seed)
    frame = pd.MultiIndex.from_product([COUNTRIES, COUNTRIES, range(2001, 2007)], names=list(ROLES.values()))
    data = frame.to_frame(index=False)
    if not domestic:
        data = data[data["exporter"] != data["importer"]].reset_index(drop=True)
    members = {"c0": "2003", "c1": "2003", "c2": "2003", "c3": "2005"}
    data["rta"] = agreement(data, members, **ROLES)
    key = {
        name: rng.normal(size=len(data))[data.groupby(columns).ngroup()]
        for name, columns in {
            "e": ["exporter", "year"],
            "i": ["importer", "year"],
            "p": ["exporter", "importer"],
        }.items()
    }
    home = (data["exporter"] == data["importer"]).to_numpy()
    border = np.where(home, 0, 0.1 * (data["year"] - 2001))
    mean = np.exp(key["e"] + key["i"] + key["p"] + 2 * home + border + beta * data["rta"])
    return data.assign(value=mean * rng.gamma(1 / noise, noise, len(data)) if noise else mean)


def test_the_true_coefficient_comes_back_exactly_without_noise():
    made = gravity(simulated(noise=0), "value ~ rta", **ROLES)
    assert made.table["estimate"][0] == pytest.approx(0.5, abs=1e-9)
    assert made.sample.units == 42
    assert made.sample.periods == 6
    assert "1/(number of countries)" in made.notes[-1]


def test_gravity_is_ppml_with_the_named_effects():
    data = simulated()
    ours = gravity(data, "value ~ rta", **ROLES)
    same = ppml(
        data,
        "value ~ rta",
        cluster=[("exporter", "importer")],
        effects=[("exporter", "year"), ("importer", "year"), ("exporter", "importer")],
    )
    assert ours.table.equals(same.table)
    assert ours.inference.clusters == 42


def known(reference, dataset, model):
    rows = pd.read_csv(reference / "panel_gravity_ppml.csv")
    return rows[(rows["dataset"] == dataset) & (rows["model"] == model)]


def agree(estimate, rows):
    assert estimate.table["term"].to_list() == rows["term"].to_list()
    np.testing.assert_allclose(estimate.table["estimate"], rows["estimate"], rtol=0, atol=1e-6)
    np.testing.assert_allclose(estimate.table["std_error"], rows["std_error"], rtol=0, atol=1e-5)


def test_numbers_of_made_flows(reference):
    data = pd.read_csv(reference / "panel_made_gravity.csv")
    agree(gravity(data, "value ~ rta", **ROLES), known(reference, "made", "three-way"))
    plain = gravity(
        data, "value ~ log(distance) + border + rta", **ROLES, effects=["exporter", "importer", "period"],
        cluster=["exporter", "importer"], estimator="log-linear",
    )  # fmt: skip
    agree(plain, known(reference, "made", "log-linear"))
    assert plain.sample.used == (data["value"] > 0).sum()


def test_numbers_of_larger_flows(shared, reference):
    folder = shared / "reference" / "panel"
    data = pd.read_csv(folder / "ppmlhdfe_trade_fta.csv").query("category == 'TOTAL'")
    fit = gravity(data, "trade ~ fta", exporter="isoexp", importer="isoimp", period="year")
    agree(fit, known(reference, "ppmlhdfe_trade_fta", "three-way"))
    fit = gravity(
        pd.read_csv(folder / "fixest_trade.csv"), "Euros ~ log(dist_km)", exporter="Origin",
        importer="Destination", period="Year", product="Product",
        effects=["exporter", "importer", "product", "period"], cluster=["exporter", "importer"],
        estimator="log-linear",
    )  # fmt: skip
    agree(fit, known(reference, "fixest_trade", "log-linear"))


def test_log_linear_loses_zeros_and_says_so():
    data = simulated()
    data.loc[[0, 5, 9], "value"] = 0.0
    made = gravity(data, "value ~ rta", estimator="log-linear", **ROLES)
    assert made.sample.lost == (("zero flow, which has no logarithm", 3),)
    assert made.sample.used == len(data) - 3
    assert "inconsistent" in made.notes[0]


def test_cross_section_has_exporter_and_importer_effects():
    data = simulated().query("year == 2003")
    data["distance"] = np.random.default_rng(1).uniform(1, 9, len(data))
    made = gravity(data, "value ~ log(distance)", exporter="exporter", importer="importer", cluster=None)
    assert made.comparison == "same exporter, importer"
    assert made.inference.name == "heteroskedasticity-robust (HC1)"


# ---- domestic trade ------------------------------------------------------------------------------------


def test_domestic_flows_must_be_settled():
    data = simulated(domestic=True)
    with pytest.raises(
        OptionError, match=r"42 rows are domestic flows \(exporter is importer\)\. Say domestic="
    ):
        gravity(data, "value ~ rta", **ROLES)
    dropped = gravity(data, "value ~ rta", domestic="drop", **ROLES)
    assert dropped.sample.lost == (("domestic flow (exporter is importer)", 42),)
    assert dropped.sample.rows == len(data)
    with pytest.raises(OptionError, match="no exporter is its own importer"):
        gravity(simulated(), "value ~ rta", domestic="border", **ROLES)


def test_border_dummies_by_period_find_globalisation():
    made = gravity(simulated(domestic=True, noise=0), "value ~ rta", domestic="border", **ROLES)
    terms = ["rta", *(f"border[{year}]" for year in range(2002, 2007))]
    assert made.table["term"].to_list() == terms
    np.testing.assert_allclose(made.table["estimate"], [0.5, 0.1, 0.2, 0.3, 0.4, 0.5], atol=1e-8)


def test_without_border_dummies_globalisation_passes_for_policy():
    made = gravity(simulated(domestic=True, noise=0), "value ~ rta", domestic="keep", **ROLES)
    assert made.table["estimate"][0] > 0.52


# ---- agreements ----------------------------------------------------------------------------------------

FLOWS = pd.DataFrame(
    {
        "exporter": list("abacaba"),
        "importer": list("babacaa"),
        "year": [2021, 2022, 2022, 2022, 2023, 2023, 2023],
    }
)


def test_both_partners_must_be_in_force():
    made = agreement(FLOWS, {"a": "2022-01-01", "b": "2022-03-18"}, **ROLES)
    assert made.to_list() == [0, 1, 1, 0, 0, 1, 0]


def test_the_year_of_entry():
    members = {"a": "2022-01-01", "b": "2022-07-02"}
    assert agreement(FLOWS, members, within="start", **ROLES).to_list() == [0, 0, 0, 0, 0, 1, 0]
    share = agreement(FLOWS, members, within="share", **ROLES)
    assert share[1] == pytest.approx(183 / 365)
    assert share[5] == 1


def test_months_lags_and_leaving():
    flows = pd.DataFrame(
        {"exporter": ["a"] * 3, "importer": ["b"] * 3, "year": ["2022-02", "2022-03", "2023-03"]}
    )
    members = pd.DataFrame(
        {"economy": ["a", "b"], "since": [2022, "2022-03-01"], "until": [None, "2023-02-01"]}
    )
    assert agreement(flows, members, until="until", **ROLES).to_list() == [0, 1, 0]
    assert agreement(flows, members, **ROLES).to_list() == [0, 1, 1]
    assert agreement(flows, members, lag=1, **ROLES).to_list() == [0, 0, 1]
    assert agreement(flows, members, lag=-1, **ROLES).to_list() == [1, 1, 1]


@pytest.mark.parametrize(
    ("members", "options", "error", "text"),
    [
        (
            {"a": "2022", "Brunei": "2022"},
            {},
            DataError,
            "1 of 2 members are no exporter or importer here: 'Brunei'",
        ),
        ({"Brunei": "2022"}, {"absent": "allow"}, DataError, "1 of 1 members"),
        ({"a": "soon", "b": "2022"}, {}, DataError, r"'soon' is not a date\. Write a year"),
        (pd.DataFrame({"economy": ["a", "a"], "since": [1, 2]}), {}, DataError, "in the members twice"),
        (
            pd.DataFrame({"country": ["a"], "since": [1]}),
            {},
            UnknownName,
            "no column of the members named 'economy'",
        ),
        ({"a": "2022"}, {"within": "half"}, OptionError, "Allowed: 'end', 'start', 'share'"),
    ],
)
def test_agreement_refusals(members, options, error, text):
    with pytest.raises(error, match=text):
        agreement(FLOWS, members, **options, **ROLES)


def test_agreement_needs_years_or_months():
    with pytest.raises(DataError, match="labels without an order in time .*an agreement's date needs one"):
        agreement(FLOWS.assign(year="first"), {"a": "2022"}, **ROLES)


# ---- trade costs ---------------------------------------------------------------------------------------


def test_trade_cost_equivalents():
    made = gravity(simulated(), "value ~ rta", **ROLES)
    table = trade_cost_equivalents(made, elasticity=5)
    beta, low, high = made.table.loc[0, ["estimate", "conf_low", "conf_high"]]
    assert table["trade_percent"][0] == pytest.approx(100 * (np.exp(beta) - 1))
    assert table["tariff_percent"][0] == pytest.approx(100 * (np.exp(-beta / 5) - 1))
    assert table["tariff_low"][0] == pytest.approx(100 * (np.exp(-high / 5) - 1))
    assert table["tariff_high"][0] == pytest.approx(100 * (np.exp(-low / 5) - 1))
    assert table["trade_low"][0] == pytest.approx(100 * (np.exp(low) - 1))
    assert table["trade_high"][0] == pytest.approx(100 * (np.exp(high) - 1))
    with pytest.raises(OptionError, match=r"elasticity=-5 is not allowed\. Allowed: a number above 0"):
        trade_cost_equivalents(made, elasticity=-5)
    with pytest.raises(UnknownName, match="no term named 'fta'"):
        trade_cost_equivalents(made, elasticity=5, terms=["fta"])


# ---- refusals ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "options", "error", "text"),
    [
        (
            lambda d: pd.concat([d, d.iloc[:2]]),
            {},
            DataError,
            r"The same exporter, importer, year twice in 2 rows\. First: exporter c0, importer c1, year 2001\.",
        ),
        (
            lambda d: d.assign(exporter=d["exporter"].where(d.index > 2)),
            {},
            DataError,
            "Missing exporter in 3 rows",
        ),
        (
            lambda d: d,
            {"effects": ["exporter-yaer"]},
            UnknownName,
            "no effect or cluster named 'exporter-yaer'",
        ),
        (lambda d: d, {"domestic": "yes"}, OptionError, "Allowed: 'keep', 'border', 'drop'"),
        (lambda d: d, {"estimator": "ols"}, OptionError, "Allowed: 'ppml', 'log-linear'"),
        (lambda d: d, {"importer": "partner"}, UnknownName, "no column named 'partner'"),
        (
            lambda d: d.assign(rta=d.groupby(["exporter", "year"]).ngroup()),
            {},
            DataError,
            "'rta' has no variation left within the effects exporter-period, importer-period, pair",
        ),
    ],
)
def test_refusals(change, options, error, text):
    with pytest.raises(error, match=text):
        gravity(change(simulated()), "value ~ rta", **{**ROLES, **options})


def test_missing_ids_dropped_on_request_are_counted():
    data = simulated()
    data["exporter"] = data["exporter"].where(data.index > 2)
    made = gravity(data, "value ~ rta", missing="drop", **ROLES)
    assert made.sample.lost == (("missing ids", 3),)


def test_dyads_and_other_clusters():
    data = simulated()
    made = gravity(
        data, "value ~ rta", cluster="dyad", effects=["exporter-period", "importer-period", "dyad"], **ROLES
    )
    assert made.inference.clusters == 21
    assert gravity(data, "value ~ rta", cluster=["exporter", "importer"], **ROLES).inference.clusters == 7
