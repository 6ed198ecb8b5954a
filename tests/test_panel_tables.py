"""Estimates side by side: what a reader sees in text, LaTeX, HTML and Word."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest

from exportlab.errors import MissingDependency, OptionError
from exportlab.panel import PolicyPanel
from exportlab.panel.tables import compare, stars


@pytest.fixture(scope="module")
def panel():
    rng = np.random.default_rng(4)
    t = pd.DataFrame({"city": np.repeat(np.arange(60), 6), "year": np.tile(np.arange(2000, 2006), 60)})
    t["g"] = np.repeat([2002.0] * 15 + [2004.0] * 15 + [np.nan] * 30, 6)
    t["y"] = rng.normal(size=360) + 2.0 * (t["year"] >= t["g"])
    return PolicyPanel(t, unit="city", period="year", outcome="y", adopted="g")


@pytest.fixture(scope="module")
def several(panel):
    return {"TWFE": panel.twfe(), "CS & co": panel.att(), "BJS_": panel.att("imputation")}


def test_rows_are_terms_errors_and_design_facts(several):
    c = compare(several)
    assert c.table["term"].tolist() == [
        "treated",
        "",
        "ATT",
        "",
        "n",
        "rows lost",
        "units",
        "clusters",
        "treated clusters",
    ]
    cs = several["CS & co"].table.iloc[0]
    assert c.table["CS & co"][2] == f"{cs.estimate:.3f}***"
    assert c.table["CS & co"][3] == f"({cs.std_error:.3f})"
    assert c.table["TWFE"].tolist()[4:] == ["360", "0", "60", "60", "30"]
    assert any(n.startswith("BJS_: against never-treated and not-yet-treated rows") for n in c.notes)
    assert "already-treated units" in c.summary()


def test_intervals_and_p_values_below(several):
    row = several["TWFE"].table.iloc[0]
    c = compare(several, below="interval", digits=2, terms=["treated"])
    assert c.table["TWFE"][1] == f"[{row.conf_low:.2f}, {row.conf_high:.2f}]"
    assert compare(several, below="p_value").table["TWFE"][1].startswith("p = 0.000")
    with pytest.raises(OptionError, match=r"No estimate has the term 'x'. Terms: treated, ATT"):
        compare(several, terms=["x"])
    with pytest.raises(OptionError, match="below='tstat'"):
        compare(several, below="tstat")
    with pytest.raises(OptionError, match="No estimate was given"):
        compare([])


def test_latex_escapes_and_rules(several):
    tex = compare(several, caption="Effect, 100 %").to_latex(label="tab:effect")
    assert r"\caption{Effect, 100 \%}" in tex
    assert r" & TWFE & CS \& co & BJS\_ \\" in tex
    assert r"$^{***}$" in tex
    assert tex.count(r"\midrule") == 2
    assert r"\label{tab:effect}" in tex


def test_html_escapes(several):
    html = compare(several).to_html()
    assert ">CS &amp; co</th>" in html
    assert html.count("<tr") == 10


def test_numbered_headings(panel, several):
    c = compare([several["TWFE"], several["TWFE"]])
    assert list(c.table.columns[1:]) == ["(1) Two-way fixed effects", "(2) Two-way fixed effects"]


def test_word(several, tmp_path):
    docx = pytest.importorskip("docx")
    several["TWFE"].to_docx(str(tmp_path / "t.docx"))
    made = docx.Document(str(tmp_path / "t.docx")).tables[0]
    assert made.cell(0, 1).text == "Two-way fixed effects"
    assert made.cell(1, 0).text == "treated"


def test_word_without_the_library(several, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "docx", None)
    with pytest.raises(MissingDependency, match="A Word table needs python-docx"):
        several["TWFE"].to_docx(str(tmp_path / "t.docx"))


def test_one_estimate_everywhere(several):
    e = several["CS & co"]
    assert "ATT" in e.to_latex()
    assert "ATT" in e.to_html()
    glance = e.glance().iloc[0]
    assert glance["n"] == 360
    assert glance["clusters"] == 60
    assert {"exportlab", "numpy", "pandas", "scipy"} <= set(glance.index)
    assert "<table" in e._repr_html_()
    for words in (
        "comparison: never-treated units",
        "360 of 360 rows used",
        "Believe:",
        "influence functions",
    ):
        assert words in e.summary()


def test_stars_stand_for_ten_five_and_one_percent():
    p = [0.0099, 0.01, 0.0499, 0.05, 0.0999, 0.1, 0.19, np.nan]
    assert [stars(v) for v in p] == ["***", "**", "**", "*", "*", "", "", ""]
    assert stars(0.0001, allowed=False) == ""


def test_no_stars_for_one_treated_cluster(panel):
    one = panel.where((panel.units == 0) | (panel.units >= 30), "other treated units")
    c = compare({"one": one.twfe()})
    assert "*" not in c.table["one"][0]
    assert any("No stars where one cluster is treated" in n for n in c.notes)
    assert any(n == "one: other treated units (174 rows)." for n in c.notes)
