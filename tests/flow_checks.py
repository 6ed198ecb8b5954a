"""Common checks for what takes flows: the same trade put in another way gives the same numbers, or is refused.

`ENTRIES` are what is asked: every catalogued indicator (a new one joins by standing in the catalogue), complexity, the
intervals, measures of risk, the findings behind the report. `WAYS` are the ways to put the same trade.
`test_flow_checks.py` puts every entry in every way. What does not hold of an entry is named in `EXEMPT`, with its
reason.
"""

from __future__ import annotations

import atexit
import inspect
import math
import os
import pickle
import secrets
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
from catalogue_calls import ARGUMENTS, COUNTRIES, INCOME, OPTIONS, PRODUCTS, TWO, imports, world
from engines import ENGINES, connection
from reader_ways import READERS

import exportlab as xl
from exportlab.options import hints_of

WIDE = os.environ.get("HYPOTHESIS_PROFILE") == "search"
SEED = secrets.randbelow(100_000) if WIDE else 3
OWN_TRADE = world(SEED).query("exporter == 'China' and market == 'Peru'").assign(market="China")
PLAIN = pd.concat([world(SEED), OWN_TRADE], ignore_index=True).round(
    4
)  # four places: exact in every type of number
LABELS = ["exporter", "market", "product"]
MONEY = ("threshold", "min_exports", "min_product_trade")  # options that are amounts of money
REL, ABS = 1e-9, 1e-11

Key: TypeAlias = tuple[str, ...]
Rows: TypeAlias = dict[Key, dict[str, float]]


# ---- ways to put the same trade --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Way:
    """One way to put the same trade.

    Attributes
    ----------
    door : from the plain table to flows
    names : what it calls labels, by the plain label
    columns : what it calls columns, by the plain name
    money : how many of its units make one of the plain ones
    fewer : whether rows of a result may be missing, as those of cells that are left out
    """

    door: Callable[[pd.DataFrame], xl.Flows]
    names: Mapping[Any, Any] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    money: float = 1.0
    fewer: bool = False

    def said(self, value: Any, name: str = "") -> Any:
        """An option as one gives it in this way: its labels and its money."""
        if isinstance(value, dict):
            return {self.said(k): self.said(v, str(k)) for k, v in value.items()}
        if isinstance(value, tuple | list):
            return type(value)(self.said(v, name) for v in value)
        if name in MONEY:
            return value * self.money
        return self.names.get(value, value) if isinstance(value, str | int) else value

    def back(self, value: Any) -> str:
        """A label of a result as the plain table writes it."""
        plain = {str(new): str(old) for old, new in self.names.items()}
        text = str(value).removesuffix(" 00:00:00")
        return plain.get(text, text)


def through(
    make: Callable[[pd.DataFrame], Any] = pl.from_pandas, **said: Any
) -> Callable[[pd.DataFrame], xl.Flows]:
    return lambda table: xl.flows(make(table), **said)


def renamed(
    names: Mapping[Any, Any], make: Callable[[pd.DataFrame], Any] = pl.from_pandas, **said: Any
) -> Way:
    """Labels written otherwise: periods, or countries as exporters and as markets."""
    roles = ["period"] if any(isinstance(label, int) for label in names) else ["exporter", "market"]

    def written(table: pd.DataFrame) -> pd.DataFrame:
        return table.assign(**{r: [names[x] for x in table[r]] for r in roles})

    return Way(through(lambda t: make(written(t)), **said), names)


def split(table: pd.DataFrame) -> pd.DataFrame:
    parts = [table.assign(value=p * table["value"], quantity=p * table["quantity"]) for p in (0.25, 0.75)]
    return pd.concat(parts)


def wider(table: pd.DataFrame) -> pd.DataFrame:
    """More years, countries and products beside the plain ones."""
    more = [
        table.assign(period=table["period"] + 3),
        table[table["exporter"] == "Peru"].assign(exporter="Kenya"),
        table[table["market"] == "Peru"].assign(market="Kenya"),
        table[table["product"] == "0012"].assign(product="0013"),
    ]
    return pd.concat([table, *more])


