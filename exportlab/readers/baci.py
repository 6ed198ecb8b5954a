"""CEPII BACI: world trade by exporter, importer, HS6 product and year, one file a year."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.util import find_spec
from os import PathLike
from pathlib import Path
from typing import Any, Literal

from exportlab.classifications.labels import codes_of_list
from exportlab.errors import DataError, one_of
from exportlab.files.delimited import TextTable, columns, same_columns, text_table
from exportlab.files.paths import Paths, find, progress_over
from exportlab.flows import flows
from exportlab.readers.account import ReadFlows, Reading, stack_columns, with_account
from exportlab.readers.country_labels import (
    COUNTRY_LABELS,
    CountryLabels,
    Labelled,
    country_labels,
    left_over,
)
from exportlab.readers.lazy import (
    connect,
    engine_for,
    padded,
    parquet_schema,
    parquet_tables,
    quoted,
    relation,
    scan,
    text_schema,
)
from exportlab.words import N_, said

COLUMNS = ("t", "i", "j", "k", "v", "q")
SUFFIXES = (".csv", ".csv.gz", ".parquet", ".pq")
PARQUET = (".parquet", ".pq")
NO_FLOWS = ("country_codes", "product_codes")
UNKNOWN = frozenset({"", "NA"})
_NAME = re.compile(r"BACI_HS(\d\d)_Y(\d{4})_V(\w+?)\.", re.IGNORECASE)


def read_baci(
    paths: Paths,
    *,
    labels: CountryLabels = "iso3",
    countries: str | PathLike[str] | None = None,
    engine: Literal["pandas", "duckdb"] | None = None,
    memory: str | None = None,
    connection: Any = None,
    validate: Literal["rows", "schema"] = "rows",
    source: str | None = None,
    progress: bool = True,
) -> ReadFlows:
    """Read files of CEPII's BACI (BACI_HS*_Y*_V*.csv, or the same columns in Parquet).

    Period is t, exporter i, market j, product k (six digits, text), value v in thousand US dollars, quantity q in
    tonnes, missing where BACI says NA.

    Parameters
    ----------
    paths : path, glob, folder, or a sequence of them
        In a folder, country_codes*.csv and product_codes*.csv are left alone.
    labels : {"iso3", "name", "code", "as written"}, optional
        How countries are labelled; "as written" is "code". States that are gone have labels of their own, which the
        reading notes for tables in memory (58, Belgium-Luxembourg, is BLX; 711, the Southern African customs union,
        SACU). Other codes of no country take the label of CEPII's file of countries, else stay codes. 490 is TWN.
    countries : path, optional
        CEPII's country_codes file. Default: the one beside the data, where there is one.
    engine : {"pandas", "duckdb"}, optional
        Default: DuckDB where installed, which stays lazy and reads only what a question needs; else pandas.
    memory : str, optional
        Cap on DuckDB's memory, such as "1GB" (set on its connection).
    connection : duckdb connection, optional
        Default: DuckDB's own default connection.
    validate : {"rows", "schema"}, optional
        As in `flows`: rows are checked when first needed, or not at all.
    source, progress
        As in `read_gacc`.

    Returns
    -------
    ReadFlows
        On a DuckDB relation or a pandas frame.

    Raises
    ------
    DataError
        A column missing in a file, files of two HS revisions or releases, a malformed file, all the door refuses.
        Lazily read files are looked through when first needed.
    """
    one_of("labels", labels, COUNTRY_LABELS)
    if engine is not None:
        one_of("engine", engine, ("pandas", "duckdb"))
    files = [f for f in find(paths, SUFFIXES) if not f.name.lower().startswith(NO_FLOWS)]
    if not files:
        raise DataError(
            said("no BACI file among those named"),
            said("They are called BACI_HS92_Y2022_V202501.csv and the like."),
        )
    release = _release(files)
    parquet = files[0].suffix.lower() in PARQUET
    chosen = engine_for(engine or ("duckdb" if find_spec("duckdb") else None), files, text=False)
    known = _labels(files, countries, labels)
    label = {int(code): text for code, text in known.labels.items()}
    read = _relation if chosen == "duckdb" else _parquet_frame if parquet else _frame
    table = read(files, label, connect(connection, memory) if chosen == "duckdb" else progress)
    count = len(table) if chosen == "pandas" else None
    made = flows(
        table,
        period="t",
        exporter="i",
        market="j",
        product="k",
        value="v",
        quantity="q",
        unit="thousand USD",
        quantity_unit="tonnes",
        source=source or " ".join(["CEPII BACI", *release]),
        validate=validate,
        residual=_present(table, known, count),
    )
    notes = (*release, *_said(table, known, count))
    return with_account(made, Reading(tuple(files), count, "v", "thousand USD", notes=notes))


def _present(table: Any, known: Labelled, count: int | None) -> list[str]:
    """The labels of what is left over; of a table in memory those that it has."""
    left = [known.labels[code] for code in known.residual]
    seen = left if count is None else {*table["i"].unique(), *table["j"].unique()}
    return [x for x in left if x in seen]


def _said(table: Any, known: Labelled, count: int | None) -> list[str]:
    """Notes of states that are gone and of what is left over, in a table in memory."""
    if count is None:
        return []
    sides = {"exporter": table["i"], "market": table["j"]}
    gone = {known.labels[note.partition(" ")[0]]: note for note in known.notes}
    notes = [note for x, note in gone.items() if any((column == x).any() for column in sides.values())]
    left = [known.labels[code] for code in known.residual]
    said = {side: left_over(column, table["v"], left) for side, column in sides.items()}
    return notes + [f"{side}: {text}" for side, text in said.items() if text]


def _release(files: Sequence[Path]) -> list[str]:
    """HS revision and release by the files' names; refuses two of either, or a year twice."""
    found = [(f, m) for f in files if (m := _NAME.match(f.name))]
    for group, what in ((1, N_("HS revisions")), (3, N_("releases"))):
        kinds = sorted({m[group] for _, m in found})
        if len(kinds) > 1:
            raise DataError(
                said(
                    "files of {n} {what} of BACI together: {kinds}",
                    n=len(kinds),
                    what=said(what),
                    kinds=kinds,
                ),
                said(
                    "The same trade would be there twice, or under codes that mean different goods: read "
                    "one of them."
                ),
            )
    return [f"HS{found[0][1][1]}", f"V{found[0][1][3]}"] if found else []


