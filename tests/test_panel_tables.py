"""Estimates side by side: what a reader sees in text, LaTeX, HTML and Word."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest

from exportlab.errors import MissingDependency, OptionError
from exportlab.panel import PolicyPanel
from exportlab.panel.tables import compare, stars
from exportlab.text import html_text


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
        "ATT",
        "",
        "n",
        "rows lost",
        "units",
        "clusters",
        "treated clusters",
    ]
    cs = several["CS & co"].table.iloc[0]
    assert c.table["CS & co"][0] == f"{cs.estimate:.3f}***"
    assert c.table["CS & co"][1] == f"({cs.std_error:.3f})"
    assert c.table["TWFE"][0].startswith(f"{several['TWFE'].table['estimate'][0]:.3f}")
    assert c.table["TWFE"].tolist()[2:] == ["360", "0", "60", "60", "30"]
    assert "two-way fixed effects call it treated" in c.notes[-1]
    assert compare({"TWFE": several["TWFE"]}).table["term"][0] == "treated"
    assert any(n.startswith("BJS_: against never-treated and not-yet-treated rows") for n in c.notes)
    assert "already-treated units" in c.summary()


def test_intervals_and_p_values_below(several):
    row = several["TWFE"].table.iloc[0]
    c = compare(several, below="interval", digits=2, terms=["treated"])
    assert c.table["TWFE"][1] == f"[{row.conf_low:.2f}, {row.conf_high:.2f}]"
    assert compare(several, below="p_value").table["TWFE"][1].startswith("p = 0.000")
    with pytest.raises(OptionError, match=r"No estimate has the term 'x'. Terms: ATT"):
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
    assert html.count("<tr") == 8


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


def test_no_stars_in_an_event_study_whose_errors_are_not_believed(panel):
    few = panel.where((panel.units < 3) | (panel.units >= 49), "three treated of fourteen")
    loud = few.with_outcome(few.y + 50 * few.D)
    for made in (loud.event_study("sun_abraham"), loud.event_study(draws=0), loud.att("imputation")):
        assert made.table["p_value"].min() < 1e-6
        assert "believe RI" in made.summary()
        assert "*" not in made.summary()
        assert "*" not in "".join(compare([made]).table.iloc[:, 1])
    assert "***" in panel.event_study("sun_abraham").summary()


# ---- by the names of other packages, and in a notebook -------------------------------------------------


def test_numbers_by_the_names_of_other_packages(several, panel):
    e = several["TWFE"]
    row = e.table.iloc[0]
    tidy = e.tidy()
    assert list(tidy) == ["term", "estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high"]
    assert tidy["statistic"][0] == pytest.approx(row["estimate"] / row["std_error"])
    assert e.coef()["treated"] == e.params["treated"] == row["estimate"]
    assert (e.se()["treated"], e.pvalues["treated"], e.nobs) == (row["std_error"], row["p_value"], 360)
    assert e.tstat().tolist() == tidy["statistic"].tolist()
    assert e.vcov[0, 0] == pytest.approx(row["std_error"] ** 2)
    assert e.confint().loc["treated"].tolist() == [row["conf_low"], row["conf_high"]]
    wide = panel.twfe(level=0.99).confint().loc["treated"].tolist()
    assert e.confint(0.99).loc["treated"].tolist() == pytest.approx(wide, rel=1e-12)
    cr2 = e.few_clusters()
    assert cr2.confint(0.9).loc["treated"].tolist() == pytest.approx(
        e.few_clusters(level=0.9).confint().loc["treated"].tolist(), rel=1e-12
    )
    one = panel.where(panel.adoption[panel.units] != 2004, "the later cohort")
    few = one.where((one.units < 3) | (one.units >= 15), "most of the first")
    with pytest.raises(OptionError, match="made of placebos"):
        few.synthetic_did(draws=20).confint(0.8)


@pytest.mark.parametrize("name", ["twfe", "event study", "synthetic", "check", "bacon", "wild", "honest"])
def test_a_notebook_shows_what_print_shows(several, panel, name):
    made = {
        "twfe": lambda: panel.where(panel.units != 3, "one left out").twfe(),
        "event study": lambda: panel.event_study(draws=0),
        "synthetic": lambda: panel.where(panel.first != 2004, "later").synthetic_control(),
        "check": panel.check,
        "bacon": panel.bacon,
        "wild": lambda: panel.twfe(vcov="hetero").wild_bootstrap(n_draws=99, interval=False),
        "honest": lambda: panel.event_study("sun_abraham").honest_did(M=[0.0], method="smoothness"),
    }[name]()
    html, text = made._repr_html_(), made.summary()
    said = [
        line for line in text.splitlines() if line.startswith(("Believe", "Note", "Weight on", "Design of"))
    ]
    said += [
        " ".join(line.split()) for line in text.splitlines() if line.startswith("  ") and ": " in line[:14]
    ]
    assert said or name == "honest"
    for line in said:
        if name != "check" or not line.startswith(("ok", "note", "warn")):
            assert html_text(line) in html


def test_months_stay_months():
    months = [f"2020-{m:02d}" for m in range(1, 9)]
    d = pd.DataFrame({"id": np.repeat(np.arange(50), 8), "month": np.tile(months, 50)})
    d["g"] = np.repeat(["2020-04"] * 15 + ["2020-06"] * 10 + [None] * 25, 8)
    d["y"] = np.random.default_rng(1).normal(size=400)
    p = PolicyPanel(d, unit="id", period="month", outcome="y", adopted="g")
    assert p.att(aggregate="cohort").table["term"].tolist() == ["ATT", "2020-04", "2020-06"]
    assert p.att("etwfe", aggregate="calendar").table["term"].tolist() == months[3:]
    assert p.att("sun_abraham", aggregate="none").table["term"][0] == "ATT(2020-04,2020-01)"
    study = p.event_study(draws=0)
    assert "event time: months since adoption" in study.summary()
    assert study.plot().get_xlabel() == "months since adoption"
    assert set(p.bacon().table["treated"]) == {"2020-04", "2020-06"}
