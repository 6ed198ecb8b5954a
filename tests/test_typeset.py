"""Tables set for a paper: what is printed, in which digits, and that nothing in them is run."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

import exportlab as xl
from exportlab.errors import DataError, OptionError, UnknownName

YEARS = pd.DataFrame(
    {
        "year": [2021] * 3 + [2023] * 3,
        "partner": ["Japan", "South Korea", "USA"] * 2,
        "usd": [50.0, 20, 30, 45, 30, 25],
    }
)


@pytest.fixture(scope="module")
def indices():
    flows = xl.flows(YEARS, period="year", market="partner", value="usd", unit="million USD")
    return xl.measure(flows, ["hhi", "effective_number", "cr2"], over="market")


class Cells(HTMLParser):
    """Rows of cell texts; tags must close."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.rows: list[list[str]] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1] in ("td", "th"):
            self.rows[-1][-1] += data


def test_an_index_table_in_latex(indices):
    made = xl.typeset(
        indices,
        caption="Concentration & 100 %",
        unit="shares",
        source="customs",
        notes=["All."],
        names={"cr2": "two largest"},
        formats={"cr2": "share"},
    )
    text = made.to_latex(label="tab:hhi")
    body = text[text.index(r"\begin{table}") :].split("\n")
    assert body == [
        r"\begin{table}[!htbp]",
        r"\centering",
        r"\caption{Concentration \& 100 \%}\label{tab:hhi}",
        r"\begin{tabular}{lrrr}",
        r"\toprule",
        r"year & HHI & effective number & two largest \\",
        r"\midrule",
        r"2021 & 0.380 & 2.632 & 80.0\% \\",
        r"2023 & 0.355 & 2.817 & 75.0\% \\",
        r"\bottomrule",
        r"\end{tabular}",
        r"\par\footnotesize Unit: shares. Source: customs. All.",
        r"\end{table}",
        "",
    ]
    bare = xl.typeset(indices).to_latex()
    assert not re.search("caption|label|footnotesize", bare)
    long = xl.typeset(pd.DataFrame({"x": range(41)})).to_latex()
    assert long.count(r"\begin{longtable}{r}") == 1
    assert r"\caption" not in long
    assert "\n \\\\" not in long


def test_the_same_table_in_html_excel_and_text(indices, tmp_path):
    made = xl.typeset(indices, caption="A <b>", source="c & d", columns=["year", "hhi"])
    text = made.to_html(tmp_path / "t.html")
    assert (tmp_path / "t.html").read_text(encoding="utf-8") == text == made._repr_html_()
    assert Cells(text).rows == [["year", "HHI"], ["2021", "0.380"], ["2023", "0.355"]]
    assert "A &lt;b&gt;" in text
    assert "Source: c &amp; d." in text
    assert made.summary() == "A <b>\nyear   HHI\n2021 0.380\n2023 0.355\nSource: c & d."
    openpyxl = pytest.importorskip("openpyxl", reason="needs openpyxl")
    made.to_excel(tmp_path / "t.xlsx")
    page = openpyxl.load_workbook(tmp_path / "t.xlsx").active
    rows = [tuple(r) for r in page.iter_rows(values_only=True)]
    assert rows[0] == ("year", "HHI")
    assert rows[1] == (2021, pytest.approx(0.38))
    assert [r[0] for r in rows[3:]] == [None, "A <b>", "Source: c & d."]
    assert page["B2"].number_format == "0.000" or page["B2"].number_format == "#,##0.000"


