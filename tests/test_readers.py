"""Readers of customs downloads: what comes back is what was written, and what is malformed is refused by its place."""

from __future__ import annotations

import gzip
import subprocess
import sys
from pathlib import Path

import customs
import numpy as np
import pandas as pd
import pytest

from exportlab.classifications import resolve
from exportlab.errors import DataError, OptionError
from exportlab.flow_table import Flows
from exportlab.readers import read_gacc

KEYS = ["数据年月", "注册地名称", "贸易伙伴名称", "商品编码", "贸易方式名称"]


@pytest.fixture(scope="module")
def drawn() -> pd.DataFrame:
    return customs.draw(600, 5, places=("21", "22"), products=40, partners=30)


def as_read(table: pd.DataFrame, money: str = "美元") -> pd.DataFrame:
    kept = table[[*KEYS[:1], *KEYS[1:4], money, "第一数量", KEYS[4], "第一计量单位"]].copy()
    kept["数据年月"] = [f"{m[:4]}-{m[4:]}" for m in kept["数据年月"]]
    return kept


def gacc_text(*lines: str, header: str = "数据年月,商品编码,贸易伙伴名称,贸易方式名称,美元,") -> bytes:
    return ("\n".join([header, *lines]) + "\n").encode("gb18030")


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8", "utf-8-sig"])
@pytest.mark.parametrize("thousands", [True, False])
@pytest.mark.parametrize("empty_last_column", [True, False])
def test_gacc_gives_back_what_was_written(tmp_path, drawn, encoding, thousands, empty_last_column):
    path = customs.write(
        drawn,
        tmp_path / "a.csv",
        encoding=encoding,
        shuffle=3,
        thousands=thousands,
        empty_last_column=empty_last_column,
    )
    flows = read_gacc(path)
    assert isinstance(flows, Flows)
    assert flows.unit == "USD"
    assert flows.keys == ("贸易方式名称", "第一计量单位")
    assert flows.roles == {
        "period": "数据年月",
        "exporter": "注册地名称",
        "market": "贸易伙伴名称",
        "product": "商品编码",
        "value": "美元",
        "quantity": "第一数量",
    }
    pd.testing.assert_frame_equal(flows.table, as_read(drawn), check_dtype=False)
    assert all(isinstance(code, str) and len(code) == 8 for code in flows.table["商品编码"])
    assert any(code.startswith("0") for code in flows.table["商品编码"])


def test_gacc_keeps_product_names_and_units_by_code(tmp_path, drawn):
    flows = read_gacc(customs.write(drawn, tmp_path / "a.csv"))
    names = flows.reading.labels["product"]
    assert set(names["商品名称"]) == {f"第{code}号商品, 未列名" for code in drawn["商品编码"]}
    assert names["商品编码"].is_unique
    assert flows.quantity_unit == "第一计量单位"
    assert flows.quantity_keys == ("第一计量单位",)
    assert set(flows.reading.labels["quantity"]["第一计量单位"]) == {"台", "千克"}
    one = drawn[drawn["第一计量单位"] == "台"]
    assert read_gacc(customs.write(one, tmp_path / "b.csv")).quantity_unit == "台"


def test_gacc_sums_rows_that_differ_by_regime_and_place(tmp_path, drawn):
    flows = read_gacc(customs.write(drawn, tmp_path / "a.csv"))
    cells = flows.cells("period", "market", "product").to_native()
    by_hand = drawn.groupby(["数据年月", "贸易伙伴名称", "商品编码"])["美元"].sum()
    assert len(cells) == len(by_hand) < len(drawn)
    assert sorted(cells["value"]) == sorted(by_hand)


def test_gacc_partner_names_are_known_and_returns_to_china_stay(tmp_path, drawn):
    flows = read_gacc(customs.write(drawn, tmp_path / "a.csv"))
    markets = set(flows.table["贸易伙伴名称"])
    assert "中国" in markets
    assert all(resolve(market) for market in markets)


def test_gacc_reads_many_files_globs_and_folders(tmp_path, drawn):
    files = [
        customs.write(part, tmp_path / f"{month}.csv", shuffle=i, encoding=["gb18030", "utf-8"][i % 2])
        for i, (month, part) in enumerate(drawn.groupby("数据年月"))
    ]
    whole = as_read(drawn).sort_values(KEYS, ignore_index=True)
    for paths in (files, tmp_path, str(tmp_path / "*.csv"), [str(f) for f in files] + [files[0]]):
        flows = read_gacc(paths)
        assert flows.reading.files == tuple(files)
        pd.testing.assert_frame_equal(
            flows.table.sort_values(KEYS, ignore_index=True), whole, check_dtype=False
        )
    assert flows.source == f"China Customs online query, {len(files)} files"
    assert flows.reading.rows == len(drawn)


