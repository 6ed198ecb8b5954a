"""Readers of UN Comtrade and CEPII BACI: what adds up is kept, the rest is set aside and counted."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pandas as pd
import pytest

from exportlab.errors import DataError, OptionError
from exportlab.readers import read_baci, read_comtrade
from exportlab.readers.comtrade import REQUIRED, _family, is_comtrade

TOTALS = {
    "typeCode": "C",
    "freqCode": "A",
    "period": "2022",
    "reporterCode": "156",
    "reporterISO": "CHN",
    "flowCode": "X",
    "partnerCode": "392",
    "partnerISO": "JPN",
    "partnerDesc": "Japan",
    "partner2Code": "0",
    "classificationCode": "H6",
    "cmdCode": "010121",
    "cmdDesc": "Horses, pure-bred",
    "customsCode": "C00",
    "motCode": "0",
    "qty": "2",
    "netWgt": "10.5",
    "primaryValue": "100.25",
}


# the header of a download from the website, as it comes
HEADER = [
    "typeCode",
    "freqCode",
    "refPeriodId",
    "refYear",
    "refMonth",
    "period",
    "reporterCode",
    "reporterISO",
    "reporterDesc",
    "flowCode",
    "flowDesc",
    "partnerCode",
    "partnerISO",
    "partnerDesc",
    "partner2Code",
    "partner2ISO",
    "partner2Desc",
    "classificationCode",
    "classificationSearchCode",
    "isOriginalClassification",
    "cmdCode",
    "cmdDesc",
    "aggrLevel",
    "isLeaf",
    "customsCode",
    "customsDesc",
    "mosCode",
    "motCode",
    "motDesc",
    "qtyUnitCode",
    "qtyUnitAbbr",
    "qty",
    "isQtyEstimated",
    "altQtyUnitCode",
    "altQtyUnitAbbr",
    "altQty",
    "isAltQtyEstimated",
    "netWgt",
    "isNetWgtEstimated",
    "grossWgt",
    "isGrossWgtEstimated",
    "cifvalue",
    "fobvalue",
    "primaryValue",
    "legacyEstimationFlag",
    "isReported",
    "isAggregate",
]


def comtrade(path: Path, *rows: dict[str, str], drop: tuple[str, ...] = ()) -> Path:
    table = pd.DataFrame([TOTALS | row for row in rows]).drop(columns=list(drop))
    if path.suffix == ".json":
        records = [
            {
                k: float(v)
                if k in ("primaryValue", "qty", "netWgt")
                else int(v)
                if k.endswith("rCode")
                else v
                for k, v in row.items()
            }
            for row in table.to_dict("records")
        ]
        path.write_text(json.dumps({"count": len(records), "data": records, "error": ""}))
    else:
        table.to_csv(path, index=False)
    return path


MIXED = (
    {},
    {"cmdCode": "851712", "primaryValue": "50"},
    {"partnerCode": "842", "partnerISO": "USA", "cmdCode": "851712", "primaryValue": "30"},
    {"partnerCode": "0", "partnerISO": "W00", "cmdCode": "851712", "primaryValue": "80"},
    {"cmdCode": "01", "primaryValue": "100.25"},
    {"cmdCode": "85", "primaryValue": "50"},
    {"cmdCode": "TOTAL", "primaryValue": "150.25"},
    {"flowCode": "M", "primaryValue": "7"},
    {"motCode": "2100", "primaryValue": "60.25"},
    {"customsCode": "C01", "primaryValue": "20"},
    {"partner2Code": "702", "primaryValue": "9"},
)


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_comtrade_sets_aside_what_would_be_counted_twice_and_counts_it(tmp_path, kind):
    flows = read_comtrade(comtrade(tmp_path / f"a.{kind}", *MIXED))
    assert flows.table.to_dict("list") == {
        "period": ["2022"] * 3,
        "reporterCode": ["CHN"] * 3,
        "partnerCode": ["JPN", "JPN", "USA"],
        "cmdCode": ["010121", "851712", "851712"],
        "primaryValue": [100.25, 50.0, 30.0],
        "netWgt": [10.5] * 3,
    }
    assert flows.unit == "USD"
    assert flows.quantity_unit == "kg"
    account = flows.reading.table.set_index("reason")
    assert account["rows"].to_dict() == {
        "in the flows": 3,
        "flow M": 1,
        "broken down by second partner": 1,
        "broken down by customs procedure": 1,
        "broken down by mode of transport": 1,
        "partner World": 1,
        "products of 2 digits": 2,
        "all products (TOTAL)": 1,
    }
    assert account["rows"].sum() == flows.reading.rows == len(MIXED)
    assert account.loc["products of 2 digits", "value"] == 150.25
    assert flows.reading.rows_aside("partner World")["primaryValue"].tolist() == [80.0]
    assert "8 rows set aside, see .reading" in repr(flows)
    with pytest.raises(KeyError, match=r"no reason for rows set aside named 'partner world'\. Did you mean"):
        flows.reading.rows_aside("partner world")
    assert flows.reading.labels["product"].iloc[0].tolist() == ["010121", "Horses, pure-bred"]


def test_comtrade_other_flow_level_labels_and_quantity(tmp_path):
    path = comtrade(tmp_path / "a.csv", *MIXED)
    assert read_comtrade(path, flow="M").table["primaryValue"].tolist() == [7.0]
    two = read_comtrade(path, level=2, labels="name", quantity="qty")
    assert two.table["cmdCode"].tolist() == ["01", "85"]
    assert set(two.table["partnerCode"]) == {"Japan"}
    assert two.table["qty"].tolist() == [2.0, 2.0]
    assert set(read_comtrade(path, labels="code", quantity=None).table["partnerCode"]) == {"392", "842"}
    with pytest.raises(
        DataError, match=r"no product code has 4 digits\. The files have codes of \[2, 6\] digits"
    ):
        read_comtrade(path, level=4)
    with pytest.raises(
        DataError, match=r"no row has flowCode 'RX'\. The files have: M \(1 rows\), X \(10 rows\)"
    ):
        read_comtrade(path, flow="RX")
    with pytest.raises(OptionError, match="labels='ISO3' is not allowed"):
        read_comtrade(path, labels="ISO3")


def test_comtrade_world_or_total_alone_is_the_data(tmp_path):
    world = [{"partnerCode": "0", "partnerISO": "W00", "cmdCode": c} for c in ("01", "02")]
    flows = read_comtrade(comtrade(tmp_path / "a.csv", *world))
    assert list(flows.roles) == ["period", "exporter", "product", "value", "quantity"]
    assert not flows.reading.aside
    total = [{"partnerCode": p, "cmdCode": "TOTAL"} for p in ("392", "842", "490", "899")]
    flows = read_comtrade(comtrade(tmp_path / "b.csv", *total, drop=("partnerISO",)))
    assert list(flows.roles) == ["period", "exporter", "market", "value", "quantity"]
    assert flows.table["partnerCode"].tolist() == ["JPN", "USA", "TWN", "899"]
    left = "1 row, 25.0% of the value, left over: in the total, and no member"
    assert flows.reading.notes == ("classification H6", f"partner codes of no country: 899 ({left})")
    assert flows.residuals("market") == ("899",)


def test_comtrade_iso_columns_months_tabs_and_a_stray_last_comma(tmp_path):
    path = tmp_path / "a.txt"
    header = "period\treporterISO\tpartnerISO\tflowCode\tcmdCode\tprimaryValue"
    path.write_text(f"{header}\n202205\tCHN\tJPN\tX\t010121\t5\n202205\tCHN\tW00\tX\t010121\t9\n")
    flows = read_comtrade(path)
    assert flows.table.to_numpy().tolist() == [
        ["2022-05", "CHN", "JPN", "010121", 5.0],
        ["2022-05", "CHN", "World (rest)", "010121", 4.0],
    ]
    assert flows.reading.table["rows"].tolist() == [2]
    comma = tmp_path / "b.csv"
    pd.DataFrame([dict.fromkeys(HEADER, "") | TOTALS]).to_csv(comma, index=False)
    head, row = comma.read_text().splitlines()
    comma.write_text(f"{head}\n{row},\n")
    assert read_comtrade(comma).table["primaryValue"].tolist() == [100.25]


def test_comtrade_files_of_before_and_names_as_r_writes_them(tmp_path):
    """The header of the service until 2023, in its own encoding; comtradr's names, with NA, from write.csv."""
    head = (
        "Classification,Year,Period,Period Desc.,Aggregate Level,Is Leaf Code,Trade Flow Code,Trade Flow,Reporter Code,"
        "Reporter,Reporter ISO,Partner Code,Partner,Partner ISO,Commodity Code,Commodity,Qty Unit Code,Qty Unit,Qty,"
        "Netweight (kg),Trade Value (US$),Flag"
    )
    rows = [
        "H4,2014,2014,2014,6,1,2,Export,156,China,CHN,384,C\u00f4te d'Ivoire,CIV,010121,Horses,5,Items,2,,70,0",
        "H4,2014,2014,2014,6,1,2,Export,156,China,CHN,0,World,WLD,010121,Horses,5,Items,2,,70,0",
        "H4,2014,2014,2014,6,1,1,Import,156,China,CHN,384,C\u00f4te d'Ivoire,CIV,010121,Horses,5,Items,2,,9,0",
        "H4,2014,2014,2014,6,1,3,Re-Export,156,China,CHN,384,C\u00f4te d'Ivoire,CIV,010121,Horses,5,Items,2,,3,0",
    ]
    (tmp_path / "old.csv").write_bytes("\r\n".join([head, *rows, ""]).encode("cp1252"))
    flows = read_comtrade(tmp_path / "old.csv")
    assert flows.table[
        ["period", "reporterCode", "partnerCode", "cmdCode", "primaryValue"]
    ].to_numpy().tolist() == [["2014", "CHN", "CIV", "010121", 70.0]]
    assert flows.reading.table["reason"].tolist()[1:] == ["flow M", "flow RX", "partner World"]
    assert read_comtrade(tmp_path / "old.csv", flow="RX").table["primaryValue"].tolist() == [3.0]
    assert read_comtrade(tmp_path / "old.csv", labels="name").table["partnerCode"].tolist() != ["CIV"]
    r = pd.DataFrame([TOTALS | {"netWgt": "NA"}])
    r.columns = [re.sub(r"(?<=[a-z2])(?=[A-Z])", "_", c).lower() for c in r]
    assert {"primary_value", "net_wgt", "partner2_code", "reporter_iso"} <= set(r)
    r.to_csv(tmp_path / "r.csv", quoting=csv.QUOTE_NONNUMERIC)
    table = read_comtrade(tmp_path / "r.csv").table
    assert table["primaryValue"].tolist() == [100.25]
    assert table["netWgt"].isna().all()
    r["primaryValue"] = 1
    r.to_csv(tmp_path / "r.csv")
    with pytest.raises(DataError, match="two columns named 'primaryValue'"):
        read_comtrade(tmp_path / "r.csv")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            ({"motCode": "2100"}, {"motCode": "1000"}),
            r"mode of transport have no total \(motCode 0\) in 2 rows\. First: period='2022', "
            r"reporterCode='156', partnerCode='392', cmdCode='010121', motCode='2100'\. Ask for the total",
        ),
        (
            ({}, {"classificationCode": "S4", "cmdCode": "00150"}),
            "classificationCode 'H6' beside 'S4' for period='2022'",
        ),
        (({}, {"typeCode": "S"}), "typeCode 'C' beside 'S'"),
        (
            ({"classificationCode": "B4", "cmdCode": "11"}, {"classificationCode": "B4", "cmdCode": "111"}),
            r"codes of \[2, 3\] digits stand side by side, in a classification whose parts are not known",
        ),
        (({}, {}), "several rows have one cell .* in 2 rows"),
        (({}, {"period": "202201"}), "mixes years and months"),
        (({"period": "22"},), "period is neither a year nor a month in 1 row. First: '22'"),
        (({"primaryValue": ""},), r"line 2, column 'primaryValue': empty, where a number is needed"),
        (({"primaryValue": "-1"},), "value 'primaryValue' is negative in 1 row"),
    ],
)
def test_comtrade_refuses_what_does_not_add_up(tmp_path, rows, message):
    with pytest.raises(DataError, match=message):
        read_comtrade(comtrade(tmp_path / "a.csv", *rows))


