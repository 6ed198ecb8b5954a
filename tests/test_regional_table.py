"""A regional paper's usual table from one spreadsheet, in ten lines: each figure against its formula, by hand."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import exportlab as xl
from exportlab.space import places

EXAMPLE = Path(__file__).parent.parent / "examples" / "plot_regional_table.py"
INDUSTRIES = ["machinery", "chemicals", "food"]


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """A workbook as people hold it: exports by city and industry, indicators by city."""
    rng = np.random.default_rng(14)
    names = places("liaoning")["name"].sample(frac=1, random_state=1).tolist()
    exports = pd.DataFrame(
        [(c, k, round(rng.lognormal(3, 1), 2)) for c in names for k in INDUSTRIES],
        columns=["city", "industry", "usd"],
    )
    indicators = pd.DataFrame(
        rng.uniform(1, 9, (14, 5)), columns=["gdp", "patents", "fdi", "forest", "waste"]
    )
    path = tmp_path_factory.mktemp("paper") / "liaoning.xlsx"
    with pd.ExcelWriter(path) as file:
        exports.to_excel(file, sheet_name="exports", index=False)
        indicators.assign(city=names).to_excel(file, sheet_name="indicators", index=False)
    return path


def ten_lines():
    """The example's own lines, between its second and third heading."""
    text = EXAMPLE.read_text(encoding="utf-8").split("# %%\n")[2]
    return ast.parse(text)


@pytest.fixture(scope="module")
def made(book):
    space = {"pd": pd, "xl": xl, "book": book}
    exec(compile(ten_lines(), str(EXAMPLE), "exec"), space)
    return space


def entropy_index(x, costs):
    """Min-max scaled, .01 added, weights by 1 - entropy of shares over ln n, added up."""
    z = (x - x.min(0)) / (x.max(0) - x.min(0))
    z = np.where(costs, 1 - z, z) * 0.99 + 0.01
    p = z / z.sum(0)
    lack = 1 + (p * np.log(p)).sum(0) / np.log(len(x))
    w = lack / lack.sum()
    return w, z @ w


def test_it_is_ten_lines():
    assert len(ten_lines().body) == 10


def test_each_figure_is_its_formula(made, book):
    exports = made["sheets"]["exports"].pivot(index="city", columns="industry", values="usd")
    share = exports.div(exports.sum(axis=1), axis=0)
    whole = exports.sum() / exports.sum().sum()
    lq = made["lq"].pivot(index="city", columns="industry", values="location_quotient")
    pd.testing.assert_frame_equal(lq, share / whole, check_names=False)
    alike = made["likeness"].set_index("city")["finger_kreinin"]
    assert alike.to_dict() == pytest.approx(share.clip(upper=whole, axis=1).sum(axis=1).to_dict())
    cities = made["sheets"]["indicators"]
    scores = {}
    for name, columns in (("economy", ["gdp", "patents", "fdi"]), ("ecology", ["forest", "waste"])):
        weights, scores[name] = entropy_index(cities[columns].to_numpy(), [c == "waste" for c in columns])
        assert made[name].weights["weight"].tolist() == pytest.approx(weights.tolist())
        assert made[name].table["score"].tolist() == pytest.approx(scores[name].tolist())
    u, v = scores["economy"], scores["ecology"]
    together = 2 * np.sqrt(u * v) / (u + v), np.sqrt(np.sqrt(u * v))
    for column, want in zip(("coupling", "coordination"), together, strict=True):
        assert made["both"].table[column].tolist() == pytest.approx(want.tolist())
    w = made["nearby"].aligned(cities["city"].tolist())
    z = together[1] - together[1].mean()
    assert made["moran"].table["value"].iloc[0] == pytest.approx(z @ w @ z / (z @ z))  # rows of w add to one
    assert made["moran"].table["method"].tolist() == ["permutation"] * 2