def test_a_column_has_one_number_of_decimals():
    frame = pd.DataFrame(
        {
            "share": [0.1234, 1.0],
            "mid": [45.678, 2.0],
            "large": [123456.7, 0.5],
            "small": [0.000123, -0.00045],
            "gap": [np.nan, 2.5],
            "none": [np.nan, np.nan],
            "endless": [np.inf, 1.0],
            "count": [12345, 7],
            "jahr": [2021, 2022],
        }
    )
    made = xl.typeset(frame)
    shown = dict(zip(frame.columns, zip(*made.grid().rows, strict=True), strict=True))
    assert shown["share"] == ("0.123", "1.000")
    assert shown["mid"] == ("45.68", "2.00")
    assert shown["large"] == ("123,457", "0")
    assert shown["small"] == ("0.0001230", "-0.0004500")
    assert shown["gap"] == ("", "2.500")
    assert shown["none"] == ("", "")
    assert shown["count"] == ("12,345", "7")
    assert shown["jahr"] == ("2021", "2022")
    assert xl.typeset(frame, columns=["share"], digits=1).summary() == "share\n  0.1\n  1.0"


def test_results_estimates_and_the_ledger_are_set_alike(indices):
    bounds = xl.bounds("hhi", known={"EU": 1317.1}, total=7659.6)
    assert xl.typeset(bounds).title == bounds.title
    assert "0.030 & 0.715" in xl.typeset(bounds).to_latex()
    panel = pd.DataFrame(
        {"u": list("aabbcc"), "t": [1, 2] * 3, "y": [1.0, 3, 1, 2, 2, 3], "g": [2.0] * 2 + [np.inf] * 4}
    )
    effect = xl.PolicyPanel(panel, unit="u", period="t", outcome="y", adopted="g").twfe()
    assert "1.000" in xl.typeset(effect, columns=["term", "estimate"]).to_latex()
    ledger = xl.typeset(xl.claims.sentences("bi-structure"), columns=["what", "verdict"], lang="zh")
    assert "煤炭是主要出口商品 & 与来源矛盾" in ledger.to_latex()
    english = xl.typeset(xl.claims.check("bi-structure"), columns=["what", "verdict"])
    assert "coal is a major export & contradicted by a source" in english.to_latex()
    chinese = xl.typeset(indices, unit="比重", lang="zh").to_html()
    assert Cells(chinese).rows[0][:2] == ["年份", "HHI（赫芬达尔—赫希曼指数）"]
    assert "单位：比重。" in chinese


def test_any_engine_and_flows():
    polars = pytest.importorskip("polars", reason="needs polars")
    lazy = xl.flows(polars.from_pandas(YEARS).lazy(), period="year", market="partner", value="usd")
    made = xl.hhi(lazy, over="market")
    assert xl.typeset(made.sort("year")).summary() == "year   HHI\n2021 0.380\n2023 0.355"
    assert Cells(xl.typeset(xl.flows(YEARS, period="year", market="partner", value="usd")).to_html()).rows[
        1
    ] == ["2021", "Japan", "50.00"]


def test_formulas_of_a_spreadsheet_stay_text(tmp_path):
    openpyxl = pytest.importorskip("openpyxl", reason="needs openpyxl")
    made = xl.typeset(pd.DataFrame({"=a": ["=1+1"]}), caption="=2+2", source="=3+3")
    made.to_excel(tmp_path / "t.xlsx")
    page = openpyxl.load_workbook(tmp_path / "t.xlsx").active
    kinds = {c.data_type for row in page.iter_rows() for c in row if c.value is not None}
    assert kinds == {"s"}


def test_what_cannot_be_set_is_refused(indices):
    with pytest.raises(UnknownName, match="no column named 'hhl'. Did you mean 'hhi'"):
        xl.typeset(indices, columns=["hhl"])
    with pytest.raises(UnknownName, match="no column named 'x'"):
        xl.typeset(indices, names={"x": "y"})
    with pytest.raises(OptionError, match=r"A format is '%.2f'. Allowed: \"share\", \".2f\" or \",.1f\""):
        xl.typeset(indices, formats={"hhi": "%.2f"})
    with pytest.raises(OptionError, match="lang='fr' is not allowed"):
        xl.typeset(indices, lang="fr")
    with pytest.raises(DataError, match="the table has no rows or no columns"):
        xl.typeset(pd.DataFrame({"x": []}))
    with pytest.raises(DataError, match="int is not a table"):
        xl.typeset(3)
    with pytest.raises(FileNotFoundError):
        xl.typeset(indices).to_latex("no/such/folder/t.tex")