def test_comtrade_refuses_cut_wrong_and_uneven_files(tmp_path):
    path = comtrade(tmp_path / "a.json", *MIXED)
    whole = path.read_text()
    for content, message in (
        (whole[:-30], r"is not whole JSON\. First: line 1, column [\d,]+: .*cut short"),
        (whole.replace('"count": 11', '"count": 500'), r"counts 500 records and holds 11"),
        (
            '{"data": [], "error": "quota exceeded"}',
            r"no records under 'data', but the error 'quota exceeded'",
        ),
        ("[1, 2]", "holds no records"),
        (whole.replace("100.25", '"much"', 1), r"record 1, 'primaryValue': no number\. First: 'much'"),
        (whole.replace('"cmdCode": "851712"', '"code": "851712"', 1), r"record 2 has no 'cmdCode'"),
    ):
        path.write_text(content)
        with pytest.raises(DataError, match=message):
            read_comtrade(path)
    path.write_bytes(b"\xff\xfe\x00\x93")
    with pytest.raises(DataError, match=r"is not (JSON text|whole JSON)"):
        read_comtrade(path)
    path.unlink()
    comtrade(tmp_path / "a.csv", {})
    comtrade(tmp_path / "b.csv", {"period": "2023"}, drop=("motCode",))
    with pytest.raises(DataError, match=r"b\.csv' has no column 'motCode', though 1 other file has it"):
        read_comtrade(tmp_path)


