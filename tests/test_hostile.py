"""An adversary at every door: a right answer or an error of the package's own, never anything else."""

from __future__ import annotations

import ast
import gzip
import re
from pathlib import Path

import duckdb
import hostile
import numpy as np
import pandas as pd
import polars as pl
import pytest
import tries
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from parsed import nodes_of

import exportlab as xl
from exportlab import frames, words
from exportlab.cli import explained
from exportlab.errors import DataError, EngineError, ExportlabError, OptionError, UnknownName
from exportlab.panel import PolicyPanel
from exportlab.valueadded import IOTable
from exportlab.valueadded.layout import numeric

few = tries.at_most(
    40,
    database=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.function_scoped_fixture,
        HealthCheck.filter_too_much,
    ],
)


# ---- doors -----------------------------------------------------------------------------------------------


@few
@given(hostile.flow_tables)
def test_flows(table):
    hostile.civil(lambda: hostile.flows_door(table))


@few
@given(hostile.panel_tables)
def test_panel(table):
    hostile.civil(lambda: hostile.panel_door(table))


@few
@given(hostile.gravity_tables)
def test_gravity(table):
    hostile.civil(lambda: hostile.gravity_door(table))


@few
@given(
    st.lists(hostile.cell, min_size=8, max_size=8),
    st.sampled_from([hostile.io_door, hostile.intercountry_door]),
)
def test_input_output(cells, door):
    hostile.civil(lambda: door(cells))


def test_numbers_at_the_ends_of_the_door_come_in():
    found = xl.flows(pd.DataFrame({"market": list("abc"), "value": [1e50, 1e-50, 0.0]}))
    assert float(xl.hhi(found, over="market")["hhi"].item()) == 1.0


@pytest.mark.parametrize("value", [1e308, 1e60, 1e-60, 5e-324])
def test_numbers_beyond_a_door_are_refused_by_name(value):
    with pytest.raises(
        DataError, match=r"value 'value' is above 1e\+50 or, though not zero, below 1e-50 in 1 row"
    ):
        xl.flows(pd.DataFrame({"market": ["a", "b"], "value": [value, 1.0]}))
    panel = pd.DataFrame(
        {"u": [1, 1, 2, 2], "t": [1, 2, 1, 2], "y": [value] * 4, "g": [2.0, 2.0, None, None]}
    )
    with pytest.raises(
        DataError, match=r"column 'y' is beyond 1e\+50, or all of it within 1e-50 of zero in 4 rows"
    ):
        PolicyPanel(panel, unit="u", period="t", outcome="y", adopted="g")
    cells = pd.DataFrame([[value]], index=["a"], columns=["a"])
    with pytest.raises(DataError, match=r"Cells of Z are beyond 1e\+50"):
        IOTable.from_frames(cells, final=cells, exports=[value], imports=[0.0])


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, lambda d: pl.DataFrame(d).lazy()])
@pytest.mark.parametrize("role", ["period", "exporter", "market", "product"])
def test_labels_that_name_nothing_are_refused(make, role):
    table = make({role: [["a"], ["b"]], "value": [1.0, 2.0]})
    with pytest.raises(DataError, match="which names nothing. First: "):
        xl.flows(table)


def test_names_of_columns():
    with pytest.raises(DataError, match="1 column names occur more than once. First: 'value'"):
        xl.flows(pd.DataFrame([["a", 1.0, 2.0]], columns=["market", "value", "value"]))
    wide = pd.DataFrame(np.ones((2, 10_000)), columns=[f"column {i}" for i in range(10_000)])
    with pytest.raises(DataError, match="column 'usd' is not in the table") as refused:
        xl.flows(wide, value="usd")
    assert len(str(refused.value)) < 2_000
    with pytest.raises(UnknownName) as unknown:
        PolicyPanel(wide, unit="x" * 10**6, period="t", outcome="y", adopted="g")
    assert len(str(unknown.value)) < 2_000
    twice = xl.flows(
        pd.DataFrame({"hhi": ["a", "b"], "value": [1.0, 2.0], "product": ["x", "y"]}), market="hhi"
    )
    with pytest.raises(OptionError, match="column 'hhi' has the name of a column of the result"):
        xl.hhi(twice, over="product")
    with pytest.raises(OptionError, match="keys= names '_n', a working column's name"):
        xl.flows(pd.DataFrame({"_n": ["a"], "value": [1.0]}), keys="_n")