def test_gacc_reads_gzip_and_yuan(tmp_path):
    table = customs.draw(50, 1, unit="CNY")
    plain = customs.write(table, tmp_path / "a.csv")
    packed = tmp_path / "a.csv.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    flows = read_gacc(packed)
    assert flows.unit == "CNY"
    assert flows.table["人民币"].tolist() == table["人民币"].tolist()
    packed.write_bytes(packed.read_bytes()[:-40])
    with pytest.raises(DataError, match=r"a\.csv\.gz' is not a whole gzip file\. It was cut short"):
        read_gacc(packed)


def test_gacc_query_for_one_place_takes_its_label(tmp_path, drawn):
    one = drawn[drawn["注册地名称"] == "辽宁省"]
    path = customs.write(one.drop(columns=["注册地名称", "注册地编码"]), tmp_path / "a.csv")
    assert "exporter" not in read_gacc(path).roles
    flows = read_gacc(path, exporter="辽宁省")
    assert set(flows.table["注册地名称"]) == {"辽宁省"}
    assert flows.roles["exporter"] == "注册地名称"
    named = customs.write(drawn, tmp_path / "b.csv")
    with pytest.raises(OptionError, match=r"these have it, with 2 labels such as '吉林省'\. Leave exporter="):
        read_gacc(named, exporter="辽宁省")