def chosen(flows: xl.Flows) -> xl.Flows:
    return flows.where(
        period=sorted(set(PLAIN["period"])),
        exporter=list(COUNTRIES),
        market=list(COUNTRIES),
        product=list(PRODUCTS),
    )


def odd_index(table: pd.DataFrame) -> pd.DataFrame:
    """Columns in another order, further ones beside them, an index that says nothing."""
    more = table.assign(note="x", flag=True)[["note", *reversed(table.columns), "flag"]]
    return more.set_axis([7] * len(more))


def own_names(table: pd.DataFrame) -> pd.DataFrame:
    return table.rename(columns=OWN)


OWN = {
    "period": "year",
    "exporter": "origin",
    "market": "partner",
    "product": "hs",
    "value": "usd",
    "quantity": "kg",
}


# ---- types of columns ----


def pandas_categories(table: pd.DataFrame) -> pd.DataFrame:
    """Categories in an order of their own, with more than are used, and other ones for each column."""
    kinds = {
        role: pd.CategoricalDtype(["zz", *sorted(set(table[role]), reverse=n % 2 == 0), f"more {n}"])
        for n, role in enumerate(LABELS)
    }
    return table.astype({**kinds, "period": pd.CategoricalDtype([2021, 2022, 2023, 2024], ordered=True)})


def pandas_arrow(table: pd.DataFrame) -> pd.DataFrame:
    text = pd.ArrowDtype(pa.dictionary(pa.int32(), pa.string()))
    kinds = {"exporter": "string[pyarrow]", "market": text, "product": pd.ArrowDtype(pa.large_string())}
    numbers = dict.fromkeys(("value", "quantity"), pd.ArrowDtype(pa.decimal128(12, 4)))
    return table.astype({**kinds, **numbers, "period": pd.ArrowDtype(pa.int16())})


def pandas_nullable(table: pd.DataFrame) -> pd.DataFrame:
    kinds = {"exporter": "string", "market": object, "product": "string"}
    return table.astype({**kinds, "period": "Int16", "value": "Float64", "quantity": "Float64"})


def polars_of(**kinds: Any) -> Callable[[pd.DataFrame], pl.DataFrame]:
    return lambda t: pl.from_pandas(t).with_columns(pl.col(c).cast(kind) for c, kind in kinds.items())


def polars_enums(table: pd.DataFrame) -> pl.DataFrame:
    known = {r: pl.Enum([*sorted(set(table[r]), reverse=r == "market"), f"more {r}"]) for r in LABELS}
    return polars_of(**known, period=pl.UInt64, value=pl.Decimal(12, 4))(table)


def arrow_of(table: pd.DataFrame) -> pa.Table:
    """Dictionaries, views and run-end-encoded text, short years."""
    made = pa.Table.from_pandas(table, preserve_index=False)
    columns = {
        "period": made["period"].cast(pa.int16()),
        "exporter": made["exporter"].cast(pa.string()).dictionary_encode(),
        "market": made["market"].cast(pa.string_view()),
        "product": made["product"].cast(pa.large_string()),
        "value": made["value"].cast(pa.decimal128(12, 4)),
        "quantity": made["quantity"],
    }
    return pa.table({c: columns[c] for c in made.column_names})


def duckdb_of(years: str, labels: str) -> Callable[[pd.DataFrame], Any]:
    def make(table: pd.DataFrame) -> Any:
        relation = ENGINES["duckdb"](table)
        shown = [f"{c}::{years} AS {c}" if c == "period" else c for c in table]
        kinds = [f"{c.split('::')[0]}::{labels} AS {c}" if c in ("exporter", "market") else c for c in shown]
        return relation.project(", ".join(kinds))

    connection().execute(f"create type if not exists places as enum {('Kenya', *reversed(COUNTRIES))}")
    return make


