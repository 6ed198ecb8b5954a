"""Tables for papers: what stands in the LaTeX, Word, Excel and HTML files."""

from __future__ import annotations

import re
import sys
from html import unescape

import pandas as pd
import pytest

import exportlab as xl
from exportlab.errors import DataError, MissingDependency, OptionError
from exportlab.tables.model import Table
from exportlab.tables.publication import Held, Printed, Publication, excel, html, latex
from exportlab.tables.render import grid

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
        OptionError, match=r"'t\.doc' ends in '\.doc'. Allowed: \.tex, \.html, \.md, \.csv, \.docx, \.xlsx\."
    ):
        xl.save_table(TABLE, tmp_path / "t.doc")


def test_a_missing_library_is_named_and_no_file_is_left(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "docx", None)
    with pytest.raises(
        MissingDependency, match=r"A Word table needs python-docx: pip install 'exportlab\[tables\]'"
    ):
        xl.save_table(TABLE, tmp_path / "t.docx")
    assert not list(tmp_path.iterdir())


ESTIMATES = Publication(
    pd.DataFrame(
        {
            "term": ["a*b", "", "n", "rows lost"],
            "A": ["0.500***", "(0.100)", "1,234", "12"],
            "B": ["-1.5*", "[0.1, 2.0]", "7", "0.25"],
        }
    ),
    ("* p < 0.1, ** p < 0.05. A 2*2 design.",),
    "Effects",
)


def test_word_sets_numbers_to_the_right_and_labels_to_the_left(tmp_path):
    docx = pytest.importorskip("docx")
    for made, wanted in (
        (ESTIMATES, [None, "CENTER", "CENTER"]),
        (xl.typeset(TABLE), [None, None, "RIGHT", None]),
    ):
        table = docx.Document(str(made.save(tmp_path / "t.docx"))).tables[0]
        sides = [[getattr(c.paragraphs[0].alignment, "name", None) for c in row.cells] for row in table.rows]
        assert sides == [wanted] * len(table.rows)


def cells(made: Printed, ending: str, folder) -> list[list[str]]:
    """The cells of a table as a format shows them."""
    path = made.save(folder / f"t{ending}")
    if ending == ".docx":
        table = pytest.importorskip("docx").Document(str(path)).tables[0]
        return [[c.text for c in row.cells] for row in table.rows]
    if ending == ".xlsx":
        sheet = pytest.importorskip("openpyxl").load_workbook(path).active
        rows = list(sheet.iter_rows(values_only=True))
        return [list(row) for row in rows[: rows.index((None,) * sheet.max_column)]]
    text = path.read_text(encoding="utf-8")
    if ending == ".csv":
        return [line.split(",") for line in text.removeprefix("\ufeff").splitlines()]
    if ending == ".md":
        lines = [line for line in text.splitlines() if line.startswith("|") and "---" not in line]
        return [[re.sub(r"\\(.)", r"\1", c.strip()) for c in line[1:-1].split("|")] for line in lines]
    if ending == ".html":
        rows = re.findall("<tr.*?</tr>", text)
        return [[unescape(c) for c in re.findall("<t[dh][^>]*>(.*?)</t[dh]>", row)] for row in rows]
    rows = re.findall(r"^(.*?) \\\\$", text, re.MULTILINE)
    return [[re.sub(r"\$\^\{(\*+)\}\$", r"\1", c.strip()) for c in row.split("&")] for row in rows]


@pytest.mark.parametrize("ending", [".tex", ".html", ".docx", ".md"])
def test_one_table_has_the_same_cells_in_every_format(tmp_path, ending):
    table = [ESTIMATES.heads, *(list(map(str, row)) for row in ESTIMATES.table.itertuples(index=False))]
    assert cells(ESTIMATES, ending, tmp_path) == table
    plain = xl.typeset(pd.DataFrame({"year": [2021, 2022], "x": [0.5, 1.25]}), caption="c", notes="n")
    assert cells(plain, ending, tmp_path) == [["year", "x"], ["2021", "0.500"], ["2022", "1.250"]]