def test_gacc_a_query_may_leave_out_breakdowns(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(gacc_text("日本,5", "美国,7", header="贸易伙伴名称,美元"))
    flows = read_gacc(path, period="2023", exporter="辽宁省")
    assert list(flows.roles) == ["period", "exporter", "market", "value"]
    assert flows.table.iloc[0].tolist() == ["2023", "辽宁省", "日本", 5.0]
    assert flows.keys == ()
    assert "the query was not broken down by 商品编码" in flows.reading.summary()
    path.write_bytes(gacc_text("202301,01012100,马,5", header="数据年月,商品编码,商品名称,人民币"))
    flows = read_gacc(path)
    assert list(flows.roles) == ["period", "product", "value"]
    assert flows.unit == "CNY"
    with pytest.raises(
        OptionError, match=r"period='2023' labels files without the column '数据年月'; these have it"
    ):
        read_gacc(path, period="2023")


def test_gacc_refuses_yuan_beside_dollars(tmp_path, drawn):
    a = customs.write(drawn, tmp_path / "a.csv")
    b = customs.write(drawn.rename(columns={"美元": "人民币"}), tmp_path / "b.csv")
    with pytest.raises(
        DataError, match=r"CNY beside USD: 1 files have 人民币, 1 have 美元\. First: '.*b\.csv'"
    ):
        read_gacc([a, b])
    both = customs.write(drawn.assign(人民币=7 * drawn["美元"]), tmp_path / "c.csv")
    with pytest.raises(OptionError, match="both 人民币 and 美元: say unit='CNY' or unit='USD'"):
        read_gacc(both)
    assert read_gacc(both, unit="CNY").table["人民币"].sum() == 7 * drawn["美元"].sum()


def test_gacc_refuses_the_same_download_twice_unless_told_to_add(tmp_path, drawn):
    files = [customs.write(drawn, tmp_path / name) for name in ("a.csv", "b.csv")]
    with pytest.raises(DataError, match=r"several rows have one cell .*贸易方式名称.* in 1,200 rows"):
        read_gacc(files)
    summed = read_gacc(files, aggregate="sum")
    assert summed.cells().to_native()["value"].tolist() == [2 * drawn["美元"].sum()]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (gacc_text("202301,01012100,日本,一般贸易,12x,"), r"line 2, column '美元': no number\. First: '12x'"),
        (
            gacc_text('202301,01012100,日本,一般贸易,"1,23",'),
            r"line 2, column '美元': no number\. First: '1,23'",
        ),
        (
            gacc_text("202301,01012100,日本,一般贸易,,"),
            r"line 2, column '美元': empty, where a number is needed",
        ),
        (gacc_text("202301,01012100,日本,一般贸易,nan,"), r"column '美元': no number\. First: 'nan'"),
        (gacc_text("202301,01012100,日本,一般贸易,inf,"), r"column '美元': no number\. First: 'inf'"),
        (gacc_text("202301,01012100,日本,一般贸易,１２,"), r"column '美元': no number"),
        (gacc_text("202301,01012100,日本,一般贸易,-5,"), r"value '美元' is negative in 1 row\. First: row 1"),
        (gacc_text("202301,01012100,日本,一般贸易,0,"), r"all 1 values are zero"),
        (
            gacc_text("202313,01012100,日本,一般贸易,5,"),
            r"line 2, column '数据年月': neither a month nor a year",
        ),
        (gacc_text("202301,,日本,一般贸易,5,"), r"line 2, column '商品编码': empty"),
        (
            gacc_text("202301,01012100,日本,一般贸易,5,", "", "202302,01012100,,一般贸易,5,"),
            r"line 4, column '贸易伙伴名称': empty",
        ),
        (
            gacc_text("202301,01012100,日本,一般贸易,5,", "2023,01012100,日本,一般贸易,5,"),
            r"mixes years and months",
        ),
        (
            gacc_text(
                "202301,01012100,日本,一般贸易,5,",
                "202301,01012100,东盟,一般贸易,5,",
                "202301,01012100,越南,一般贸易,5,",
            ),
            r"overlap: 1 pair\. First: '东盟' beside '越南'",
        ),
        (gacc_text("202301,01012100,全部,一般贸易,5,"), r"totals"),
        (
            gacc_text("202301,01012100,日本,一般贸易,5,", "202301,01012100,美国,一般"),
            r"line 3 ends after 4 of 6 columns, at '贸易方式名称'\. First: '202301,01012100,美国,一般'",
        ),
        (
            gacc_text("202301,01012100,日本,一般贸易,5,", "202301,01012100,美国,一般贸易,1,234,"),
            r"line 3 has 7 columns, not 6.*needs quotes around it",
        ),
        (
            gacc_text("202301,01012100,日本,一般贸易,5,", '202301,01012100,美国,一般贸易,"1,2'),
            r"a quote that is never closed.* in the row that begins in line 3",
        ),
        (gacc_text(), r"has a header and no rows"),
        (b"", r"is empty"),
        (bytes(range(256)) * 20, r"is not a text file: it has zero bytes"),
        (b"\xff\xff\xff\xff,\xff", r"is not written in utf-8 or gb18030\. First: .*byte 0xff in line 1"),
        ("数据年月,美元\n202301,5\n".encode("utf-16"), r"is UTF-16 text"),
        (gacc_text("x", header="数据年月,商品编码,金额"), r"no column 人民币 or 美元\. It has: \['数据年月'"),
        (
            gacc_text("x", header="数据年月,商品编码,贸易伙伴编码,美元"),
            r"no column '贸易伙伴名称'\. It has: \['数据年月'",
        ),
        (gacc_text("x", header="数据年月,商品名称,美元"), r"no column '商品编码'"),
        (gacc_text("x", header="数据年月,美元"), r"no column '商品编码'"),
        (gacc_text("x", header="商品编码,美元"), r"no column '数据年月'"),
        (gacc_text("x", header="数据年月,商品编码,美元,美元"), r"two columns named '美元'"),
    ],
)
def test_gacc_names_file_line_column_and_text(tmp_path, content, message):
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_gacc(path)


@pytest.mark.parametrize("tail", ["", ","])
@pytest.mark.parametrize(
    "lines",
    [
        ['202301,01012100,日本,一般贸易,"1,234"', "202301,01012100,美国,一般贸易,567"],
        ["202301,01012100,日本,一般贸易,1234"],
    ],
)
def test_gacc_a_file_cut_anywhere_never_gives_a_wrong_number(tmp_path, lines, tail):
    header = "数据年月,商品编码,贸易伙伴名称,贸易方式名称,美元"
    whole = "".join(line + tail + "\n" for line in (header, *lines)).encode("gb18030")
    path, accepted = tmp_path / "half.csv", 0
    for length in range(1, len(whole) + 1):
        path.write_bytes(whole[:length])
        try:
            flows = read_gacc(path)
        except DataError:
            continue
        accepted += 1
        assert flows.table["美元"].tolist() in ([1234.0], [1234.0, 567.0])
    assert accepted <= 3 * len(lines)  # the ends of whole rows only