@cache
def folder() -> Path:
    made = tempfile.TemporaryDirectory()
    atexit.register(made.cleanup)
    return Path(made.name)


def parts(table: pd.DataFrame) -> str:
    """A folder of Parquet files, one a period."""
    here = Path(tempfile.mkdtemp(dir=folder()))
    for period, part in table.groupby("period"):
        part.to_parquet(here / f"{period}.parquet", index=False)
    return f"{here}/*.parquet"


FILES: dict[str, Callable[[pd.DataFrame, Path], Any]] = {
    "csv": lambda t, path: t.to_csv(path, index=False),
    "txt": lambda t, path: t.to_csv(path, index=False, sep=";", decimal=",", encoding="gb18030"),
    "csv.gz": lambda t, path: t.to_csv(path, index=False),
    "xlsx": lambda t, path: t.to_excel(path, index=False),
    "dta": lambda t, path: t.to_stata(path, write_index=False),
    "parquet": lambda t, path: t.to_parquet(path, index=False),
}


def from_file(table: pd.DataFrame, kind: str, **said: Any) -> xl.Flows:
    path = Path(tempfile.mkdtemp(dir=folder())) / f"flows.{kind}"
    FILES[kind](table, path)
    return xl.read_flows(path, **said)


SECOND = {
    "short years": polars_of(period=pl.Int16),
    "wide years": polars_of(period=pl.UInt64),
    "years as text": polars_of(period=pl.String),
    "categories": lambda t: polars_of(**{c: pl.Categorical for c in LABELS if c in t})(t),
    "enums": lambda t: polars_of(**{c: pl.Enum(["zz", *sorted(set(t[c]))]) for c in LABELS if c in t})(t),
}  # types in which a second table may come


# ---- flows that were used before ----


def kept(table: pd.DataFrame) -> xl.Flows:
    return xl.flows(ENGINES["duckdb"](table)).keep(
        ["period", "exporter", "market"], ["period", "exporter", "product"]
    )


ISO3 = {"China": "CHN", "Japan": "JPN", "Peru": "PER", "USA": "USA"}
HAN = {"China": "中国", "Japan": "日本", "Peru": "秘鲁", "USA": "美国"}
M49 = {"China": "156", "Japan": "392", "Peru": "604", "USA": "840"}
YEARS = (2021, 2022, 2023)

