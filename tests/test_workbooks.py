"""Workbooks as people and adversaries write them: the same table however its XML is written, or a cheap refusal."""

from __future__ import annotations

import io
import zipfile

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import exportlab as xl
from exportlab.errors import DataError
from exportlab.files import workbook
from exportlab.files.workbook import check_workbook, read_workbook

pytest.importorskip("openpyxl", reason="needs openpyxl")
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
SHEET, STYLES, BOOK = "xl/worksheets/sheet1.xml", "xl/styles.xml", "xl/workbook.xml"
RELATIONS, TYPES = "xl/_rels/workbook.xml.rels", "[Content_Types].xml"


def parts() -> dict[str, bytes]:
    """The parts of a workbook of one sheet."""
    whole = io.BytesIO()
    pd.DataFrame({"m": ["a"], "v": [1]}).to_excel(whole, index=False)
    with zipfile.ZipFile(whole) as made:
        return {name: made.read(name) for name in made.namelist()}


WHOLE = parts()


def zipped(changed: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in (WHOLE | changed).items():
            made.writestr(name, content)
    return out.getvalue()


def sheet(rows: str, prefix: str = "") -> bytes:
    """The XML of a sheet with these rows."""
    name = f"{prefix}:" if prefix else ""
    space = f"xmlns:{prefix}" if prefix else "xmlns"
    return (
        f'<?xml version="1.0"?><{name}worksheet {space}="{MAIN}"><{name}sheetData>{rows}</{name}sheetData>'
        f"</{name}worksheet>"
    ).encode()


HEAD = '<row r="1"><c r="A1" t="inlineStr"><is><t>m</t></is></c><c r="B1" t="inlineStr"><is><t>v</t></is></c></row>'
BODY = '<row r="2"><c r="A2" t="inlineStr"><is><t>a</t></is></c><c r="B2"><v>5</v></c></row>'
FAR = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'


# ---- the same table, however it is written ---------------------------------------------------------------


@st.composite
def written(draw: st.DrawFn) -> tuple[dict[tuple[int, int], int], bytes]:
    """Some cells of a sheet, and one of the ways to write them: quotes, blanks, prefixes, places said or not."""
    places = st.tuples(st.integers(1, 8), st.integers(1, 30))
    cells = draw(st.dictionaries(places, st.integers(0, 99), min_size=1, max_size=9))
    quote, blank, prefix = (
        draw(st.sampled_from("'\"")),
        draw(st.sampled_from([" ", "\n\t"])),
        draw(st.sampled_from(["", "x"])),
    )
    tag = f"{prefix}:" if prefix else ""
    rows, last = [], 0
    for row in sorted({r for r, _ in cells}):
        texts, before = [], 0
        for column in sorted(c for r, c in cells if r == row):
            silent = column == before + 1 and draw(st.booleans())
            letters = chr(64 + column) if column < 27 else f"A{chr(38 + column)}"
            place = (
                "" if silent else f"{blank}r{draw(st.sampled_from(['', ' ']))}={quote}{letters}{row}{quote}"
            )
            texts.append(
                f"<{tag}c{blank}s={quote}0{quote}{place}><{tag}v>{cells[row, column]}</{tag}v></{tag}c>"
            )
            before = column
        silent = row == last + 1 and draw(st.booleans())
        number = "" if silent else f"{blank}r={quote}{row}{quote}"
        rows.append(f"<{tag}row{number}{blank}>{''.join(texts)}</{tag}row>")
        last = row
    xml = sheet("".join(rows), prefix)
    return cells, xml.decode().encode("utf-16") if draw(st.booleans()) else xml


@given(written())
def test_cells_stand_where_they_were_written(tmp_path_factory, drawn):
    cells, xml = drawn
    path = tmp_path_factory.mktemp("w") / "a.xlsx"
    path.write_bytes(zipped({SHEET: xml}))
    found = read_workbook(path, 0, header=None, dtype=object, na_filter=False)
    kept = {(r + 1, c + 1): v for r, row in enumerate(found.to_numpy()) for c, v in enumerate(row) if v != ""}
    assert kept == cells
    extent = check_workbook(path)
    assert extent == workbook.Extent(len(cells), max(r for r, _ in cells), max(c for _, c in cells))


def test_rows_formatted_down_to_the_last_are_no_table_and_no_reason_to_refuse(tmp_path):
    blank = "".join(f'<row r="{i}"><c r="A{i}" s="0"/></row>' for i in range(3, 40_000))
    last = '<row r="1048576" ht="15"><c r="XFD1048576" s="0"/></row>'
    (tmp_path / "a.xlsx").write_bytes(zipped({SHEET: sheet(HEAD + BODY + blank + last)}))
    assert check_workbook(tmp_path / "a.xlsx") == workbook.Extent(4, 2, 2)
    flows = xl.read_flows(tmp_path / "a.xlsx", market="m", value="v", progress=False)
    assert flows.table.to_dict("list") == {"m": ["a"], "v": [5.0]}


@pytest.mark.parametrize("cell", ['<c r="A3" t="e"><v>#N/A</v></c>', '<c r="A3" t="e"><v>#DIV/0!</v></c>'])
def test_an_error_of_excel_is_no_label(tmp_path, cell):
    row = f'<row r="3">{cell}<c r="B3"><v>1</v></c></row>'
    (tmp_path / "a.xlsx").write_bytes(zipped({SHEET: sheet(HEAD + BODY + row)}))
    with pytest.raises(DataError, match="row 3, column 'm': an error such as #N/A"):
        xl.read_flows(tmp_path / "a.xlsx", market="m", value="v", progress=False)
    row = f'<row r="3"><c r="A3"><v>7</v></c>{cell.replace("A3", "B3")}</row>'
    (tmp_path / "a.xlsx").write_bytes(zipped({SHEET: sheet(HEAD + BODY + row)}))
    for role in ("value", "quantity"):
        named = (
            {"market": "m", "value": "v"}
            if role == "value"
            else {"market": "m", "value": "m", "quantity": "v"}
        )
        with pytest.raises(DataError, match="row 3, column 'v': an error such as #N/A"):
            xl.read_flows(tmp_path / "a.xlsx", **named, progress=False)


# ---- refused before memory is spent ----------------------------------------------------------------------

REACHES = r"filled cells reaches down to row 1,048,576 and right to column 16,384"
LOST = "cannot be read as an Excel workbook"
SMALL = {
    "far": (FAR, REACHES),
    "far, single quotes": (FAR.replace('"', "'"), REACHES),
    "far, blanks": ('<row  ht="1" r = "1048576"><c s="0"\n r = "XFD1048576"><v>1</v></c></row>', REACHES),
    "far, small letters": (FAR.replace("XFD", "xfd"), REACHES),
    "far, a fraction": (FAR.replace('"1048576"', '"1048576.0"'), REACHES),
    "beyond the last row": (FAR.replace("1048576", "1048577"), LOST),
    "beyond the last column": (FAR.replace("XFD", "XFE"), LOST),
    "a row without end": (f"<row>{'<c/>' * 16_385}</row>", LOST),
    # openpyxl drops such rows and cells without a word
    "rows backwards": (BODY.replace("2", "9") + BODY.replace("2", "4"), LOST),
    "a row twice": (BODY, LOST),
    "a row below zero": (BODY.replace('r="2"', 'r="-5"'), LOST),
    "a row within a row": (f'<row r="4">{BODY.replace("2", "5")}</row>', LOST),
    "cells backwards": ('<row r="4"><c r="B4"><v>1</v></c><c r="A4"><v>2</v></c></row>', LOST),
    "a cell twice": ('<row r="4"><c r="A4"><v>1</v></c><c r="A4"><v>2</v></c></row>', LOST),
    "a cell of another row": ('<row r="4"><c r="A7"><v>1</v></c></row>', LOST),
    "a place that is none": ('<row r="4"><c r="$A$4"><v>1</v></c></row>', LOST),
}


def refused(path, said, monkeypatch) -> None:
    """Refused by everything that reads a workbook, and before pandas opens it."""
    monkeypatch.setattr(pd, "ExcelFile", lambda *_, **__: pytest.fail("the file was opened"))
    for read in (lambda p: read_workbook(p, 0), xl.valueadded.read_adb, xl.concordance, whole_table):
        with pytest.raises(DataError, match=said):
            read(path)


def whole_table(path):
    return xl.read_flows(path, market="m", value="v", progress=False)


@pytest.mark.parametrize("name", SMALL)
def test_small_files_that_would_fill_the_memory_or_lose_cells(tmp_path, monkeypatch, name):
    rows, said = SMALL[name]
    (tmp_path / "a.xlsx").write_bytes(zipped({SHEET: sheet(HEAD + BODY + rows)}))
    refused(tmp_path / "a.xlsx", said, monkeypatch)


def test_a_prefix_hides_no_far_cell(tmp_path, monkeypatch):
    rows = (HEAD + FAR).replace("</", "</x:").replace("<", "<x:").replace("<x:/x:", "</x:")
    (tmp_path / "a.xlsx").write_bytes(zipped({SHEET: sheet(rows, "x")}))
    refused(tmp_path / "a.xlsx", REACHES, monkeypatch)


def test_a_part_of_another_name_is_looked_through_too(tmp_path, monkeypatch):
    moved = {
        SHEET: b"<nothing/>",
        "elsewhere/s.bin": sheet(HEAD + FAR),
        RELATIONS: WHOLE[RELATIONS].replace(b"/xl/worksheets/sheet1.xml", b"/elsewhere/s.bin"),
        TYPES: WHOLE[TYPES].replace(b"/xl/worksheets/sheet1.xml", b"/elsewhere/s.bin"),
    }
    assert moved[RELATIONS] != WHOLE[RELATIONS]
    (tmp_path / "a.xlsx").write_bytes(zipped(moved))
    refused(tmp_path / "a.xlsx", REACHES, monkeypatch)


def test_several_sheets_do_not_add_up_to_what_one_may_not(tmp_path, monkeypatch):
    half = HEAD + BODY + '<row r="150000"><c r="T150000"><v>1</v></c></row>'
    (tmp_path / "one.xlsx").write_bytes(zipped({SHEET: sheet(half)}))
    assert check_workbook(tmp_path / "one.xlsx").down == 150_000
    (tmp_path / "two.xlsx").write_bytes(zipped({SHEET: sheet(half), "xl/worksheets/sheet2.xml": sheet(half)}))
    refused(tmp_path / "two.xlsx", r"reaches down to row 150,000 and right to column 20", monkeypatch)


def test_one_part_for_many_sheets_is_read_until_it_is_too_much(tmp_path, monkeypatch):
    one = WHOLE[BOOK].partition(b"<sheets>")[2].partition(b"</sheets>")[0]
    several = b"".join(
        one.replace(b"Sheet1", b"s%d" % i).replace(b'sheetId="1"', b'sheetId="%d"' % i) for i in range(1, 41)
    )
    (tmp_path / "a.xlsx").write_bytes(
        zipped(
            {
                SHEET: sheet(HEAD + '<row r="90"><c r="T90"><v>1</v></c></row>'),
                BOOK: WHOLE[BOOK].replace(one, several),
            }
        )
    )
    assert len(read_workbook(tmp_path / "a.xlsx", None, header=None)) == 40
    monkeypatch.setattr(workbook, "REACH", 60_000)
    with pytest.raises(DataError, match="its sheets hold more than its parts do"):
        read_workbook(tmp_path / "a.xlsx", None, header=None)


@pytest.mark.parametrize(
    ("part", "content", "said"),
    [
        (SHEET, sheet("<a/>" * 60_000), "more than 4[0-9,]+ elements of XML"),
        (
            STYLES,
            f'<styleSheet xmlns="{MAIN}"><cellXfs>{"<xf/>" * 300_000}</cellXfs></styleSheet>'.encode(),
            "by the end of its part 'xl/styles.xml' more than 200,000 elements of XML",
        ),
        (
            "xl/sharedStrings.xml",
            f'<sst xmlns="{MAIN}">{"<si/>" * 300_000}</sst>'.encode(),
            "by the end of its part 'xl/sharedStrings.xml' more than 200,000 elements of XML",
        ),
        (SHEET, b'<!DOCTYPE l [<!ENTITY a "A">]>' + sheet(HEAD + BODY)[21:], "declares a document type"),
        (STYLES, b'<!DOCTYPE l SYSTEM "http://localhost/x">' + WHOLE[STYLES], "declares a document type"),
        (SHEET, sheet(HEAD + BODY)[:-30], LOST),
    ],
    ids=["elements", "styles", "strings", "entities", "a type from elsewhere", "cut"],
)
def test_parts_made_to_harm(tmp_path, monkeypatch, part, content, said):
    monkeypatch.setattr(workbook, "ELEMENTS", 50_000 if part == SHEET else workbook.ELEMENTS)
    (tmp_path / "a.xlsx").write_bytes(zipped({part: content}))
    with pytest.raises(DataError, match=said):
        read_workbook(tmp_path / "a.xlsx", 0)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", LOST),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 500, "is encrypted, or a workbook of before 2007"),
        (b"PK\x03\x04" + b"\0" * 500, LOST),
        (zipped({"xl/media/x.bin": b"\0" * 60_000_000}), "unpacks to more than 50,000,000"),
    ],
    ids=["empty", "encrypted", "no archive", "a bomb"],
)
def test_what_is_no_workbook(tmp_path, monkeypatch, content, said):
    (tmp_path / "a.xlsx").write_bytes(content)
    refused(tmp_path / "a.xlsx", said, monkeypatch)


def test_a_part_compressed_otherwise(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w", zipfile.ZIP_BZIP2) as made:
        for name, content in WHOLE.items():
            made.writestr(name, content)
    with pytest.raises(DataError, match="compressed in a way that workbooks do not know"):
        read_workbook(tmp_path / "a.xlsx", 0)
