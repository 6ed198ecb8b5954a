"""What is asked of a panel is answered from that panel: its dates, its outcome, its rows."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest

from exportlab.errors import DataError, OptionError, UnknownName
from exportlab.panel import PolicyPanel, specification_curve
from exportlab.panel.did.bacon import negative_weights

KEYS = {"unit": "id", "period": "year", "outcome": "y"}


def data(seed=3):
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(30):
        g, a = (2013.0, 2015.0, np.inf)[i % 3], rng.normal()
        rows += [
            (i, t, 6 + a + 0.1 * (t - 2010) + (t >= g) + 0.3 * rng.normal(), g, int(t >= g), rng.normal())
            for t in range(2010, 2018)
        ]
    return pd.DataFrame(rows, columns=["id", "year", "y", "g", "D", "x"])


def curve(panel, **options):
    return specification_curve(panel, methods=["callaway_santanna"], **options).table["estimate"].iloc[0]


def test_the_curve_uses_the_dates_and_the_outcome_of_the_panel():
    rng = np.random.default_rng(0)
    panel = PolicyPanel(data(), adopted="g", **KEYS)
    moved = panel.reassigned(rng.permutation(panel.adoption))
    other = panel.with_outcome(rng.normal(size=len(panel.y)))
    for p in (panel, moved, other):
        assert curve(p) == p.att().table["estimate"].iloc[0]


@pytest.mark.parametrize("how", [{"adopted": "g"}, {"treated": "D"}])
def test_a_sample_keeps_the_dates_of_rows_it_leaves_out(how):
    panel = PolicyPanel(data(), **how, **KEYS)
    first = (panel.period_values[panel.periods] == panel.first) & (panel.units % 2 == 0)
    assert curve(panel, samples={"a": ~first}) == panel.where(~first, "a").att().table["estimate"].iloc[0]


def test_other_covariates_and_transforms_are_checked_as_at_the_door():
    d = data()
    panel = PolicyPanel(d, adopted="g", **KEYS)
    again = panel.respecified(covariates=["x"], transform="log")
    door = PolicyPanel(d, adopted="g", covariates=["x"], transform="log", **KEYS)
    assert np.array_equal(again.y, door.y)
    assert np.array_equal(again.X, door.X)
    assert list(again.covariates) == list(door.covariates)
    with pytest.raises(UnknownName, match="'z'"):
        panel.respecified(covariates=["z"], transform=None)
    with pytest.raises(DataError, match="log of 'y' does not exist"):
        PolicyPanel(d.assign(y=d["y"] - 9), adopted="g", **KEYS).respecified(covariates=[], transform="log")
    with pytest.raises(OptionError, match="outcome was replaced"):
        panel.with_outcome(panel.y + 1).respecified(covariates=[], transform="log")
    holes = d.assign(x=d["x"].where(d["id"] != 4))
    with pytest.raises(DataError, match=r"'x' is missing in 8 rows"):
        PolicyPanel(holes, adopted="g", **KEYS).respecified(covariates=["x"], transform=None)
    dropped = PolicyPanel(holes, adopted="g", missing="drop", **KEYS).respecified(
        covariates=["x"], transform=None
    )
    assert dropped.lost == (("x missing", 8),)


def test_weights_of_two_way_effects_with_covariates_are_of_the_residualised_treatment():
    d = data()
    rng = np.random.default_rng(1)
    d["x"] = d.groupby("id")["D"].cumsum() + 0.3 * rng.normal(size=len(d))
    panel = PolicyPanel(d, adopted="g", covariates=["x"], **KEYS)
    dummies = [pd.get_dummies(d[c], dtype=float) for c in ("id", "year")]
    Z = np.column_stack([*dummies, d["x"]])
    residual = d["D"] - Z @ np.linalg.lstsq(Z, d["D"].to_numpy(float), rcond=None)[0]
    on = d["D"] == 1
    hand = (residual[on] / residual[on].sum()).groupby([d["g"][on], d["year"][on]]).sum()
    assert negative_weights(panel)["weight"].to_numpy() == pytest.approx(hand.to_numpy(), abs=1e-10)
    lasting = PolicyPanel(d.assign(x=d.groupby("id").ngroup() % 7 / 3), adopted="g", covariates=["x"], **KEYS)
    with pytest.raises(DataError, match="x is collinear with the fixed effects"):
        negative_weights(lasting)
    made = panel.twfe()
    assert "bacon" not in made.parts
    with pytest.raises(
        UnknownName, match=r"no part named 'bacon': the .* without weights and covariates\. .*'weights'"
    ):
        made.parts["bacon"]
    assert any("without weights and covariates" in n for n in made.notes)
    with pytest.raises(
        DataError, match="the decomposition is of the estimate without covariates; this panel has x"
    ):
        panel.bacon()


def test_parts_that_an_estimate_has_not_are_named():
    d = data()
    one = PolicyPanel(d[d["g"] != 2015], adopted="g", **KEYS).twfe()
    with pytest.raises(UnknownName, match="'bacon': all treated units adopt in one period"):
        pickle.loads(pickle.dumps(one)).parts["bacon"]
    with pytest.raises(UnknownName, match="no part named 'cell'. Did you mean 'cells'"):
        PolicyPanel(d, adopted="g", **KEYS).att("etwfe").parts["cell"]