ALIKE: dict[str, Way] = {
    "shuffled": Way(through(lambda t: pl.from_pandas(t.sample(frac=1, random_state=5)))),
    "split rows": Way(through(lambda t: pl.from_pandas(split(t)), aggregate="sum")),
    "a table of odd shape": Way(through(odd_index)),
    "columns of other names": Way(through(own_names, **OWN), columns=OWN),
    "checked before": Way(through(validate="schema")),
    "without its zeros": Way(through(lambda t: pl.from_pandas(t[t["value"] > 0])), fewer=True),
    "chosen from more": Way(lambda t: chosen(xl.flows(pl.from_pandas(wider(t))))),
    "chosen from more, lazy": Way(lambda t: chosen(xl.flows(pl.from_pandas(wider(t)).lazy()))),
    "pickled": Way(lambda t: pickle.loads(pickle.dumps(xl.flows(pl.from_pandas(t))))),
    "used before": Way(through()),
    "cells kept": Way(kept),
}
OF_MONEY = {
    f"money times {c:g}": Way(through(lambda t, c=c: pl.from_pandas(t.assign(value=c * t["value"]))), money=c)
    for c in (0.7, 0.07, 1e-9, 1e6)
}
SPELLED = {
    "countries by ISO3": renamed(ISO3),
    "countries in Chinese": renamed(HAN),
    "countries by number": renamed(M49, scheme="m49"),
    "codes as numbers": Way(
        through(lambda t: pl.from_pandas(t.astype({"product": int})), digits=4, nomenclature="SITC3")
    ),
    "countries written as ISO3": Way(through(labels="iso3"), ISO3),
    "years as text": renamed({y: str(y) for y in YEARS}),
    "years in Chinese": renamed({y: f"{y}年" for y in YEARS}, lambda t: t),
    "years as dates": renamed({y: date(y, 1, 1) for y in YEARS}),
    "years as last days, lazy": renamed({y: date(y, 12, 31) for y in YEARS}, ENGINES["duckdb"]),
}
TYPED = {
    "pandas, categories": Way(through(pandas_categories)),
    "pandas, Arrow": Way(through(pandas_arrow)),
    "pandas, nullable": Way(through(pandas_nullable)),
    "polars, Categorical": Way(through(polars_of(**dict.fromkeys(LABELS, pl.Categorical), period=pl.Int32))),
    "polars, Enum": Way(through(polars_enums)),
    "polars-lazy, Enum and text": Way(
        through(lambda t: polars_enums(t).lazy().with_columns(pl.col("market").cast(pl.String)))
    ),
    "pyarrow, encoded": Way(through(arrow_of)),
    "duckdb, ENUM and HUGEINT": Way(through(duckdb_of("HUGEINT", "places"))),
    "duckdb, SMALLINT": Way(through(duckdb_of("SMALLINT", "VARCHAR"))),
    "duckdb over Parquet": Way(through(lambda t: connection().read_parquet(parts(t)))),
    "polars over Parquet": Way(through(lambda t: pl.scan_parquet(parts(t)))),
    **{f"a file, {kind}": Way(lambda t, kind=kind: from_file(t, kind)) for kind in FILES},
}
READ = {name: Way(*how) for name, how in READERS.items()}
ENGINED = {name: Way(through(make)) for name, make in ENGINES.items() if name != "polars"}


def passed(way: Way) -> Way:
    """The same, through the door once with each table: who asks must not change what the next is told."""
    made: dict[tuple[str, ...], xl.Flows] = {}

    def door(table: pd.DataFrame) -> xl.Flows:
        sides = tuple(table.columns)
        if sides not in made:
            made[sides] = way.door(table)
        return made[sides]

    return replace(way, door=door)


KINDS = (ALIKE, OF_MONEY, SPELLED, TYPED, READ, ENGINED)
WAYS: dict[str, Way] = {name: passed(way) for kind in KINDS for name, way in kind.items()}


# ---- what is asked ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Entry:
    """What takes flows: from a way to put the trade to its tables, by name."""

    run: Callable[[Way], Mapping[str, Any]]
    main: bool = True

    def rows(self, way: Way) -> Rows:
        """The figures of each row of its tables, by the row's plain labels."""
        made: Rows = {}
        for part, table in self.run(way).items():
            for key, figures in read(part, table, way):
                assert key not in made, key
                made[key] = figures
        return made


def read(part: str, native: Any, way: Way) -> Iterator[tuple[Key, dict[str, float]]]:
    """A result of any engine: columns of decimal numbers are figures, all else are labels."""
    frame = nw.from_native(native)
    frame = frame.collect() if isinstance(frame, nw.LazyFrame) else frame
    own = {new: old for old, new in way.columns.items()}
    own |= {f"{new}_2": f"{old}_2" for new, old in own.items()}
    schema = {c: kind for c, kind in frame.schema.items() if c != "note"}
    figures = [c for c, kind in schema.items() if kind.is_float()]
    labels = {c: own.get(c, c) for c in schema if c not in figures}
    for row in frame.iter_rows(named=True):
        named = {plain: way.back(row[c]) for c, plain in labels.items()}
        if "exporter_2" in named:
            named["exporter"], named["exporter_2"] = sorted((named["exporter"], named["exporter_2"]))
        numbers = {own.get(c, c): math.nan if row[c] is None else float(row[c]) for c in figures}
        yield (part, *(f"{c}={named[c]}" for c in sorted(named))), numbers