def test_gacc_line_numbers_hold_beyond_one_step_and_with_line_breaks_in_quotes(tmp_path, monkeypatch):
    monkeypatch.setattr("exportlab.files.delimited.ROWS", 2)
    rows = [f'202301,0101210{i},日本,"一般\n贸易",{i + 1},' for i in range(5)]
    path = tmp_path / "a.csv"
    path.write_bytes(gacc_text(*rows, "202301,99999999,日本,一般贸易,x,"))
    with pytest.raises(DataError, match=r"line 12, column '美元'"):
        read_gacc(path)


def test_gacc_a_column_missing_in_one_file_names_the_file(tmp_path, drawn):
    customs.write(drawn, tmp_path / "a.csv")
    customs.write(drawn.drop(columns="贸易方式名称"), tmp_path / "b.csv")
    with pytest.raises(DataError, match=r"b\.csv' has no column '贸易方式名称', though 1 other file has it"):
        read_gacc(tmp_path)


def test_no_match_lists_what_is_there(tmp_path):
    (tmp_path / "notes.docx").write_bytes(b"x")
    (tmp_path / "sub").mkdir()
    there = r"The folder '.*' holds: notes\.docx, sub/\."
    for paths in (tmp_path, str(tmp_path / "*.csv"), tmp_path / "b.csv"):
        with pytest.raises(DataError, match=there):
            read_gacc(paths)
    with pytest.raises(DataError, match=r"holds: nothing"):
        read_gacc(tmp_path / "sub")
    with pytest.raises(DataError, match=r"There is no folder '.*gone' either"):
        read_gacc(tmp_path / "gone" / "a.csv")
    with pytest.raises(DataError, match="no file is named"):
        read_gacc([])


def test_a_folder_with_an_unfinished_download_is_refused(tmp_path, drawn):
    customs.write(drawn, tmp_path / "a.csv")
    (tmp_path / "b.csv.crdownload").write_bytes(b"x")
    with pytest.raises(DataError, match=r"1 unfinished download\. First: b\.csv\.crdownload"):
        read_gacc(tmp_path)


def test_gacc_other_encoding_must_be_named(tmp_path, drawn):
    path = customs.write(drawn, tmp_path / "a.csv", encoding="utf-16")
    assert read_gacc(path, encoding="utf-16").reading.rows == len(drawn)
    with pytest.raises(DataError, match="say encoding='utf-16'"):
        read_gacc(path)


def test_gacc_same_seed_same_file_and_progress_stays_off_without_a_terminal(tmp_path, capfd):
    script = Path(customs.__file__)
    for name in ("a.csv", "b.csv"):
        subprocess.run([sys.executable, script, tmp_path / name, "300", "7"], check=True)
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    flows = read_gacc(tmp_path / "a.csv")
    assert flows.reading.rows == 300
    assert np.isfinite(flows.table["美元"]).all()
    assert capfd.readouterr().err == ""


def test_progress_is_shown_on_terminals(tmp_path, drawn, capfd, monkeypatch):
    path = customs.write(drawn, tmp_path / "a.csv")
    monkeypatch.setattr("rich.console.Console.is_terminal", True)
    read_gacc(path)
    assert "Reading customs files" in capfd.readouterr().err
    read_gacc(path, progress=False)
    assert "Reading" not in capfd.readouterr().err


def test_importing_the_readers_loads_no_engine():
    engines = ("pandas", "duckdb", "polars", "rich")
    script = f"import sys, exportlab.readers; print([m for m in {engines} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1,234,567.89", 1234567.89),
        ("1234", 1234.0),
        ("5.", 5.0),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("+3", 3.0),
        (" 7 ", 7.0),
        *(
            (wrong, None)
            for wrong in (
                "1,2345",
                ",123",
                "1,,234",
                "1.2.3",
                ".",
                "+",
                "-",
                "1_000",
                "0x1",
                "1e",
                "12 3",
                "1.234,5",
                "¥5",
                "NaN",
            )
        ),
    ],
)
def test_numbers_are_read_strictly(tmp_path, text, number):
    path = tmp_path / "a.csv"
    path.write_bytes(gacc_text(f'202301,01012100,日本,一般贸易,"{text}",'))
    if number is None:
        with pytest.raises(DataError, match="line 2, column '美元': no number"):
            read_gacc(path)
    else:
        assert read_gacc(path).table["美元"].tolist() == [number]