BACI = "t,i,j,k,v,q\n2022,156,392,010121,12.5,3.25\n2022,156,842,851712,40.0,NA\n2022,58,490,010121,   9.000,   NA\n"


@pytest.fixture
def baci(tmp_path) -> Path:
    (tmp_path / "BACI_HS92_Y2022_V202501.csv").write_text(BACI)
    (tmp_path / "BACI_HS92_Y2023_V202501.csv").write_text(BACI.replace("2022,", "2023,"))
    (tmp_path / "country_codes_V202501.csv").write_text(
        "country_code,country_name,country_iso2,country_iso3\n58,Belgium-Luxembourg,BX,BLX\n156,China,CN,CHN\n"
    )
    return tmp_path


def as_dicts(flows) -> list[tuple]:
    native = flows.table
    frame = native if isinstance(native, pd.DataFrame) else native.df()
    frame = frame.sort_values(["t", "i", "j", "k"])[["t", "i", "j", "k", "v", "q"]]
    return [tuple(None if x != x else x for x in row) for row in frame.itertuples(index=False)]


@pytest.mark.parametrize("engine", ["pandas", "duckdb"])
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_baci_is_the_same_on_each_engine_and_kind(baci, engine, kind):
    pytest.importorskip("duckdb")
    pytest.importorskip("pyarrow")
    if kind == "parquet":  # as people convert it: codes read as whole numbers, zeros lost
        for file in baci.glob("BACI*.csv"):
            pd.read_csv(file, skipinitialspace=True).to_parquet(file.with_suffix(".parquet"))
            file.unlink()
    flows = read_baci(baci, engine=engine)
    assert as_dicts(flows) == [
        row
        for t in (2022, 2023)
        for row in (
            (t, "BLX", "TWN", "010121", 9.0, None),
            (t, "CHN", "JPN", "010121", 12.5, 3.25),
            (t, "CHN", "USA", "851712", 40.0, None),
        )
    ]
    assert flows.lazy == (engine == "duckdb")
    assert flows.reading.rows == (None if flows.lazy else 6)
    assert (flows.unit, flows.quantity_unit, flows.source) == (
        "thousand USD",
        "tonnes",
        "CEPII BACI HS92 V202501",
    )
    total = flows.cells("period").to_native()
    total = total if isinstance(total, pd.DataFrame) else total.df()
    assert total["value"].tolist() == [61.5, 61.5]