def differing(before: Rows, after: Rows, way: Way) -> list[str]:
    """Rows and figures that differ; a column may be in money, and then all of it is."""
    found = [f"row lost: {key}" for key in before if key not in after and not way.fewer]
    found += [f"row new: {key}" for key in after if key not in before]
    both = [key for key in before if key in after]
    for place in sorted({(key[0], column) for key in both for column in before[key]}):
        pairs = [
            (before[k][place[1]], after[k].get(place[1]))
            for k in both
            if k[0] == place[0] and place[1] in before[k]
        ]
        if not any(all(alike(a, b, scale) for a, b in pairs) for scale in {1.0, way.money}):
            found.append(f"{place}: {next(p for p in pairs if not alike(*p, 1.0))}")
    return found


def alike(before: float, after: float | None, scale: float) -> bool:
    if after is None:
        return False
    wanted = before * scale
    return (math.isnan(wanted) and math.isnan(after)) or math.isclose(
        wanted, after, rel_tol=REL, abs_tol=ABS * min(1.0, scale)
    )


def option(text: str) -> dict[str, Any]:
    """An option as one writes it."""
    if not text:
        return {}
    name, value = text.split("=")
    return {name: {"true": True, "false": False}.get(value, value) if value[0] in "tf" else eval(value)}


def indicator(name: str, **options: Any) -> Callable[[Way], Mapping[str, Any]]:
    def run(way: Way) -> Mapping[str, Any]:
        tables = [PLAIN, imports(PLAIN)] if name in TWO else [PLAIN]
        asked = {k: way.said(v, k) for k, v in {**ARGUMENTS[name], **options}.items()}
        found = xl.CATALOGUE[name](*(way.door(t) for t in tables), **asked)
        return {name: found.table if name == "survival" else found}

    return run


INCOMES = pd.DataFrame(
    [(y, e, v + y - 2020) for y in YEARS for e, v in INCOME.items()], columns=["period", "exporter", "value"]
)


def second(name: str) -> str:
    """The option of an indicator that takes a second table, or "" for those that take none."""
    taken = inspect.signature(xl.CATALOGUE[name].function).parameters
    return next((o for o in ("imports", "reference", "income") if o in taken), "")


@cache
def plainly() -> xl.Flows:
    return through()(PLAIN)


def beside_another(name: str, door: Callable[[pd.DataFrame], xl.Flows]) -> Rows:
    """An indicator of the plain table, its second one through another door."""
    table = {"imports": imports(PLAIN), "reference": PLAIN, "income": INCOMES}[second(name)]
    found = xl.CATALOGUE[name](plainly(), **{**ARGUMENTS[name], second(name): door(table)})
    return dict(read(name, found, Way(through())))


def distributions(**options: Any) -> Callable[[Way], Mapping[str, Any]]:
    """All indices of a distribution, in the one pass that measures them."""
    names = [i.name for i in xl.CATALOGUE.values() if i.is_distribution]
    return lambda way: {"measure": xl.measure(way.door(PLAIN), names, **options)}


def counted(way: Way) -> Mapping[str, Any]:
    """An index of a distribution with an option in money."""
    above = {"number_above": ("number_above", {"value": 0.5 * way.money})}
    return {"measure": xl.measure(way.door(PLAIN), above, over="product")}


def complexity(way: Way, **options: Any) -> Mapping[str, Any]:
    made = xl.complexity(way.door(PLAIN), **way.said(options))
    return {"exporters": made.exporters, "products": made.products, "pairs": made.pairs}


def findings(way: Way) -> Mapping[str, Any]:
    """Each figure a table of its own: one is in money, the others are not."""
    asked = {"exporter": way.said("China"), "technology": "sitc3", "income": way.said(INCOME)}
    made = xl.findings(way.door(PLAIN), **asked).table
    return {str(name): part for name, part in made.groupby("figure")}