def test_a_schema_that_lies_is_told_in_one_voice(tmp_path):
    schema = {"market": pl.String, "value": pl.Float64}
    plan = pl.LazyFrame({"market": ["a"], "value": ["x"]}).map_batches(lambda d: d, schema=schema)
    with pytest.raises(DataError, match="the table's engine stopped. First: The output schema"):
        xl.hhi(xl.flows(plan), over="market")
    (tmp_path / "a.csv").write_text("market,value\na,1\nb,no number\n")
    for engine in ("polars", "duckdb"):
        lazy = xl.read_flows(tmp_path / "a.csv", engine=engine)
        with pytest.raises(DataError, match="the table's engine stopped"):
            xl.hhi(lazy, over="market")


class ResourceInUseException(Exception):
    """As DuckDB raises where two threads ask one connection."""

    __module__ = "_duckdb"


def test_engines_that_are_gone_or_busy(tmp_path):
    def answer(table):
        return xl.hhi(xl.flows(table, market="m", value="v"), over="market")

    path = tmp_path / "t.parquet"
    pd.DataFrame({"m": ["a", "b"], "v": [1.0, 2.0]}).to_parquet(path)
    connection = duckdb.connect()
    gone = [pl.scan_parquet(path), connection.read_parquet(str(path))]
    connection.execute("CREATE TABLE t AS SELECT 'a' AS m, 1.0 AS v")
    dropped = connection.table("t")
    connection.execute("DROP TABLE t")
    path.unlink()
    for table in (
        *gone,
        dropped,
        pl.scan_parquet(tmp_path / "none*.parquet"),
        pl.scan_csv(tmp_path / "none.csv"),
    ):
        with pytest.raises(
            DataError, match="what the table is read from is not there. First: .*Look at the path"
        ):
            answer(table)
    closed = connection.sql("SELECT 'a' AS m, 1.0 AS v")
    connection.close()
    with pytest.raises(
        EngineError, match=r"closed or busy .*a connection of its own \(DuckDB: connection.cursor"
    ):
        answer(closed)
    with pytest.raises(EngineError, match="closed or busy"), frames.engine_speaks():
        raise ResourceInUseException("Resource In Use Error: connection is busy with another call")
    with pytest.raises(DataError, match="engine stopped.*Look at the place it names"), frames.engine_speaks():
        raise ResourceInUseException("Conversion Error: Could not convert string 'x' to DOUBLE in line 7")


def test_complex_numbers_lose_nothing_in_silence():
    table = pd.DataFrame(
        {"u": [1, 1, 2, 2], "t": [1, 2, 1, 2], "y": [1 + 2j] * 4, "g": [2.0, 2.0, None, None]}
    )
    with pytest.raises(DataError, match="column 'y' is complex128, not numbers"):
        PolicyPanel(table, unit="u", period="t", outcome="y", adopted="g")
    cells = pd.DataFrame([[1 + 2j]], index=["a"], columns=["a"])
    with pytest.raises(DataError, match="Cells of Z are no numbers"):
        IOTable.from_frames(cells, final=cells, exports=[1.0], imports=[0.0])


def test_a_tolerance_of_nan_would_let_everything_pass():
    Z = pd.DataFrame([[1.0]], index=["a"], columns=["a"])
    with pytest.raises(
        OptionError, match=r"tolerance=nan is not allowed. Allowed: a number from 0 to below 1"
    ):
        IOTable.from_frames(Z, final=Z, exports=[1.0], imports=[0.0], output=[99.0], tolerance=float("nan"))


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        ("v ~ z.values.tofile('{}')", "'z.values.tofile' is no function of formulae"),
        ("v ~ open('{}', 'w')", "'open' is no function of formulae"),
        ("v ~ C(z, __import__('os').mkdir('{}'))", "is no function of formulae"),
        ("v ~ {{z.__class__}}", "no column named 'z.__class__'"),
        ("v ~ {{[x for x in z]}}", "is code"),
        ("v ~ z +", "is no formula: Operator"),
        ("v ~ z.nothing", "no column named 'z.nothing'"),
    ],
)
def test_a_formula_is_no_code(tmp_path, formula, said):
    target = tmp_path / "written"
    table = pd.DataFrame({"e": list("aabb"), "i": list("cdcd"), "v": [1.0, 2, 3, 4], "z": [1.0, 0, 0, 0]})
    with pytest.raises((OptionError, UnknownName), match=re.escape(said)):
        xl.gravity(table, formula.format(target), exporter="e", importer="i")
    assert not target.exists()