def _labels(files: Sequence[Path], given: str | PathLike[str] | None, labels: CountryLabels) -> Labelled:
    """Country code to label: this package's countries and states that are gone, then CEPII's own file."""
    beside = sorted(files[0].parent.glob("country_codes*.csv"))
    path = Path(given) if given is not None else (beside[0] if beside else None)
    others: dict[str, str] = {}
    if path is not None and labels not in ("code", "as written"):
        table = text_table(path, ("utf-8", "cp1252"))
        code, wanted = table.header[0], _own_label(table, labels)
        part = columns(table, [code, wanted], numeric={})
        others = {
            str(int(c)): x
            for c, x in zip(part[code], part[wanted], strict=True)
            if x not in ("", "N/A", "NA")
        }
    known = (str(int(code)) for code in codes_of_list("comtrade"))
    return country_labels([*known, *others], labels, others=others)


def _own_label(table: TextTable, labels: CountryLabels) -> str:
    """The column of CEPII's file of countries that holds such labels; its name changed with the releases."""
    fits = ("iso3", "iso_3") if labels == "iso3" else ("country_name", "name")
    found = [c for c in table.header for fit in fits if fit in c]
    if not found:
        raise DataError(
            said(
                "file {path} has no column of {labels} labels",
                path=repr(str(table.path)),
                labels=labels,
            ),
            said("It has: {header}.", header=list(table.header)),
        )
    return found[0]


