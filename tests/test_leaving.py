"""Text that leaves the program: whatever a name holds, no terminal, file, page or spreadsheet obeys it."""

from __future__ import annotations

import csv
import datetime
import io
import re
import zipfile
from decimal import Decimal
from pathlib import Path

import duckdb
import hostile
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import exportlab as xl
from exportlab.cli import terminal
from exportlab.errors import DataError, OptionError, UnknownName
from exportlab.results import Result, table_html
from exportlab.tables.export import workbook, write
from exportlab.tables.model import Page, Section, Table
from exportlab.tables.writing import csv_text
from exportlab.text import HIDDEN, file_name, html_text, latex_text, printable

# Bell, escape, one-byte escape, lone carriage return, end-of-line of C1, override, isolate, mark, line and paragraph.
CONTROLS = "\x07\x1b\x9b\r\x85\u202e\u2066\u200f\u2028\u2029\x00"
NAME = f"a{CONTROLS}b"
LEFT = re.compile(
    "[" + "".join(map(re.escape, map(chr, (h for h in HIDDEN if not 0xD800 <= h < 0xE000)))) + "]"
)


def test_what_is_hidden():
    assert printable(NAME) == "a" + "\ufffd" * len(CONTROLS) + "b"
    assert printable("a\r\nb\tc\n中 é 😀 a\u200db\ufeff") == "a\nb\tc\n中 é 😀 a\u200db\ufeff"
    assert printable("\ud800") == "\ufffd"
    assert all(printable(chr(h)) == "\ufffd" for h in HIDDEN)
    assert html_text("<\x1b&>") == "&lt;\ufffd&amp;&gt;"
    assert latex_text("a$b{c}\\d\n\u202e%") == r"a\$b\{c\}\textbackslash{}d ?\%"


# ---- every way out ---------------------------------------------------------------------------------------


def frame() -> pd.DataFrame:
    return pd.DataFrame({"year": [2021, 2022], NAME: [NAME, "b"], "hhi": [0.5, 1.0]})


def typeset() -> xl.publication.Printed:
    return xl.typeset(frame(), caption=NAME, unit=NAME, source=NAME, notes=NAME)


def publication() -> xl.publication.Printed:
    from exportlab.tables.publication import Publication

    return Publication(pd.DataFrame({"term": [NAME, "n"], NAME: [NAME, "2"]}), (NAME,), NAME)


def flows() -> xl.flows:
    table = pd.DataFrame({"market": [NAME, "Japan"], "value": [1.0, 2.0]})
    return xl.flows(table, unit=NAME, source=NAME)


class Own(Result):
    """A result that says what its units are called."""

    table = frame()

    @property
    def title(self) -> str:
        return NAME

    def summary(self) -> str:
        return f"{NAME} of its own"


def page(name: str = "t", title: str = "<b>") -> Page:
    table = pd.DataFrame({"=head": [n for n in (*hostile.NAMES, NAME) if n != "\ud800"], "x": 1.0})
    return Page("P", "S", (Section("a", "T", ("x",), (Table(name, title, table, "u", "s"),)),))


def word(printed: xl.publication.Printed, folder: Path) -> str:
    pytest.importorskip("docx", reason="needs python-docx")
    with zipfile.ZipFile(printed.save(folder / "t.docx")) as parts:
        return parts.read("word/document.xml").decode()


def excel(printed: xl.publication.Printed, folder: Path) -> str:
    book = pytest.importorskip("openpyxl", reason="needs openpyxl").load_workbook(
        printed.save(folder / "t.xlsx")
    )
    return "".join([*book.sheetnames, *(str(c.value) for row in book.active for c in row)])


def drawn(folder: Path) -> str:
    from exportlab.plots.structure import market_shares
    from exportlab.tables.drawing import svg_file

    table = pd.DataFrame({"p": 0, "m": [NAME, "b"], "share": [0.1, 0.2]})
    return svg_file(market_shares(table, period="p", member="m", source=NAME))


def csv_file(folder: Path) -> str:
    terminal.write(frame(), folder / "t.csv")
    return (folder / "t.csv").read_text(encoding="utf-8")


def report(folder: Path) -> str:
    made = write(page(NAME, NAME), folder, also=["latex"])
    return "".join(p.read_text(encoding="utf-8-sig") for p in made.parent.rglob("*.*"))


WAYS = {
    "typeset, LaTeX": lambda _: typeset().to_latex(),
    "typeset, HTML": lambda _: typeset().to_html(),
    "typeset, terminal": lambda _: repr(typeset()),
    "typeset, Word": lambda folder: word(typeset(), folder),
    "typeset, Excel": lambda folder: excel(typeset(), folder),
    "publication, LaTeX": lambda _: publication().to_latex(),
    "publication, HTML": lambda _: publication().to_html(),
    "publication, terminal": lambda _: publication().summary(),
    "publication, Word": lambda folder: word(publication(), folder),
    "publication, Excel": lambda folder: excel(publication(), folder),
    "result, terminal": lambda _: Own().summary(),
    "result, printed": lambda _: repr(Own()),
    "result, notebook": lambda _: Own()._repr_html_(),
    "table, notebook": lambda _: table_html(frame()),
    "flows, printed": lambda _: repr(flows()),
    "flows, notebook": lambda _: flows()._repr_html_(),
    "picture": drawn,
    "CSV": csv_file,
    "report": report,
    "refusal": lambda _: str(DataError(NAME, "x", first=NAME)),
    "option": lambda _: str(OptionError(NAME)),
    "near name": lambda _: str(UnknownName("market", NAME, [NAME])),
}