def test_a_csv_has_the_figures_with_all_their_digits(tmp_path):
    table = pd.DataFrame({"year": [2021, 2022], "hhi": [1 / 3, 0.25], "what": ["=1+1", "a"]})
    path = xl.save_table(table, tmp_path / "t.csv", caption="C", notes="N", unit="share")
    text = path.read_bytes().decode("utf-8-sig")
    assert text.splitlines() == ["year,HHI,what", "2021,0.3333333333333333,'=1+1", "2022,0.25,a"]
    assert cells(ESTIMATES, ".csv", tmp_path)[1:3] == [
        ["a*b", "0.500***", "'-1.5*"],
        ["", "(0.100)", '"[0.1', ' 2.0]"'],
    ]


def test_estimates_in_a_workbook(tmp_path):
    pytest.importorskip("openpyxl")
    assert cells(ESTIMATES, ".xlsx", tmp_path) == [
        [None, "A", "B"],
        ["a*b", "0.500***", "-1.5*"],
        [None, "(0.100)", "[0.1, 2.0]"],
        ["n", 1234, 7],
        ["rows lost", 12, 0.25],
    ]
    held = [cell for row in ESTIMATES.grid().held for cell in row if cell.form]
    assert held == [Held(1234, "#,##0"), Held(7, "0"), Held(12, "0"), Held(0.25, "0.00")]


def test_rules_and_stars():
    tex = ESTIMATES.to_latex()
    assert tex.splitlines()[4] == r"\begin{tabular}{lcc}"
    assert "\\midrule\nn & 1,234 & 7 \\\\" in tex
    assert r"a*b & 0.500$^{***}$ & -1.5$^{*}$ \\" in tex
    assert r"\par\footnotesize $^{*}$ p < 0.1".replace("<", r"\textless{}") in tex
    assert "A 2*2 design." in tex
    assert ESTIMATES.to_html().count('<tr style="border-top:1px solid">') == 1


@pytest.mark.parametrize(("rows", "long"), [(40, False), (41, True)])
def test_a_long_table_goes_over_several_pages(rows, long):
    made = Publication(pd.DataFrame({"term": ["x"] * rows, "A": "1"}), ("Note.",), "Long")
    tex = made.to_latex(label="tab:x")
    assert ("longtable}{lc}" in tex) == long
    assert (r"\begin{table}" in tex) != long
    assert r"\caption{Long}\label{tab:x}" in tex
    assert tex.count("Note.") == 1


def test_how_a_workbook_and_a_page_are_laid_out():
    openpyxl = pytest.importorskip("openpyxl")
    names = ["x" * 40, "X" * 40, "y:z"]
    wide = grid(Table("t", "", pd.DataFrame({"text": ["w" * 90, "short"], "n": [1, 2]}), "", ""))
    book = excel([(name, wide) for name in names])
    assert book.sheetnames == ["x" * 31, "X" * 26 + "~1", "y_z"]
    sheet = book.active
    assert [[c.font.bold for c in row] for row in sheet.iter_rows(max_row=2)] == [
        [True, True],
        [False, False],
    ]
    assert (sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width) == (60, 12)
    assert sheet.freeze_panes == "A2"
    assert isinstance(book, openpyxl.Workbook)
    sides = re.findall("text-align:(left|right)", html(wide))
    assert sides == ["left", "right"] * 3


@pytest.mark.parametrize(
    ("text", "aligned"), [("x" * 36, "left"), ("x" * 37, "long"), ("\u4e2d" * 19, "long")]
)
def test_long_text_has_lines_of_its_own(text, aligned):
    made = grid(Table("t", "", pd.DataFrame({"a": [text, "b"]}), "", ""))
    assert made.aligned == [aligned]
    assert (r"\begin{tabular}{p{0.80\linewidth}}" in latex(made)) == (aligned == "long")


def test_a_table_without_rows_has_its_headings():
    made = grid(Table("t", "None", pd.DataFrame({"a": [], "b": []}), "u", "s"))
    assert (made.heads, made.aligned, made.rows) == (["a", "b"], ["left", "left"], [])
    assert "a & b \\\\\n\\midrule\n\\bottomrule" in latex(made)
