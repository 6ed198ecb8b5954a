"""Cells and cohorts that fall away are named and counted, and an average says what it is over."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from exportlab.panel import PolicyPanel
from exportlab.panel.did.identified import left_out

KEYS = {"unit": "id", "period": "year", "outcome": "y", "adopted": "g"}


def data():
    """Cohort 2013 gains 10, cohort 2015 gains 1, nobody has noise; 16 units over 2010 to 2016."""
    rows = []
    for i in range(16):
        g = 2013.0 if i < 4 else 2015.0 if i < 8 else np.inf
        rows += [(i, t, i + 0.5 * t + (10.0 if g == 2013 else 1.0) * (t >= g), g) for t in range(2010, 2017)]
    return pd.DataFrame(rows, columns=["id", "year", "y", "g"])


def test_cells_without_comparison_are_named_and_their_rows_counted():
    d = data()
    holes = d[~(np.isinf(d["g"]) & d["year"].isin([2013, 2014, 2015]))]
    whole, made = PolicyPanel(d, **KEYS).att(), PolicyPanel(holes, **KEYS).att()
    assert whole.table["estimate"].iloc[0] == pytest.approx((4 * 10 + 2 * 1) / 6)
    assert made.table["estimate"].iloc[0] == pytest.approx(10.0)  # only 2013 in 2016 is left
    assert made.sample.lost == (("treated cell without units to compare", 20),)
    assert made.sample.used == 88 - 20 == made.table["n"].iloc[0]
    assert "over the cells that can be compared" in made.title
    assert "Averages leave out 5 of 6 treated cells" in made.summary()
    assert "ATT(2013,2013), ATT(2013,2014), ATT(2013,2015), ATT(2015,2015), ATT(2015,2016)" in made.summary()
    assert whole.notes == () or not any("leave out" in n for n in whole.notes)
    assert "can be compared" not in whole.title


def test_errors_of_cells_obey_the_clusters():
    rng = np.random.default_rng(8)
    d = data().assign(pair=lambda d: d["id"] // 2)
    d["y"] += rng.normal(size=16)[d["id"]] + rng.normal(size=8)[d["pair"]] * (d["year"] > 2012)
    d["y"] += rng.normal(size=len(d))
    made = PolicyPanel(d, cluster="pair", **KEYS).att(aggregate="none")
    cells = made.parts["cells"]["std_error"].to_numpy()
    assert cells == pytest.approx(made.table["std_error"].to_numpy(), rel=1e-12)
    by_unit = PolicyPanel(d, **KEYS).att(aggregate="none").parts["cells"]["std_error"].to_numpy()
    assert np.abs(cells / by_unit - 1).max() > 0.1


def test_many_lost_cells_are_counted_after_the_fifth():
    names, treated = [f"c{i}" for i in range(10)], np.arange(10) >= 2
    averages, leads = left_out(names, np.arange(10) < 9, treated)
    assert averages.startswith("Averages leave out 7 of 8 treated cells")
    assert averages.endswith("comparison: c2, c3, c4, c5, c6 and 2 more.")
    assert leads.endswith("Leads leave out 2 of 2 cells, which have no comparison: c0, c1.")