SAMPLED = {"over": "market", "by": ["exporter"], "resample": "product"}
UNCERTAIN: dict[str, Callable[[Way], Any]] = {
    "interval": lambda way: xl.interval(way.door(PLAIN), "hhi", **SAMPLED, method="delta"),
    "interval drawn": lambda way: xl.interval(way.door(PLAIN), "theil", **SAMPLED, draws=30, rng=1),
    "difference": lambda way: xl.difference(way.door(PLAIN), "hhi", **SAMPLED, method="delta"),
    "permutation": lambda way: xl.permutation_test(way.door(PLAIN), "hhi", **SAMPLED, rng=1, permutations=99),
    "transitions": lambda way: xl.rca_transitions(way.door(PLAIN)),
    "interval of shares": lambda way: xl.interval(
        way.door(PLAIN), "share", over="market", by=["exporter"], resample="product", zeros=True
    ),
    "interval of a bloc's share": lambda way: xl.interval(
        way.door(PLAIN), "bloc_share", bloc="RCEP", by=["period"], resample="product"
    ),
    "interval of advantage": lambda way: xl.interval(
        way.door(PLAIN), "rca", by=["exporter"], resample="market"
    ),
    "interval of any measure": lambda way: xl.resampled(
        way.door(PLAIN), lambda f: xl.expy(f, way.said(INCOME), by="exporter"), "expy", resample="market"
    ),
    "mirror interval of an index": lambda way: xl.uncertainty.mirror_interval(
        *(way.door(t) for t in (PLAIN, imports(PLAIN))),
        "hhi",
        over="market",
        by=["exporter"],
        rng=1,
        draws=39,
    ),
}
FEW = {"by": "exporter", "min_observations": 2}
RISK: dict[str, Callable[[Way], Any]] = {
    "portfolio": lambda way: xl.risk.portfolio(way.door(PLAIN), **FEW),
    "volatility sources": lambda way: xl.risk.volatility_sources(way.door(PLAIN), min_observations=2),
    "sectors": lambda way: xl.risk.koren_tenreyro(way.door(PLAIN), min_observations=2),
    "risk content": lambda way: xl.risk.risk_content(way.door(PLAIN), over="product", **FEW),
    "foreign demand": lambda way: xl.risk.foreign_demand(way.door(PLAIN), uncovered="rescale"),
    "stress": lambda way: xl.risk.stress(
        way.door(PLAIN), by="exporter", elasticity=2, diverted=0.5, **way.said({"tariff": {"USA": 0.25}})
    ),
    "worst year again": lambda way: xl.risk.worst_again(way.door(PLAIN), **FEW),
    "value at risk": lambda way: xl.risk.value_at_risk(way.door(PLAIN), **FEW),
}


def last_year(way: Way) -> xl.Flows:
    return way.door(PLAIN).where(period=way.said(2023))


RULE = {"criteria": ["quotient", "size", "focus", "growth"], "quotient": 1.1, "top": 0.3, "at_least": 2}
KINSHIP = {"measures": ["values", "quotients", "proximity", "coagglomeration"]}
CLUSTERS: dict[str, Callable[[Way], Any]] = {
    "location quotients": lambda way: xl.clusters.location_quotients(way.door(PLAIN), resample="market"),
    "cluster rule": lambda way: xl.clusters.find_clusters(way.door(PLAIN), **RULE, size=5.0 * way.money),
    "related industries": lambda way: xl.clusters.related_industries(last_year(way), **KINSHIP),
    "cluster definition": lambda way: xl.clusters.define_clusters(
        xl.clusters.related_industries(last_year(way), **KINSHIP), numbers=2, functions=["average"]
    ),
    "cluster index": lambda way: xl.clusters.litzenberger_sternberg(
        way.door(PLAIN),
        area=way.said(INCOME),
        population=way.said(INCOME),
        firms=way.door(PLAIN),
        by="period",
    ),
}


