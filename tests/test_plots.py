"""Pictures of matrices and of change: what is drawn is what the table says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import exportlab as xl
from exportlab.errors import DataError
from exportlab.plots.structure import heatmap, stacked_parts


def numbers(ax, shape):
    return np.ma.filled(ax.collections[0].get_array().reshape(shape), np.nan)


def printed(ax):
    return [t.get_text() for t in ax.texts]


def test_a_heat_map_prints_its_numbers_and_leaves_nan_blank():
    table = pd.DataFrame([[1.0, np.nan], [0.25, 0.5]], ["a", "b"], ["c", "d"])
    ax = heatmap(table, title="Pairs", unit="share", x="to", y="from", source="by hand", note="two by two")
    assert numbers(ax, (2, 2)) == pytest.approx(table.to_numpy(), nan_ok=True)
    assert printed(ax) == ["1.00", "0.25", "0.50", "two by two\nSource: by hand"]
    assert [ax.get_xlabel(), ax.get_ylabel(), ax.get_title(loc="left")] == ["to", "from", "Pairs"]
    assert ax.figure.axes[1].get_ylabel() == "share"
    with pytest.raises(DataError, match=r"the matrix of \(1, 1\) has no number"):
        heatmap(pd.DataFrame([[np.nan]]))


def test_transitions_are_drawn_with_their_shares():
    made = xl.Transitions(np.array([[9, 1], [2, 8]]), ("low", "high"), lag=2)
    ax = made.plot(source="by hand")
    assert numbers(ax, (2, 2)) == pytest.approx(np.array([[90, 10], [20, 80]]))
    assert [t.get_text() for t in ax.get_yticklabels()] == ["low  (n = 10)", "high  (n = 10)"]
    assert [t.get_text() for t in ax.get_xticklabels()] == ["low", "high"]
    assert ax.get_xlabel() == "class 2 periods later"
    foot = "Ergodic distribution: 67, 33 %. Mobility 0.30 (Shorrocks).\nSource: by hand"
    assert printed(ax) == ["90", "10", "20", "80", foot]


def test_a_class_that_nothing_left_is_a_blank_row():
    ax = xl.Transitions(np.array([[1, 1], [0, 0]]), ("low", "high")).plot()
    drawn = numbers(ax, (2, 2))
    assert drawn[0].tolist() == [50, 50]
    assert np.isnan(drawn[1]).all()
    assert printed(ax) == ["50", "50"]  # neither an ergodic distribution nor mobility is known
    assert ax.get_xlabel() == "class one period later"


PARTS = pd.DataFrame({"period": [1, 2], "own": [0.2, -0.1], "other": [-0.05, -0.3], "all": [0.15, -0.4]})


def test_parts_are_stacked_away_from_zero():
    ax = stacked_parts(PARTS, parts={"own": "own part", "other": "rest"}, total="all", scale=100, unit="%")
    bars = [(round(p.get_y(), 9), round(p.get_height(), 9)) for p in ax.patches]
    assert bars == [(0, 20), (0, -10), (0, -5), (-10, -30)]
    assert ax.lines[0].get_ydata().tolist() == pytest.approx([15, -40])
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["sum", "own part", "rest"]
    assert [t.get_text() for t in ax.get_xticklabels()] == ["1", "2"]
    assert ax.get_ylim()[0] < -40
    assert ax.get_ylim()[1] > 20
    assert ax.get_ylabel() == "%"


def test_parts_that_do_not_make_the_whole_are_refused():
    with pytest.raises(
        DataError, match=r"do not add up to the total in 2 rows. First: period 1: 0.2, not 0.15"
    ):
        stacked_parts(PARTS, parts=["own"], total="all")
    gone = PARTS.assign(own=[0.2, np.nan])
    with pytest.raises(DataError, match=r"a part or the total is missing in 1 row. First: period 2"):
        stacked_parts(gone, parts=["own", "other"])
    with pytest.raises(DataError, match="the table has no column 'foreign'"):
        stacked_parts(PARTS, parts=["foreign"])