def _relation(files: Sequence[Path], label: dict[int, str], connection: Any) -> Any:
    if files[0].suffix.lower() in PARQUET:
        same_columns([parquet_schema(f, "duckdb", connection) for f in files], COLUMNS)
        rows_of = scan(files, {})
    else:
        looked = [text_schema(f, "duckdb") for f in files]
        same_columns([schema for schema, _ in looked], COLUMNS)
        types = "{'t': 'DOUBLE', 'i': 'DOUBLE', 'j': 'DOUBLE', 'k': 'VARCHAR', 'v': 'DOUBLE', 'q': 'VARCHAR'}"
        rows_of = scan(files, {"delim": quoted(looked[0][1]), "types": types})
    values = ", ".join(f"({code}, {quoted(text)})" for code, text in label.items())
    sql = f"""
        WITH country(code, label) AS (VALUES {values})
        SELECT {_integer("t")} AS t,
               coalesce(x.label, CAST({_integer("i")} AS VARCHAR)) AS i,
               coalesce(m.label, CAST({_integer("j")} AS VARCHAR)) AS j,
               CASE WHEN length(trim(CAST(k AS VARCHAR))) > 6 THEN error('k holds a code of more than six digits')
                    ELSE {padded("k", 6)} END AS k, CAST(v AS DOUBLE) AS v,
               CAST(nullif(nullif(trim(CAST(q AS VARCHAR)), 'NA'), '') AS DOUBLE) AS q
        FROM {rows_of} AS b
        LEFT JOIN country AS x ON x.code = CAST(b.i AS INTEGER)
        LEFT JOIN country AS m ON m.code = CAST(b.j AS INTEGER)
    """
    return relation(connection, sql)


def _integer(column: str) -> str:
    """The SQL of a whole number; a cast alone would round what is none."""
    wrong = f"error('{column} holds ' || {column} || ', which is no code or year')"
    return f"CASE WHEN {column} % 1 <> 0 OR {column} < 0 THEN {wrong} ELSE CAST({column} AS INTEGER) END"


def _frame(files: Sequence[Path], label: dict[int, str], progress: bool) -> Any:
    tables = [text_table(f, ("utf-8",)) for f in files]
    same_columns(tables, COLUMNS)
    number: dict[str, frozenset[str]] = {
        "t": frozenset(),
        "i": frozenset(),
        "j": frozenset(),
        "v": frozenset(),
    }
    with progress_over(files, "Reading BACI", shown=progress) as advance:
        parts = [columns(t, COLUMNS, numeric=number | {"q": UNKNOWN}, advance=advance) for t in tables]
    return _labelled(stack_columns(parts), label)


def _parquet_frame(files: Sequence[Path], label: dict[int, str], progress: bool) -> Any:
    import pandas as pd

    same_columns([parquet_schema(f, "pandas", None) for f in files], COLUMNS)
    with progress_over(files, "Reading BACI", shown=progress) as advance:
        made = pd.concat(parquet_tables(files, list(COLUMNS), advance), ignore_index=True)
    return _labelled(made, label)


def _labelled(frame: Any, label: dict[int, str]) -> Any:
    """Whole numbers, labels and six-digit codes, as the relation has them."""
    frame["t"] = _whole(frame, "t")
    for side in ("i", "j"):
        codes = _whole(frame, side)
        frame[side] = codes.map({c: label.get(c, str(c)) for c in codes.unique()}).astype("str")
    frame["k"] = frame["k"].astype("str").str.zfill(6)
    long = frame["k"].str.len() > 6
    if long.any():
        raise DataError(
            said("k holds codes of more than six digits"),
            said("BACI has the Harmonized System's six."),
            rows=int(long.sum()),
            first=repr(frame["k"][long].iloc[0]),
        )
    return frame


def _whole(frame: Any, column: str) -> Any:
    """A column of whole numbers; nothing is rounded to become one."""
    import pandas as pd

    cells = pd.to_numeric(frame[column], errors="coerce")
    bad = ~((cells % 1 == 0) & cells.between(0, 999_999))
    if bad.any():
        first = frame[column][bad].iloc[0]
        raise DataError(
            said("{column} holds what is no code or year", column=column),
            said("t, i and j are whole numbers."),
            rows=int(bad.sum()),
            first=str(first),
        )
    return cells.astype("int32")


def is_baci(path: str) -> bool:
    """Whether the first file found at `path` is called as BACI's files are, or has their columns."""
    first = next((f for f in find(path, SUFFIXES) if not f.name.lower().startswith(NO_FLOWS)), None)
    if first is None or first.suffix.lower() in PARQUET:
        return bool(first and _NAME.match(first.name))
    return first.name.lower().endswith(SUFFIXES) and {*COLUMNS} <= set(
        text_table(first, ("utf-8", "gb18030", "cp1252")).header
    )