def tables_of(found: Any) -> Mapping[str, Any]:
    """A result's tables by name; a table by itself."""
    named = ("table", "members", "series", "published")
    return {n: getattr(found, n) for n in named if hasattr(found, n)} or {"table": found}


ENTRIES: dict[str, Entry] = {
    **{name: Entry(indicator(name)) for name in ARGUMENTS},
    **{
        f"{name} {text}": Entry(indicator(name, **option(text)), main=False)
        for name, texts in OPTIONS.items()
        for text in texts
    },
    "distributions of markets": Entry(distributions(over="market")),
    "distributions of products": Entry(distributions(over="product", by=["period"], universe="active")),
    "number above": Entry(counted),
    "complexity": Entry(complexity),
    "complexity of the larger": Entry(lambda way: complexity(way, min_exports=8.0, min_product_trade=8.0)),
    "findings": Entry(findings),
    **{
        name: Entry(
            lambda way, run=run: {"table": getattr(found := run(way), "table", found)},
            main=" of " not in name,
        )
        for name, run in UNCERTAIN.items()
    },
    **{
        name: Entry(lambda way, run=run: tables_of(run(way)), main=name == "portfolio")
        for name, run in RISK.items()
    },
    **{
        name: Entry(lambda way, run=run: tables_of(run(way)), main=name == "cluster rule")
        for name, run in CLUSTERS.items()
    },
}
OF_SITC = ("lall_shares", "lall_shares level='group'", "rauch_shares", "findings")
EXEMPT: dict[tuple[str, str], str] = {
    **{
        (name, way): "these classes are of SITC, and the codes of the file of the Harmonized System"
        for name in OF_SITC
        for way in ("read_baci", "read_gacc")
    },
    **{
        (name, "read_gacc"): "a spell is followed through periods without a gap, and Januaries have gaps"
        for name in ENTRIES
        if name.split()[0] in ("spells", "survival")
    },
}


# ---- what changes the meaning ----------------------------------------------------------------------------------------


def beside(**changed: Any) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """The table with its first row once more, changed."""
    return lambda table: pd.concat([table, table.iloc[[0]].assign(**changed)], ignore_index=True)


def everywhere(**made: Any) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """The table with a further column, of which the last row says otherwise."""
    (column, (plain, last)) = next(iter(made.items()))
    return lambda table: table.assign(**{column: [plain] * (len(table) - 1) + [last]})


def first_set(**changed: Any) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """The table with some cells of its first row changed."""

    def change(table: pd.DataFrame) -> pd.DataFrame:
        made = table.copy()
        for column, value in changed.items():
            made.loc[0, column] = value
        return made

    return change


