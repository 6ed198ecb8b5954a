"""Public reports on the engines and programs beside, their situation made anew: docs/reliability lists them."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import exportlab as xl
from exportlab.errors import DataError
from exportlab.frames import to_pandas


def trade(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"market": ["A", "B", "C"], **columns})


@pytest.mark.parametrize("kind", ["int8", "uint8", "Int8", "int8[pyarrow]"])
def test_sums_of_small_integers_do_not_overflow(kind: str) -> None:
    flows = xl.flows(trade(value=pd.Series([100, 100, 50]).astype(kind)))
    assert xl.hhi(flows, over="market", by=[])["hhi"][0] == pytest.approx(0.36)


def test_integers_beyond_the_digits_of_floats_add_up_to_their_precision() -> None:
    flows = xl.flows(trade(value=[14, 2**54, 0]))
    assert xl.cr(flows, over="market", by=[], k=1)["cr"][0] == pytest.approx(2**54 / (2**54 + 14), rel=1e-15)


def test_categories_that_do_not_meet_make_no_groups() -> None:
    table = pd.DataFrame(
        {
            "exporter": pd.Categorical(["A", "A", "B"], ["A", "B", "Z"]),
            "market": pd.Categorical(["X", "Y", "X"], ["X", "Y", "W"]),
            "value": [1.0, 3.0, 2.0],
        }
    )
    found = xl.measure(xl.flows(table), ["hhi", "number_active"], over="market")
    assert found["exporter"].tolist() == ["A", "B"]
    assert found["hhi"].tolist() == pytest.approx([0.625, 1.0])
    assert found["number_active"].tolist() == [2, 1]


def test_nine_thousand_categories_have_their_figures() -> None:
    codes = pd.Categorical([f"firm {k:04d}" for k in range(9000)])
    found = xl.hhi(xl.flows(pd.DataFrame({"product": codes, "value": 2.0})), over="product", by=[])
    assert found["hhi"][0] == pytest.approx(1 / 9000)


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table])
def test_long_whole_numbers_stay_apart_as_labels(make: Any) -> None:
    first = 24_650_000_000_000_001
    table = make(
        {"exporter": [first, first + 1, first + 1], "market": ["X", "X", "Y"], "value": [1.0, 2.0, 2.0]}
    )
    found = xl.hhi(xl.flows(table), over="market")
    assert list(found["exporter"].to_pylist() if make is pa.table else found["exporter"]) == [
        first,
        first + 1,
    ]


@pytest.mark.parametrize("engine", ["pandas", "duckdb"])
def test_codes_in_files_keep_their_zeros(tmp_path: Path, engine: str) -> None:
    (tmp_path / "own.csv").write_text("hs,usd\n010121,5\n870323,15\n")
    flows = xl.read_flows(tmp_path / "own.csv", product="hs", value="usd", engine=engine)
    assert flows.members("product") == ("010121", "870323")


def test_thousands_with_decimals_are_numbers(tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text('hs,usd\n010121,"100,000.50"\n870323,"300,000.50"\n')
    flows = xl.read_flows(tmp_path / "own.csv", product="hs", value="usd")
    assert flows.table["usd"].tolist() == [100_000.5, 300_000.5]


def test_decimal_commas_hold_for_thousands_of_lines(tmp_path: Path) -> None:
    rows = "".join(f"firm {k};123,5\n" for k in range(3000))
    (tmp_path / "own.csv").write_text("product;usd\n" + rows)
    flows = xl.read_flows(tmp_path / "own.csv", value="usd")
    assert flows.table["usd"].sum() == 3000 * 123.5


def test_one_name_more_than_there_are_columns_is_refused(tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text("product,usd,note\nfirm a,1\nfirm b,2\n")
    with pytest.raises(DataError, match="line 2 ends after 2 of 3 columns"):
        xl.read_flows(tmp_path / "own.csv", value="usd")


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table])
def test_keys_that_are_missing_are_no_group_and_no_window(make: Any) -> None:
    table = make({"exporter": ["A", None, "B"], "market": ["X", "X", "Y"], "value": [1.0, 3.0, 2.0]})
    with pytest.raises(DataError, match="exporter 'exporter' is missing in 1 row"):
        xl.flows(table)


def test_rows_without_quantity_are_no_duplicates_on_arrow() -> None:
    table = pa.table(
        {"market": ["X", "Y"], "value": [1.0, 2.0], "quantity": pa.array([None, None], pa.float64())}
    )
    assert xl.hhi(xl.flows(table), over="market", by=[])["hhi"].to_pylist() == pytest.approx([5 / 9])


def priced(quantity: list[float | None], make: Any = pl.DataFrame) -> Any:
    """Two exporters of each product; the first sells at 2 whatever its quantity says, the second at 4."""
    n = len(quantity)
    table = {
        "exporter": ["A"] * n + ["B"] * n,
        "product": [f"firm {k:04d}" for k in range(n)] * 2,
        "value": [2.0] * n + [4.0] * n,
        "quantity": [*quantity, *[1.0] * n],
    }
    found = xl.relative_unit_value(xl.flows(make(table), quantity="quantity"))
    return to_pandas(found).set_index(["exporter", "product"])["relative_unit_value"]


def test_more_than_a_thousand_missing_quantities_have_no_unit_value() -> None:
    found = priced([None] * 1200)
    assert found["A"].isna().all()
    assert priced([1.0] * 1200)["A"].tolist() == pytest.approx([2 / 3] * 1200)


def test_a_missing_quantity_on_arrow_is_missing_in_its_own_row() -> None:
    found = priced([1.0, None, 2.0], lambda table: pa.Table.from_pandas(pd.DataFrame(table)))
    assert found["A"].isna().tolist() == [False, True, False]
    assert found["A"].iloc[2] == pytest.approx(1 / 2)  # 1 beside (2 + 4) / (2 + 1)


@pytest.mark.parametrize("lazy", [False, True])
def test_a_value_that_is_nan_in_a_sorted_column_is_refused(lazy: bool) -> None:
    table = pl.DataFrame({"market": ["A", "B", "C"], "value": [1.0, 2.0, float("nan")]}).sort("value")
    with pytest.raises(DataError, match="value 'value' is missing in 1 row"):
        xl.hhi(xl.flows(table.lazy() if lazy else table), over="market", by=[])


@pytest.mark.parametrize("lazy", [False, True])
def test_groups_by_category_keep_their_labels(lazy: bool) -> None:
    table = pl.DataFrame(
        {"exporter": ["one", "two", "two"], "market": ["X", "X", "Y"], "value": [5.0, 3.0, 1.0]}
    )
    table = table.with_columns(pl.col("exporter", "market").cast(pl.Categorical))
    found = xl.hhi(xl.flows(table.lazy() if lazy else table), over="market")
    found = (
        (found.collect() if lazy else found).with_columns(pl.col("exporter").cast(pl.String)).sort("exporter")
    )
    assert found["exporter"].to_list() == ["one", "two"]
    assert found["hhi"].to_list() == pytest.approx([1.0, 0.625])


def goods() -> pd.DataFrame:
    """Seven exporters, the first in nearly all products; the last exports something nobody else does."""
    rng = np.random.default_rng(1)
    made = np.triu(rng.uniform(1, 2, (7, 9)))
    made[6] = 0
    rows = [(f"E{i}", f"good {k}", made[i, k]) for i in range(7) for k in range(9) if made[i, k]]
    return pd.DataFrame([*rows, ("E6", "good own", 1.0)], columns=["exporter", "product", "value"])


def test_who_has_no_eci_is_not_ranked_first() -> None:
    found = xl.complexity(xl.flows(goods()))
    assert np.isnan(found.exporters.set_index("exporter")["eci"]["E6"])
    shown = found.summary().splitlines()
    assert "E6" in shown[-1]


def test_eci_rises_with_diversity() -> None:
    found = xl.complexity(xl.flows(goods()[lambda t: t["exporter"] != "E6"])).exporters
    assert np.corrcoef(found["eci"], found["diversity"])[0, 1] > 0


@pytest.mark.parametrize("precision", ["single", "double"])
def test_density_is_a_share(precision: str) -> None:
    near = xl.complexity(xl.flows(goods()), precision=precision).matrix("density").to_numpy()
    assert np.nanmin(near) >= 0
    assert np.nanmax(near) <= 1 + (1e-6 if precision == "single" else 1e-12)


def test_a_region_larger_than_its_country_leaves_a_refusal() -> None:
    table = goods()
    rest = table.assign(value=table["value"] - np.where(table["exporter"] == "E0", 1.5, 0.0))
    with pytest.raises(DataError, match="value 'value' is negative"):
        xl.complexity(xl.flows(rest))


def test_weights_of_zero_beside_trade_are_unknown() -> None:
    found = priced([0.0, 1.0], pd.DataFrame)
    assert found["A"].isna().tolist() == [True, False]


def test_the_same_demand_gives_the_same_content_again() -> None:
    Z = pd.DataFrame([[10.0, 5.0], [4.0, 20.0]], ["A_s", "B_s"], ["A_s", "B_s"])
    Y = pd.DataFrame([[30.0, 6.0], [5.0, 40.0]], ["A_s", "B_s"], ["A", "B"])
    made = xl.valueadded.InterCountryTable.from_frames(Z, Y)
    again = xl.valueadded.InterCountryTable.from_frames(Z, Y)
    np.testing.assert_array_equal(made.leontief.VB, again.leontief.VB)
    Z.iloc[0, 0] = 1e6  # the caller's frame is his own afterwards
    np.testing.assert_array_equal(made.Z[0], [10.0, 5.0])


def written(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def squares(flows: Any) -> float:
    return float(to_pandas(xl.hhi(flows, over="market", by=[]))["hhi"][0])


@pytest.mark.parametrize("engine", ["pandas", "polars", "duckdb"])
def test_namibia_is_no_missing_country(tmp_path: Path, engine: str) -> None:
    path = written(tmp_path / "own.csv", "market,value,quantity\nNA,5,NA\nZA,7,3\n")
    flows = xl.read_flows(path, quantity="quantity", engine=engine)  # type: ignore[arg-type]
    assert sorted(flows.members("market")) == ["NA", "ZA"]
    assert xl.country("NA").name == "Namibia"
    found = to_pandas(flows.table).set_index("market")["quantity"].astype(float)
    assert found.isna().to_dict() == {"NA": True, "ZA": False}


def sheet(path: Path, rows: list[list[Any]], *, merged: str = "", old: bool = False) -> Path:
    import openpyxl
    from openpyxl.utils.datetime import CALENDAR_MAC_1904

    book = openpyxl.Workbook()
    book.epoch = CALENDAR_MAC_1904 if old else book.epoch
    for row in rows:
        book.active.append(row)
    if merged:
        book.active.merge_cells(merged)
    book.save(path)
    return path


def test_namibia_is_no_missing_cell_of_a_workbook(tmp_path: Path) -> None:
    path = sheet(tmp_path / "own.xlsx", [["market", "value"], ["NA", 5.0], ["ZA", 7.0]])
    assert xl.read_flows(path).members("market") == ("NA", "ZA")


@pytest.mark.parametrize("old", [False, True])
def test_days_of_a_workbook_that_counts_from_1904_are_not_four_years_early(tmp_path: Path, old: bool) -> None:
    head, days = ["period", "market", "value"], [date(2021, m, 1) for m in (1, 2, 3)]
    typed = sheet(tmp_path / "typed.xlsx", [head, *([d, "DE", 1.0] for d in days)], old=old)
    assert [str(x)[:7] for x in xl.read_flows(typed).members("period")] == ["2021-01", "2021-02", "2021-03"]
    start = date(1904, 1, 1) if old else date(1899, 12, 30)
    bare = sheet(tmp_path / "bare.xlsx", [head, *([(d - start).days, "DE", 1.0] for d in days)], old=old)
    if old:
        with pytest.raises(
            DataError, match=r"row 2, column 'period': a day as a bare number .* in 3 rows. First: 42735"
        ):
            xl.read_flows(bare)
    else:
        found = xl.iso_periods(xl.read_flows(bare).table, "period")
        assert list(found.values()) == ["2021-01", "2021-02", "2021-03"]


def test_merged_cells_are_filled_where_that_is_said(tmp_path: Path) -> None:
    rows = [["exporter", "market", "value"], ["CHN", "DE", 1.0], [None, "FR", 3.0]]
    path = sheet(tmp_path / "own.xlsx", rows, merged="A2:A3")
    with pytest.raises(DataError, match=r"row 3, column 'exporter': empty. .* say fill_down='exporter'"):
        xl.read_flows(path)
    assert xl.read_flows(path, fill_down=["exporter"]).members("exporter") == ("CHN",)


def test_a_formula_without_its_result_is_not_taken_for_nothing(tmp_path: Path) -> None:
    path = sheet(tmp_path / "own.xlsx", [["market", "value"], ["DE", 1.0], ["FR", "=B2*2"]])
    with pytest.raises(
        DataError, match="row 3, column 'value': empty. A formula that was saved without its result"
    ):
        xl.read_flows(path)


@pytest.mark.parametrize("engine", ["pandas", "polars", "duckdb"])
@pytest.mark.parametrize("mark", ["\ufeff", "\u200b", "\u00ad", "\ufeff\ufeff"])
def test_marks_without_width_hide_no_column(tmp_path: Path, engine: str, mark: str) -> None:
    path = written(tmp_path / "own.csv", f"{mark}market,{mark}value\r\nDE,1\r\nFR,3\r\n")
    flows = xl.read_flows(path, engine=engine)  # type: ignore[arg-type]
    assert squares(flows) == 0.625
    in_memory = pd.DataFrame({f"{mark}market": ["DE", "FR"], "value": [1.0, 3.0]})
    assert xl.hhi(xl.flows(in_memory), over="market", by=[])["hhi"][0] == 0.625


@pytest.mark.parametrize("engine", ["pandas", "polars", "duckdb"])
def test_thousands_in_quotes_are_read_or_refused_with_the_engine_that_reads_them(
    tmp_path: Path, engine: str
) -> None:
    path = written(tmp_path / "own.csv", 'market,value\nDE,1000\nFR,"3,000"\n')
    if engine == "pandas":
        assert squares(xl.read_flows(path)) == 0.625
        return
    with pytest.raises(DataError, match="thousands separators are read with engine='pandas'"):
        squares(xl.read_flows(path, engine=engine))  # type: ignore[arg-type]


@pytest.mark.parametrize("n", [999, 2000])
def test_sums_of_decimals_are_none_of_their_own(n: int) -> None:
    table = pl.DataFrame(
        {"exporter": ["A", "B"] * (n // 2), "market": [f"m{i}" for i in range(n // 2 * 2)]}
    ).with_columns(value=pl.lit(Decimal("1.10")).cast(pl.Decimal(18, 2)))
    for made in (table, table.lazy(), table.to_arrow()):
        found = to_pandas(xl.hhi(xl.flows(made), over="market"))
        assert found["hhi"].tolist() == pytest.approx([1 / (n // 2)] * 2)


def test_names_of_markup_are_shown_as_they_are(tmp_path: Path) -> None:
    names = ["</script><script>alert(1)</script>", "A_B & C%", "$x$"]
    made = xl.typeset(pd.DataFrame({"market": names, "value": [1.0, 2.0, 3.0]}))
    html, tex = made.to_html(), made.to_latex()
    assert "<script" not in html
    assert r"A\_B \& C\%" in tex
    assert r"\$x\$" in tex


def test_a_reader_that_has_enough_is_no_error() -> None:
    command = [sys.executable, "-u", "-m", "exportlab", "indicators"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as made:
        assert made.stdout is not None
        assert made.stderr is not None
        made.stdout.readline()
        made.stdout.close()
        assert made.stderr.read() == b""
    assert made.returncode == 0