def test_an_outcome_of_objects_is_not_taken_for_categories():
    table = pd.DataFrame({"e": list("aabb"), "i": list("cdcd"), "v": [10**30] * 4, "z": [1.0, 0, 0, 0]})
    with pytest.raises(DataError, match="column 'v' holds neither numbers nor text alone .object. in 4 rows"):
        xl.gravity(table, "v ~ z", exporter="e", importer="i")


# ---- files -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", list(hostile.TEXTS))
def test_damaged_files(tmp_path, kind):
    path = tmp_path / f"file{hostile.SUFFIX.get(kind, '.csv')}"
    seen = set()
    for seed in range(60):
        path.write_bytes(hostile.damaged(hostile.TEXTS[kind], seed))
        seen.add(hostile.civil(lambda: hostile.read(kind, path)))
    assert "refused" in seen


@pytest.mark.parametrize("engine", ["pandas", "polars", "duckdb"])
def test_damaged_parquet(tmp_path, engine):
    whole, seen = hostile.parquet(tmp_path), set()
    for seed in range(25):
        path = tmp_path / f"{seed}.parquet"
        path.write_bytes(hostile.damaged(whole, seed))
        seen.add(hostile.civil(lambda path=path: hostile.read_parquet(path, engine)))
    assert "refused" in seen


def test_a_million_columns_take_no_time(tmp_path):
    path = tmp_path / "wide.csv"
    path.write_text(",".join(f"c{i}" for i in range(200_000)) + "\n")
    with pytest.raises(DataError, match="has no column 'm'|has no header"):
        xl.read_flows(path, market="m", value="v", progress=False)


def test_text_made_to_fill_the_memory(tmp_path, monkeypatch):
    path = tmp_path / "bomb.csv.gz"
    path.write_bytes(gzip.compress(b"m,v\n" + b"a,1\n" * 15_000_000, 1))
    with pytest.raises(
        DataError, match=r"unpacks to more than [\d,]+. More than 100 times its size is no table of figures"
    ):
        xl.read_flows(path, market="m", value="v", progress=False)
    monkeypatch.setattr("exportlab.files.paths.LINE", 1000)
    monkeypatch.setattr("exportlab.files.unpacking.BLOCK", 500)
    plain = tmp_path / "line.csv"
    plain.write_text("m,v\n" + "a" * 2000 + ",1\n")
    with pytest.raises(DataError, match="has more than 1,000 characters"):
        xl.read_flows(plain, market="m", value="v", progress=False)


@pytest.mark.parametrize("encoding", ["nope", "rot13", "base64", "unicode_escape"])
def test_encodings_that_are_none(tmp_path, encoding):
    (tmp_path / "a.csv").write_text("m,v\na,1\n")
    with pytest.raises(OptionError, match=f"encoding='{encoding}' is not known"):
        xl.read_flows(tmp_path / "a.csv", market="m", value="v", encoding=encoding)


def test_no_path_is_not_the_folder_one_stands_in():
    with pytest.raises(DataError, match="no file is named"):
        xl.read_flows("", market="m", value="v")


@pytest.mark.parametrize(
    "row", ["2022.5,156,392,010121,1,2", "2022,156.9,392,010121,1,2", "2022,156,392,0101210,1,2"]
)
@pytest.mark.parametrize("engine", ["pandas", "duckdb"])
def test_baci_codes_are_not_rounded(tmp_path, row, engine):
    path = tmp_path / "BACI_HS92_Y2022_V202501.csv"
    path.write_text(f"t,i,j,k,v,q\n{row}\n")
    with pytest.raises(DataError, match="no code or year|more than six digits"):
        xl.read_baci(path, engine=engine, progress=False).check()


def test_a_claim_reads_no_file_outside_the_data_sets(tmp_path):
    check = 'check={kind="dataset",figure={dataset="../valueadded/names",where={term="x"}}}\n'
    path = tmp_path / "p.toml"
    path.write_bytes(hostile.TEXTS["paper"] + check.encode())
    with pytest.raises(UnknownName, match=r"no data set named '../valueadded/names'"):
        xl.claims.check([path])


# ---- messages ----------------------------------------------------------------------------------------------


def test_messages_of_ten_thousand_unknown_markets_are_short():
    flows = xl.flows(pd.DataFrame({"market": [f"m{i}" for i in range(10_000)], "value": 1.0}))
    with pytest.raises(DataError, match="10,?000 markets are no known country") as refused:
        xl.bloc_share(flows, "RCEP", membership="latest")
    assert len(str(refused.value)) < 2_000