SPOILED: dict[str, tuple[Callable[[pd.DataFrame], pd.DataFrame], dict[str, str], str]] = {
    "a total of markets": (beside(market="World"), {}, "totals among its members"),
    "a total of exporters": (beside(exporter="World"), {}, "totals among its members"),
    "a total of products": (beside(product="TOTAL"), {}, "totals among its members"),
    "a total in wide letters": (beside(market="ＷＯＲＬＤ"), {}, "totals among its members"),
    "a total with a mark that is not seen": (beside(exporter="World\u200b"), {}, "totals among its members"),
    "a bloc beside its members": (beside(period=2023, market="RCEP"), {}, "overlap"),
    "a bloc that exports beside its members": (beside(period=2023, exporter="APEC"), {}, "overlap"),
    "a coarser level": (beside(product="001", value=1e6), {"nomenclature": "SITC3"}, "several levels"),
    "a second currency": (everywhere(currency=("USD", "EUR")), {}, "holds 2 units"),
    "a second unit": (everywhere(scale=("million", "thousand")), {"unit": "scale"}, "holds 2 units"),
    "a second edition": (everywhere(edition=("H4", "H5")), {"nomenclature": "edition"}, "2 editions"),
    "a second frequency": (
        lambda t: beside(period="2021-05")(t.astype({"period": str})),
        {},
        "mixes years and months",
    ),
    "a period in two ways": (
        lambda t: beside(period="2021年")(t.astype({"period": str})),
        {},
        "1 period in two ways",
    ),
    "a country in two ways": (beside(market="CHN"), {}, "in more than one way"),
    "an exporter in two ways": (beside(exporter="中国"), {}, "in more than one way"),
    "a market with a mark that is not seen": (beside(market="CHN\u200b"), {}, "in more than one way"),
    "a product with a mark that is not seen": (
        lambda t: beside(product=f"{t['product'][0]}\u200b")(t),
        {},
        "look alike|one cell|disfigured",
    ),
    "what is left over": (beside(market="Others"), {}, "what is left over among its members"),
    "a row twice": (beside(), {}, "several rows have one cell"),
    "a value below zero": (first_set(value=-1.0), {}, "is negative"),
    "a value without end": (first_set(value=math.inf), {}, "is infinite|no number"),
    "no value": (first_set(value=None), {}, "is missing|empty"),
    "no market": (first_set(market=None), {}, "is missing|empty"),
    "nothing but zeros": (lambda t: t.assign(value=0.0), {}, "values are zero"),
    "no rows": (lambda t: t[:0], {}, "no rows"),
    "codes as numbers": (lambda t: t.astype({"product": int}), {}, "(read|stored) as numbers"),
    "years with a fraction": (lambda t: t.assign(period=t["period"] + 0.5), {}, "is of type Float64"),
    "values as text": (lambda t: t.astype({"value": str}), {}, "holds text, not numbers|not a number"),
}


DOORS: dict[str, Callable[..., xl.Flows]] = {
    **{name: lambda t, make=make, **said: xl.flows(make(t), **said) for name, make in ENGINES.items()},
    "parquet": lambda t, **said: from_file(t, "parquet", **said),
    "csv": lambda t, **said: from_file(t, "csv", **said),
}
# What a file of text cannot hold, or reads as a number because it is one.
NOT_SPOILED = {
    ("csv", "codes as numbers"): "text has no numbers: codes of digits are codes",
    ("csv", "values as text"): "text that is a number is one",
    ("csv", "years with a fraction"): "2021.5 written as text is May 2021",
}


# ---- options at their limits -----------------------------------------------------------------------------------------

# What nobody means, and what lies at the ends of ranges; each option of each indicator is given them all.
PROBES: tuple[Any, ...] = (
    None, pd.NA, math.nan, math.inf, -math.inf, -1, -1e-9, 0, 0.5, 1, 1.0, 1.5, 10**6, 1e300, 10**30, True, "", " ",
    "no such word", [], ["no such word"], [math.nan], {}, {"no such word": 1.0}, {"China": math.nan}, object(), b"a",
    np.array([1.0]),
)  # fmt: skip


def options_of(name: str) -> dict[str, Any]:
    """Every option of an indicator with what its annotation says; those without one may be anything."""
    entry = xl.CATALOGUE[name]
    hints = {o: hint for function in entry.declares for o, hint in hints_of(function).items()}
    taken = entry.options if entry.is_distribution else inspect.signature(entry.function).parameters
    return {o: hints.get(o, Any) for o in taken if o not in ("flows", "exports", "imports")}


def asked(name: str, flows: tuple[xl.Flows, ...], **options: Any) -> nw.DataFrame[Any]:
    """An indicator with further options, its result in memory."""
    if xl.CATALOGUE[name].is_distribution:
        return nw.from_native(xl.measure(flows[0], {name: (name, options)}, over="product"))
    found = xl.CATALOGUE[name](*flows[: 1 + (name in TWO)], **{**ARGUMENTS[name], **options})
    return nw.from_native(getattr(found, "table", found))
