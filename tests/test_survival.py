"""Spells and their survival: outside numbers, the rules on gaps and censoring, errors, every engine."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import tries
from engines import ENGINES
from hypothesis import given
from hypothesis import strategies as st

import exportlab as xl
from exportlab.errors import DataError, OptionError
from exportlab.indices.survival import kaplan_meier, spells, survival

CONTROL = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]
TREATED = [
    6,
    6,
    6,
    -6,
    7,
    -9,
    10,
    -10,
    -11,
    13,
    16,
    -17,
    -19,
    -20,
    22,
    23,
    -25,
    -32,
    -32,
    -34,
    -35,
]  # - censored


@pytest.fixture
def figures(reference):
    table = pd.read_csv(reference / "dynamics.csv", dtype={"case": str})
    return {(r.quantity, r.case): r.value for r in table.itertuples()}


def test_remission_of_leukaemia(figures):
    found = kaplan_meier(CONTROL)
    row = found.table[found.table["time"] == 8].iloc[0]  # nothing ends between 8 and 10
    assert found.at(10) == pytest.approx(8 / 21, abs=1e-15)
    assert found.at(10) == pytest.approx(figures["survival", "10"], abs=5e-7)
    assert row["std_error"] == pytest.approx(figures["std_error", "10"], abs=5e-4)
    assert found.at(0.5) == 1
    assert found.medians["median"].tolist() == [figures["median", "control"]]
    treated = kaplan_meier(np.abs(TREATED), np.array(TREATED) > 0)
    for (quantity, time), value in figures.items():
        if quantity == "survival_treated":
            assert treated.at(float(time)) == pytest.approx(value, abs=5e-4)


def test_log_rank_and_medians(figures):
    both = np.array(CONTROL + TREATED)
    found = kaplan_meier(np.abs(both), both > 0, group=["control"] * 21 + ["treated"] * 21)
    test = found.logrank()
    assert test["statistic"] == pytest.approx(figures["logrank", "chi2"], abs=5e-3)
    assert test["df"] == 1
    assert 1e-5 < test["pvalue"] < 1e-4
    medians = dict(zip(found.medians["group"], found.medians["median"], strict=True))
    assert medians == {"control": figures["median", "control"], "treated": figures["median", "treated"]}
    assert "group" in found.summary()


@given(st.lists(st.integers(1, 9), min_size=1, max_size=30))
@tries.at_most(40)
def test_without_censoring_it_is_the_empirical_distribution(durations):
    found = kaplan_meier(durations)
    for row in found.table.itertuples():
        share = sum(d > row.time for d in durations) / len(durations)
        assert row.survival == pytest.approx(share, abs=1e-12)
        if 0 < share < 1:  # Greenwood is then the binomial standard error
            assert row.std_error == pytest.approx(math.sqrt(share * (1 - share) / len(durations)))
            assert row.conf_low < row.survival < row.conf_high


def table_of(patterns, first=2000):
    rows = [
        {"year": first + t, "partner": name, "usd": float(mark == "x")}
        for name, marks in patterns.items()
        for t, mark in enumerate(marks)
    ]
    return xl.flows(pd.DataFrame(rows), period="year", market="partner", value="usd")


PATTERNS = {"Japan": "xx.xx.....", "USA": ".x..xx...x", "Korea": "..xxxxxxxx", "Peru": ".........."}


def test_spells_by_the_gap_rule():
    strict = spells(table_of(PATTERNS), gap=0)
    runs = [(r.partner, r.spell, r.start, r.end, r.duration) for r in strict.itertuples()]
    assert runs == [
        ("Japan", 1, 2000, 2001, 2),
        ("Japan", 2, 2003, 2004, 2),
        ("Korea", 1, 2002, 2009, 8),
        ("USA", 1, 2001, 2001, 1),
        ("USA", 2, 2004, 2005, 2),
        ("USA", 3, 2009, 2009, 1),
    ]
    assert strict["left_censored"].tolist() == [True, False, False, False, False, False]
    assert strict["right_censored"].tolist() == [False, False, True, False, False, True]
    bridged = spells(table_of(PATTERNS), gap=1)
    assert bridged.loc[bridged["partner"] == "Japan", "duration"].tolist() == [5]
    assert len(bridged[bridged["partner"] == "USA"]) == 3
    assert len(spells(table_of(PATTERNS), gap=2).query("partner == 'USA'")) == 2


def test_censoring_and_first_spells():
    flows = table_of(PATTERNS)
    dropped = survival(flows, gap=0)
    assert len(dropped.spells) == 5
    assert dropped.dropped == 1
    # durations 2, 8+, 1, 2, 1+: at 1, five at risk and one ends; at 2, three at risk and two end
    assert dropped.table["survival"].tolist() == pytest.approx([4 / 5, 4 / 5 * 1 / 3])
    kept = survival(flows, gap=0, left="keep")
    assert kept.table["at_risk"].tolist() == [6, 4]
    first = survival(flows, gap=0, which="first", left="keep")
    assert len(first.spells) == 3
    by = survival(flows, gap=0, by="market", left="keep")
    assert set(by.table["partner"]) == {"Japan", "Korea", "USA"}
    alone = by.table[by.table["partner"] == "Korea"]
    assert alone["survival"].tolist() == [1.0]


def test_curve_is_drawn():
    made = survival(table_of(PATTERNS), by="market", left="keep", gap=0)
    axes = made.plot(source="by hand")
    assert len(axes.lines) == 3
    longest = made.spells.groupby("partner")["duration"].max()
    assert [line.get_xdata()[-1] for line in axes.lines] == longest.tolist()  # to the last spell seen
    assert any("Source: by hand" in t.get_text() for t in axes.texts)
    assert axes.get_ylabel() == "share still exported"


def oracle(patterns, gap):
    """Spells in plain Python, from the definition."""
    found = []
    for name, marks in patterns.items():
        alive = [t for t, mark in enumerate(marks) if mark == "x"]
        while alive:
            run = [alive.pop(0)]
            while alive and alive[0] - run[-1] <= gap + 1:
                run.append(alive.pop(0))
            found.append((name, run[0], run[-1], run[-1] - run[0] + 1))
    return sorted(found)


@given(
    marks=st.lists(st.text("x.", min_size=6, max_size=6), min_size=1, max_size=5).filter(
        lambda m: "x" in "".join(m)
    ),
    gap=st.integers(0, 2),
)
@tries.at_most(30)
def test_spells_agree_with_their_definition(marks, gap):
    patterns = {f"m{k}": m for k, m in enumerate(marks)}
    found = spells(table_of(patterns, first=2000), gap=gap)
    runs = [(r.partner, r.start - 2000, r.end - 2000, r.duration) for r in found.itertuples()]
    assert sorted(runs) == oracle(patterns, gap)


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine(engine):
    native = ENGINES[engine](table_of(PATTERNS).table)
    flows = xl.flows(native, period="year", market="partner", value="usd")
    found = survival(flows, gap=0)
    assert found.table["survival"].tolist() == pytest.approx([0.8, 0.8 / 3])


def test_errors():
    holes = pd.DataFrame({"period": [2000, 2002], "market": "Japan", "value": 1.0})
    with pytest.raises(
        DataError, match="no flows at all between 2000 and 2002. .* add them, or cut the table"
    ):
        spells(xl.flows(holes))
    flows = table_of(PATTERNS)
    with pytest.raises(DataError, match="no value lies above threshold=5"):
        spells(flows, threshold=5)
    with pytest.raises(OptionError, match="gap=-1 is not allowed. Allowed: a whole number, 0 or more"):
        spells(flows, gap=-1)
    with pytest.raises(OptionError, match="over= names what a trade relation is"):
        spells(flows, over="period")
    with pytest.raises(OptionError, match="left='cut' is not allowed. Allowed: 'drop', 'keep'"):
        survival(flows, left="cut")
    with pytest.raises(DataError, match="every spell is alive in the first period"):
        survival(table_of({"Japan": "xx"}))
    with pytest.raises(DataError, match=r"durations are not above zero in 2 rows. First: 0.0"):
        kaplan_meier([1, 0, float("nan")])
    with pytest.raises(DataError, match="different lengths"):
        kaplan_meier([1, 2], [True])
    with pytest.raises(OptionError, match="level=95 is not allowed"):
        kaplan_meier([1, 2], level=95)
    with pytest.raises(OptionError, match="A test compares groups"):
        kaplan_meier([1, 2]).logrank()
    with pytest.raises(DataError, match="the flows have no period"):
        spells(xl.cells(flows, "market"))
