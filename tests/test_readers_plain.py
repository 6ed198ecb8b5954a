"""Lines that are parted quickly are parted as csv parts them; whatever is in doubt is left to csv."""

from __future__ import annotations

import csv
from io import BytesIO, StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tries import at_most

from exportlab.errors import DataError
from exportlab.files import plain
from exportlab.files.delimited import columns, text_table
from exportlab.files.plain import Layout, plain_blocks

WIDTH = 3


def quick(text: str, *, delimiter: str = ",", encoding: str = "utf-8", spare: bool = False):
    """The rows of the blocks that were plain, and where they end."""
    width = WIDTH + spare
    names = {str(k): k for k in range(WIDTH)}
    figures = {"2": names.pop("2")}
    layout = Layout(encoding, delimiter, width, names, figures, width - 1 if spare else None)
    rows, end = [], 0
    for block in plain_blocks(BytesIO(text.encode(encoding)), layout):
        found = list(zip(block.text["0"], block.text["1"], block.numbers["2"], strict=True))
        assert len(found) == block.rows
        rows, end = rows + found, block.end
    return rows, end


def strict(text: str, delimiter: str):
    return [
        tuple(row)
        for row in csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
        if any(row)
    ]


@at_most(2_000)
@given(
    st.text(alphabet='a0"\n\n,,; \t\r', min_size=3, max_size=24),
    st.lists(
        st.tuples(
            *[st.sampled_from(["a", "007", '"a"', '"a,b"', '"a;b"', "", '""', " ", "NA", "茶"])] * WIDTH
        )
    ),
    st.integers(0, 30),
    st.sampled_from(",;"),
)
def test_what_is_plain_is_parted_as_csv_does(noise, rows, at, delimiter):
    whole = "".join(delimiter.join(row) + "\n" for row in rows)
    text = whole[:at] + noise + whole[at:]
    found, end = quick(text, delimiter=delimiter)
    assert end in (0, len(text[: text.rfind("\n") + 1].encode()))
    assert found == strict(text.encode()[:end].decode(), delimiter)


def test_most_files_are_plain():
    text = '007,"1,234",-\r\n NA,茶, 2.50\r\n'
    assert quick(text) == ([("007", "1,234", "-"), (" NA", "茶", " 2.50")], len(text.encode()))
    assert quick(text, encoding="gb18030")[0] == quick(text)[0]
    assert quick("a,b,1,\n", spare=True) == ([("a", "b", "1")], 7)


@pytest.mark.parametrize(
    "text",
    [
        "a,b\n",  # short
        "a,b,c,d\n",
        "a,b\na,b,c,d\n",  # as many delimiters in all
        'a"b,c,d\n',
        '"a"b,c,d\n',
        'a,"b\nc",d\n',
        'a,"b,c\n',
        'a,"b ""c""",d\n',
        'a,",",d\n',  # opens and closes at once
        "a,b,c\n\na,b,c\n",
        ",,\n",
        '"","",""\n',
        "a,b,c\ra,b,c\n",
        "a,b,\0\n",
        "a,b,c",  # no line end
    ],
)
def test_what_is_in_doubt_is_left(text):
    assert quick(text) == ([], 0)


def test_a_spare_column_that_is_not_empty_is_left():
    assert quick("a,b,1,x\n", spare=True) == ([], 0)
    long = "x" * csv.field_size_limit()
    assert quick(f"a,b,{long}\n") == ([], 0)
    assert quick(f"a,b,{long[:-5]}\n")[1] > 0


def test_bytes_that_are_no_text_are_left():
    layout = Layout("utf-8", ",", 1, {"0": 0}, {}, None)
    assert not list(plain_blocks(BytesIO(b"\xff\n"), layout))
    assert [b.text["0"] for b in plain_blocks(BytesIO(b"a\nb\n"), layout)] == [["a", "b"]]


def test_blocks_follow_one_another_and_csv_takes_over(tmp_path, monkeypatch):
    """The first rows are plain, a row in the middle is not; line ends fall anywhere in a block."""
    monkeypatch.setattr(plain, "SIZE", 40)
    rows = [(f"{k:03d}", f"name {k % 7}", str(k)) for k in range(60)]
    rows[41] = ("041", 'a "quoted" name', "41")
    path = tmp_path / "a.csv"
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        csv.writer(file).writerows([("code", "name", "value"), *rows])
    seen = []
    table = text_table(path, ("utf-8",))
    found = columns(table, ["code", "name", "value"], numeric={"value": frozenset()}, advance=seen.append)
    assert list(zip(found["code"], found["name"], strict=True)) == [row[:2] for row in rows]
    assert found["value"].tolist() == [float(row[2]) for row in rows]
    assert sum(seen) == path.stat().st_size
    assert len(seen) > 10
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:51], b"051,name\r\n", *lines[52:]]))
    with pytest.raises(DataError, match=r"line 52 ends after 2 of 3 columns"):
        columns(table, ["code", "name", "value"], numeric={"value": frozenset()})
