"""The stack under weights: shares of weight, as the regression counts, not of rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from exportlab.panel import PolicyPanel

# A path that units share: where a stack's comparison is weighted wrongly it does not cancel.
PATH = {2010: 0, 2011: 1, 2012: 0, 2013: 5, 2014: 1, 2015: 7, 2016: 2, 2017: 0, 2018: 9}


def rows(heavy=(0, 7, 8), weight=10.0):
    made = []
    for i in range(12):
        g = 2013.0 if i < 3 else 2016.0 if i < 6 else np.inf
        made += [(i, t, i + v + 2.0 * (t >= g), g, weight if i in heavy else 1.0) for t, v in PATH.items()]
    return pd.DataFrame(made, columns=["id", "year", "y", "g", "w"])


def panel(data, **options):
    return PolicyPanel(data, unit="id", period="year", outcome="y", adopted="g", **options)


@pytest.mark.parametrize("weights", ["corrective", "none"])
@pytest.mark.parametrize("column", [None, "w"])
def test_effects_of_two_come_out_as_two(column, weights):
    made = panel(rows(), weights=column).event_study("stacked", weights=weights).table
    assert made["estimate"].to_numpy() == pytest.approx(
        np.where(made["event_time"] >= 0, 2.0, 0.0), abs=1e-10
    )


def test_a_weight_of_three_is_three_copies():
    rng = np.random.default_rng(2)
    data = rows(heavy=(0, 4, 7), weight=3.0).assign(cluster=lambda d: d["id"])
    data["y"] += rng.normal(size=len(data))
    heavy = data[data["w"] == 3]
    again = [data, *(heavy.assign(id=heavy["id"] + 100 * copy) for copy in (1, 2))]
    weighted = panel(data, weights="w", cluster="cluster").event_study("stacked")
    copied = panel(pd.concat(again), cluster="cluster").event_study("stacked")
    assert weighted.table["estimate"].to_numpy() == pytest.approx(
        copied.table["estimate"].to_numpy(), abs=1e-10
    )
    assert weighted.scores == pytest.approx(copied.scores, abs=1e-10)