REFUSALS = ("DataError", "DuplicateCells", "RolesNeeded", "UnreadPeriods", "OtherSign", "Fault")


def literals(node):
    """The English that stands in an argument and no message marks."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("said", "N_", "_"):
        return []
    own = [node] if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value else []
    return own + [x for child in ast.iter_child_nodes(node) for x in literals(child)]


@pytest.mark.parametrize(
    "module", ["files", "readers", "periods/reading.py", "places.py", "columns.py", "goods.py"]
)
def test_what_a_room_refuses_is_a_message(module):
    place = Path(xl.__file__).parent / module
    bare = []
    for file in [place] if place.is_file() else sorted(place.glob("*.py")):
        for node in nodes_of(file):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in REFUSALS:
                bare += [f"{file.name}:{x.lineno}" for argument in node.args[:2] for x in literals(argument)]
    assert bare == []


BAD = {
    "empty.csv": "",
    "header.csv": "period,market,value\n",
    "ragged.csv": "period,market,value\n2021,Japan,1,2\n",
    "short.csv": "period,market,value\n2021,Japan\n",
    "letters.csv": "period,market,value\n2021,Japan,x\n",
    "blank.csv": "period,market,value\n2021,,1\n",
    "twice.csv": "period,market,market,value\n2021,Japan,USA,1\n",
    "mixed.csv": "period,market,value\n2021,Japan,1\n2021-05,Japan,1\n",
    "periods.csv": "period,market,value\n2021,Japan,1\nspring,Japan,1\n",
    "negative.csv": "period,market,value\n2021,Japan,-1\n",
    "bloc.csv": "period,market,value\n2021,EU,3\n2021,Germany,1\n",
    "world.csv": "period,market,value\n2021,World,3\n2021,Germany,3\n",
    "cells.csv": "period,market,value\n2021,Japan,1\n2021,Japan,2\n",
    "zeros.csv": "period,product,value\n2021,10121,1\n2021,270900,2\n",
    "lost.csv": "period,market,money\n2021,Japan,1\n",
    "quote.csv": 'period,market,value\n2021,"Japan,1\n',
    "zero.csv": "period,market,value\n2021,Japan,0\n",
    "gone.csv": None,
}


@pytest.mark.parametrize("name", BAD)
def test_a_refusal_in_chinese_has_no_english(tmp_path, name):
    file = tmp_path / name
    if BAD[name] is not None:
        file.write_text(BAD[name], encoding="utf-8")
    with words.speaking("zh"), pytest.raises(ExportlabError) as refused:
        xl.read_flows(file)
    with words.speaking("zh"):
        told = explained.said(refused.value)
    code = r"'[^']*'|\"[^\"]*\"|--[\w-]+( \S+)?|xl\.\S+|\w+=\S*|\w+\.\w+\S*|\[[^\]]*\]|\(pandas.*?\)"
    left = re.sub(code + r"|\b(period|market|product|value|money)\b", "", told)  # names of the file's columns
    assert not re.search(r"[A-Za-z]{4,}", left), told
    assert re.search(r"[\u4e00-\u9fff]", left)


@pytest.mark.parametrize("cell", [b"1e9995", b"1" + b"0" * 400], ids=["a power", "a whole number"])
@pytest.mark.parametrize("beside", [b"1", b" "], ids=["numbers alone", "blanks too"])
def test_a_cell_beyond_all_numbers_is_refused_without_a_warning(tmp_path, cell, beside):
    whole = hostile.TEXTS["icio"]
    path = tmp_path / "table.csv"
    path.write_bytes(whole.replace(b"A_s,1,2,5,5", b"A_s," + beside + b",2,5," + cell))
    assert path.read_bytes() != whole
    with pytest.raises(
        DataError, match="row 'A s', column 'B f' is inf" if beside == b"1" else "column 'A s'"
    ):
        hostile.read("icio", path)


@pytest.mark.parametrize("cells", [[1, 10**400], ["x", 10**400], [True, -(10**400)]], ids=str)
def test_a_whole_number_that_no_float_holds_is_infinite(cells):
    made = numeric(pd.DataFrame({"a": cells, "b": [" ", 3]}, dtype=object))
    assert made["a"][1] == (np.inf if cells[1] > 0 else -np.inf)
    assert made["a"][0] == cells[0]
    assert made["b"].isna().tolist() == [True, False]
