"""Tables for papers: what stands in the LaTeX, Word, Excel and HTML files."""

from __future__ import annotations

import re
import sys

import pandas as pd
import pytest

import exportlab as xl
from exportlab.errors import DataError, MissingDependency, OptionError

TABLE = pd.DataFrame(
    {
        "year": [2022, 2023],
        "partner": ["=Japan & Co", None],
        "hhi": [0.36642, float("nan")],
        "code": ["010121", "2"],
    }
)


def test_latex_and_html(tmp_path):
    path = xl.save_table(TABLE, tmp_path / "t.tex", caption="Share, 100 %", notes="Own {work}.", digits=2)
    tex = path.read_text(encoding="utf-8")
    assert r"\caption{Share, 100 \%}" in tex
    assert r"year & partner & HHI & code \\" in tex
    assert r"2022 & =Japan \& Co & 0.37 & 010121 \\" in tex
    assert r"2023 &  &  & 2 \\" in tex
    assert r"\par\footnotesize Own \{work\}." in tex
    plain = xl.save_table(TABLE, tmp_path / "u.tex").read_text(encoding="utf-8")
    assert "caption" not in plain
    assert "footnotesize" not in plain
    html = xl.save_table(TABLE, tmp_path / "t.html").read_text(encoding="utf-8")
    assert re.search(r">=Japan &amp; Co</td><td [^>]*>0\.366</td>", html)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["t.html", "t.tex", "u.tex"]


def test_excel_holds_numbers_as_numbers_and_runs_no_text(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    path = xl.save_table(TABLE, tmp_path / "t.xlsx", caption="=1+1", notes=["a", "b"], digits=4)
    sheet = openpyxl.load_workbook(path).active
    rows = [[c.value for c in row] for row in sheet.iter_rows()]
    assert rows[:2] == [["year", "partner", "HHI", "code"], [2022, "=Japan & Co", 0.36642, "010121"]]
    assert [r[0] for r in rows[4:]] == ["=1+1", "a b"]
    assert "f" not in {c.data_type for row in sheet.iter_rows() for c in row}
    assert sheet["C2"].number_format in ("0.0000", "#,##0.0000")


def test_large_numbers_have_no_decimals(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    table = pd.DataFrame({"hs": ["01"], "usd": [1234567.89], "share": [0.5]})
    assert "01 & 1,234,568 & 0.500" in xl.save_table(table, tmp_path / "t.tex").read_text(encoding="utf-8")
    sheet = openpyxl.load_workbook(xl.save_table(table, tmp_path / "t.xlsx")).active
    assert [c.value for c in sheet[2]] == ["01", 1234567.89, 0.5]
    assert sheet["B2"].number_format == "#,##0"


def test_word_and_estimates(tmp_path):
    docx = pytest.importorskip("docx")
    cities = pd.DataFrame(
        {"city": [c for c in "abcdef" for _ in range(4)], "year": [2000, 2001, 2002, 2003] * 6}
    )
    cities["since"] = cities["city"].map({"a": 2002, "b": 2002, "c": 2003})
    cities["y"] = range(24)
    panel = xl.PolicyPanel(cities, unit="city", period="year", outcome="y", adopted="since")
    path = xl.save_table(panel.att(), tmp_path / "t.docx", caption="Zones", notes="Simulated.")
    document = docx.Document(str(path))
    assert document.paragraphs[0].text == "Zones"
    assert document.paragraphs[-1].text == "Simulated."
    assert document.tables[0].cell(1, 0).text == "ATT"
    both = xl.panel.compare({"A": panel.att(), "B": panel.twfe()})
    assert xl.save_table(both, tmp_path / "t.tex").read_text(encoding="utf-8").count(r"\midrule") == 2
    assert (
        both.save(tmp_path / "u.tex").read_text(encoding="utf-8").splitlines()[1] == r"\begin{table}[!htbp]"
    )


def test_other_results_and_engines(tmp_path):
    pl = pytest.importorskip("polars")
    found = xl.bounds("hhi", {"Japan": 60.0}, 100.0)
    tex = xl.save_table(found, tmp_path / "b.tex").read_text(encoding="utf-8")
    assert "hhi: between 0.36" in tex
    xl.save_table(pl.DataFrame({"a": [1.5]}), tmp_path / "p.tex")
    with pytest.raises(DataError, match="a builtins.list is not a table"):
        xl.save_table([1], tmp_path / "x.tex")
    with pytest.raises(
        OptionError, match=r"'t\.doc' ends in '\.doc'. Allowed: \.tex, \.html, \.docx, \.xlsx\."
    ):
        xl.save_table(TABLE, tmp_path / "t.doc")


def test_a_missing_library_is_named_and_no_file_is_left(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "docx", None)
    with pytest.raises(
        MissingDependency, match=r"A Word table needs python-docx: pip install 'exportlab\[tables\]'"
    ):
        xl.save_table(TABLE, tmp_path / "t.docx")
    assert not list(tmp_path.iterdir())