@pytest.mark.parametrize("way", WAYS)
def test_no_control_leaves(tmp_path, way):
    text = WAYS[way](tmp_path)
    assert LEFT.findall(text.replace("\r\n", "\n")) == []
    assert "\ufffd" in text or "LaTeX" in way or r"\u202e" in text


def test_no_control_reaches_a_terminal(capsys):
    claims = pd.DataFrame(
        [
            {
                "id": NAME,
                "what": NAME,
                "claimed": NAME,
                "computed": NAME,
                "verdict": "reproduced",
                "needs": NAME,
            }
        ]
    )
    terminal.show(frame())
    terminal.show(pd.DataFrame({"[/red]": ["[/x]", ":bell:"]}))
    terminal.show_ledger(claims, ["reproduced"])
    terminal.show_claims(claims)
    terminal.say(NAME)
    terminal.err.print(NAME, style="red")
    printed = capsys.readouterr()
    assert LEFT.findall(printed.out + printed.err) == []
    assert "[/x]" in printed.out
    assert ":bell:" in printed.out
    for line in (printed.out, printed.err):
        assert "a" + "\ufffd" * len(CONTROLS) + "b" in line


def test_a_long_name_fills_no_terminal(capsys):
    terminal.show(pd.DataFrame({"x" * 100_000: ["y" * 100_000]}))
    assert len(capsys.readouterr().out) < 2_000


@pytest.mark.parametrize("label", ["a}\\input{x", "a%b", "$x$", "a b\n"])
def test_a_label_of_latex_is_no_command(label):
    for printed in (typeset(), publication()):
        with pytest.raises(OptionError, match="label=.* is not allowed. Allowed: letters, digits and marks"):
            printed.to_latex(label=label)
        assert r"\label{tab:hhi_2023}" in printed.to_latex(label="tab:hhi_2023")


# ---- CSV, of any kind of text ----------------------------------------------------------------------------

FORMULAS = ["=cmd|'/C calc'!A0", "@SUM(1)", "-2+3", "\t=1", " =1", "＝1", "plain"]
KINDS = {
    "object": lambda: pd.Series(FORMULAS, dtype=object),
    "str": lambda: pd.Series(FORMULAS, dtype="str"),
    "string": lambda: pd.Series(FORMULAS, dtype="string"),
    "string[pyarrow]": lambda: pd.Series(FORMULAS, dtype="string[pyarrow]"),
    "category": lambda: pd.Series(FORMULAS, dtype="category"),
    "Arrow": lambda: pd.Series(FORMULAS, dtype=pd.ArrowDtype(pa.string())),
    "Arrow, large": lambda: pd.Series(FORMULAS, dtype=pd.ArrowDtype(pa.large_string())),
    "Arrow, dictionary": lambda: pd.Series(
        pa.array(FORMULAS).dictionary_encode(), dtype=pd.ArrowDtype(pa.dictionary(pa.int32(), pa.string()))
    ),
    "beside numbers": lambda: pd.Series([*FORMULAS[:-1], -5], dtype=object),
}
ENGINES = {
    "pandas": lambda d: d,
    "polars": pl.from_pandas,
    "polars, categories": lambda d: pl.from_pandas(d).with_columns(
        pl.col("m").cast(pl.String).cast(pl.Categorical)
    ),
    "pyarrow": pa.Table.from_pandas,
    "duckdb": duckdb.from_df,
    "duckdb, enum": lambda d: duckdb.sql(
        "SELECT m::VARCHAR::ENUM("
        + ", ".join("'" + f.replace("'", "''") + "'" for f in FORMULAS)
        + ") AS m, v FROM d"
    ),
}
SAFE = ["'=cmd|'/C calc'!A0", "'@SUM(1)", "'-2+3", "'\t=1", "' =1", "'＝1", "plain"]