def test_baci_labels(baci):
    assert {row[1] for row in as_dicts(read_baci(baci, engine="pandas", labels="name"))} == {
        "Belgium-Luxembourg",
        "China",
    }
    assert {row[2] for row in as_dicts(read_baci(baci, engine="pandas", labels="code"))} == {
        "392",
        "842",
        "490",
    }
    older = "country_code,country_name_abbreviation,country_name_full,iso_2digit_alpha,iso_3digit_alpha\n"
    (baci / "country_codes_V202501.csv").write_bytes(
        f"{older}384,C\u00f4te d'Ivoire,C\u00f4te d'Ivoire,CI,CIV\n58,Belgium-Luxembourg,B,BX,BLX\n".encode(
            "cp1252"
        )
    )  # as releases until 2023 have it
    assert {row[1] for row in as_dicts(read_baci(baci, engine="pandas"))} == {"CHN", "BLX"}
    (baci / "country_codes_V202501.csv").unlink()
    assert {row[1] for row in as_dicts(read_baci(baci, engine="pandas"))} == {"CHN", "BLX"}


@pytest.mark.parametrize("engine", ["pandas", "duckdb"])
def test_baci_refuses(baci, engine):
    pytest.importorskip("duckdb")
    other = baci / "BACI_HS12_Y2022_V202501.csv"
    other.write_text(BACI)
    with pytest.raises(DataError, match=r"files of 2 HS revisions of BACI together: \['12', '92'\]"):
        read_baci(baci, engine=engine)
    other.rename(baci / "BACI_HS92_Y2022_V202401.csv")
    with pytest.raises(DataError, match="files of 2 releases of BACI together"):
        read_baci(baci, engine=engine)
    (baci / "BACI_HS92_Y2022_V202401.csv").unlink()
    late = baci / "BACI_HS92_Y2023_V202501.csv"
    late.write_text(BACI.replace("v,q", "value,q"))
    with pytest.raises(DataError, match=r"Y2023_V202501\.csv' has no column 'v', though 1 other file has it"):
        read_baci(baci, engine=engine)
    late.write_text(BACI.replace("12.5", "-12.5").replace("2022,", "2023,"))
    with pytest.raises(DataError, match="value 'v' is negative in 1 row"):
        read_baci(baci, engine=engine).cells("period")
    late.write_text(BACI)
    with pytest.raises(DataError, match=r"several rows have one cell .* in 6 rows"):
        read_baci(baci, engine=engine).cells("period")
    with pytest.raises(DataError, match="no BACI file among those named"):
        read_baci(baci / "country_codes_V202501.csv", engine=engine)


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_a_download_with_nothing_but_the_columns_needed_is_comtrade_s(tmp_path, kind):
    row = dict.fromkeys(REQUIRED, "1")
    for names, known in ((REQUIRED, True), (REQUIRED[1:], False)):
        table, path = pd.DataFrame([{n: row[n] for n in names}]), tmp_path / f"{len(names)}.{kind}"
        table.to_csv(path, index=False) if kind == "csv" else table.to_json(path, orient="records")
        assert is_comtrade(str(path)) == known


@pytest.mark.parametrize(
    ("codes", "family"),
    [
        (["H5"], "HS2017"),
        (["H4", "H5"], "HS"),
        (["H5", "HS"], "HS"),
        (["H5", "S4"], None),
        (["S3", "S4"], "SITC"),
    ],
)
def test_the_nomenclature_of_files_of_several_editions_is_their_family(codes, family):
    assert _family(pd.DataFrame({"classificationCode": codes})) == family