def cells(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


@pytest.mark.parametrize("kind", KINDS)
def test_text_of_any_kind_is_no_formula(tmp_path, kind):
    table = pd.DataFrame({"=m": KINDS[kind](), "v": -1.0})
    terminal.write(table, tmp_path / "a.csv")
    head, *rows = cells(tmp_path / "a.csv")
    assert head == ["'=m", "v"]
    assert [r[0] for r in rows] == (SAFE if kind != "beside numbers" else [*SAFE[:-1], "-5"])
    assert {r[1] for r in rows} == {"-1.0"}


@pytest.mark.parametrize("engine", ENGINES)
def test_text_of_any_engine_is_no_formula(tmp_path, engine):
    d = pd.DataFrame({"m": FORMULAS, "v": np.arange(7) - 3})
    terminal.write(ENGINES[engine](d), tmp_path / "a.csv")
    head, *rows = cells(tmp_path / "a.csv")
    assert head == ["m", "v"]
    assert sorted(rows, key=lambda r: int(r[1])) == [[s, str(i - 3)] for i, s in enumerate(SAFE)]


def test_what_is_no_text_stays_what_it_is():
    mixed = pd.Series([np.float64(-2), np.int64(-3)], dtype=object)
    table = pd.DataFrame(
        {
            "i": [-1, 2],
            "f": [-1.5, float("nan")],
            "b": [True, False],
            "d": [datetime.date(2021, 1, 2), None],
            "t": pd.to_datetime(["2021-01-02", None]),
            "n": [Decimal("-1.50"), None],
            "o": mixed,
            "y": pd.array([-4, None], dtype="Int64"),
            "delta": pd.to_timedelta([-1, 2], unit="D"),
        }
    )
    assert [line.split(",") for line in csv_text(table).splitlines()] == [
        list(table),
        ["-1", "-1.5", "True", "2021-01-02", "2021-01-02", "-1.50", "-2.0", "-4", "'-1 days +00:00:00"],
        ["2", "", "False", "", "", "", "-3", "", "2 days 00:00:00"],
    ]


@pytest.mark.parametrize("rows", [0, 1, 5])
def test_a_relation_of_numbers_alone_and_in_pieces(tmp_path, monkeypatch, rows):
    monkeypatch.setattr("exportlab.frames.PIECE", 2)
    made = duckdb.sql(f"SELECT range AS y, CASE WHEN range <> 2 THEN range END AS n FROM range({rows})")
    terminal.write(made, tmp_path / "a.csv")
    assert cells(tmp_path / "a.csv") == [
        ["y", "n"],
        *([str(y), str(y) if y != 2 else ""] for y in range(rows)),
    ]
    terminal.write(made, tmp_path / "a.parquet")
    found = pl.read_parquet(tmp_path / "a.parquet")
    assert found.rows() == [(y, y if y != 2 else None) for y in range(rows)]
    assert found.schema == {"y": pl.Int64, "n": pl.Int64}


# ---- the report ------------------------------------------------------------------------------------------


def test_no_text_of_a_report_is_run(tmp_path):
    text = write(page(), tmp_path, also=["latex"]).read_text(encoding="utf-8")
    assert "<script>alert" not in text
    assert not re.search(r"[\x00-\x08\x0b\x0e-\x1f]", text)
    with (tmp_path / "tables" / "t.csv").open(encoding="utf-8-sig", newline="") as file:
        cells = [c for row in csv.reader(file) for c in row]
    assert len(cells) == 2 * (len(hostile.NAMES) + 2)
    assert [c for c in cells if re.match(r"\s*[=+\-@＝]", c)] == []
    tex = (tmp_path / "tables" / "t.tex").read_text(encoding="utf-8")
    assert "\\input" not in tex
    assert r"\$\textbackslash{}frac\{\$" in tex
    book = pytest.importorskip("openpyxl", reason="needs openpyxl") and workbook(page("x" * 50))
    assert all(len(name) <= 31 for name in book.sheetnames)
    assert {c.data_type for row in book.worksheets[1] for c in row} == {"s", "n"}


def test_names_stay_in_their_folder(tmp_path):
    assert file_name("../../x/y") == "_x_y"
    assert [file_name(n) for n in ("", "con", "COM1", "context")] == ["_", "con_", "COM1_", "context"]
    assert file_name("省" * 100) == "省" * 66  # of 3 bytes each, and a file system holds 255 with the ending
    out = tmp_path / "out"
    write(page("../../escaped"), out, also=["latex"])
    assert {p.name for p in tmp_path.iterdir()} == {"out"}
    flows = xl.flows(pd.DataFrame({"market": ["Japan", "USA"], "value": [1.0, 2.0]}))
    xl.report(flows, out=out / "in", bloc="../../RCEP")
    assert {p.name for p in tmp_path.iterdir()} == {"out"}
    assert (out / "in" / "tables" / "rcep_share.csv").exists()


def test_pictures_of_any_name():
    from exportlab.plots.structure import market_shares
    from exportlab.tables.drawing import svg_file

    table = pd.DataFrame({"p": 0, "m": hostile.NAMES[:20], "share": np.linspace(0.1, 0.2, 20)})
    text = svg_file(market_shares(table, period="p", member="m", source="$\\frac{$", title="a$b$"))
    assert text.count("<path") > 20


def test_a_row_end_inside_a_name_does_not_end_the_row():
    text = csv_text(pd.DataFrame({"m": ["a\r=1", "b\n=2"], "v": [1, 2]}))
    assert [len(row) for row in csv.reader(io.StringIO(text, newline=""))] == [2, 2, 2]
