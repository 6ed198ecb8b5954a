"""What an adversary would give a door, and the one rule for what may come of it.

From a shell, ``python benchmarks/fuzz.py`` runs the same attacks for as long as it is told.
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st

import exportlab as xl
from exportlab.errors import LONGEST, ExportlabError
from exportlab.panel import PolicyPanel
from exportlab.valueadded import InterCountryTable, IOTable

NAMES = (
    "<script>alert(1)</script>", "=cmd|' /C calc'!A0", "@SUM(1)", "+1", "-2", "\t=1", "\r=1", "\n=1", " =1", "＝1",
    "$\\frac{$", "a$b", "\u202eevil", "a\nb", "a,b", 'a"b', "x" * 5000, "\\input{/etc/passwd}", "[/red]", "{{7*7}}",
    "%s {name}", "\ufeff=1", "\x07bell", "a\x00b", "\x1b[31m", "&lt;", "' onclick='x", "nan", "None", "../../x", "CON",
    "😀", "\x85", "\u2028", "١٢", "１２", "1e5", "日本",
)  # fmt: skip
NUMBERS = (
    0.0, -0.0, 1.0, 5e-324, 1e-300, 1e-60, 1e60, 1e300, 1e308, float("inf"), float("-inf"), float("nan"), -1.0,
    2**53 + 1, 2**63, 10**30, 10**400, True, None, "1e3", "١٢", "１２", "", "1,5", b"1", 1 + 2j, [1], {},
)  # fmt: skip
PERIODS = (
    2020,
    2021,
    0,
    -5,
    99999,
    202013,
    2**70,
    "2021-13",
    "0000",
    "２０２１",
    "2021",
    "2021-01",
    2020.5,
    None,
    True,
)

cell = st.one_of(st.sampled_from(NUMBERS), st.floats(), st.integers(), st.text(max_size=5))
label = st.one_of(st.sampled_from(NAMES), st.text(max_size=8), st.integers(), st.none(), st.booleans())


def civil(call: Callable[[], Any]) -> str:
    """Run a call; it may return, or refuse with an error of the package's own that can be read, and nothing else."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            call()
        except ExportlabError as error:
            said = str(error)
            assert 10 < len(said) <= LONGEST + 200, len(said)
            return "refused"
    return "answered"


plain_number = st.floats(0.1, 1e6)
plain_label = st.sampled_from([*(n for n in NAMES if len(n) < 100), "Japan", "USA", "a", "b"])
plain_period = st.sampled_from([2020, 2021, 2022])
PLAIN = {"period": plain_period}


@st.composite
def tables(draw: st.DrawFn, columns: dict[str, st.SearchStrategy[Any]]) -> pd.DataFrame:
    """A table of a few rows; each column is mostly plain, else hostile, of whatever type pandas makes of it."""
    rows = draw(st.integers(0, 8))
    made = {}
    for name, hostile in columns.items():
        plain = PLAIN.get(name, plain_number if name == "value" else plain_label)
        cells = hostile if draw(st.integers(0, 5)) == 0 else plain
        made[name] = draw(st.lists(cells, min_size=rows, max_size=rows))
    return pd.DataFrame(
        {name: pd.Series(values, dtype=object).infer_objects() for name, values in made.items()}
    )


flow_tables = tables({"period": st.sampled_from(PERIODS), "market": label, "product": label, "value": cell})


@st.composite
def spoiled(draw: st.DrawFn, whole: pd.DataFrame) -> pd.DataFrame:
    """A sound table after up to three of its cells became hostile."""
    made = whole.astype(object)
    for _ in range(draw(st.integers(0, 3))):
        row, column = draw(st.integers(0, len(made) - 1)), draw(st.integers(0, made.shape[1] - 1))
        made.iat[row, column] = draw(st.one_of(cell, label, st.sampled_from(PERIODS)))
    return made.infer_objects()


_RNG = np.random.default_rng(1)
_PANEL = pd.DataFrame(
    [(f"u{u}", t, 2018.0 if u < 3 else np.nan) for u in range(8) for t in range(2015, 2021)],
    columns=["unit", "year", "adopted"],
).assign(y=_RNG.normal(size=48))
_FLOWS = pd.DataFrame(
    [(e, i, t) for t in (1, 2, 3) for e in "abcd" for i in "abcd" if e != i], columns=["e", "i", "t"]
).assign(v=_RNG.gamma(1, 1, 36), z=_RNG.integers(0, 2, 36).astype(float))
panel_tables = spoiled(_PANEL)
gravity_tables = spoiled(_FLOWS)
input_output = st.lists(st.one_of(plain_number, plain_number, plain_number, cell), min_size=8, max_size=8)


def flows_door(table: pd.DataFrame) -> None:
    made = xl.flows(table, aggregate="sum")
    answer = xl.measure(made, ["hhi", "theil"], over="market")
    assert answer["hhi"].dropna().between(0, 1 + 1e-9).all()


def panel_door(table: pd.DataFrame) -> None:
    panel = PolicyPanel(table, unit="unit", period="year", outcome="y", adopted="adopted")
    panel.check()
    panel.twfe()


def gravity_door(table: pd.DataFrame) -> None:
    xl.gravity(table, "v ~ z", exporter="e", importer="i", period="t", domestic="drop")


def io_door(cells: list[Any]) -> None:
    """Four cells of Z, two of final use and two of exports, as they come."""
    Z = pd.DataFrame([cells[:2], cells[2:4]], index=["a", "b"], columns=["a", "b"])
    zero = pd.DataFrame(0.0, index=Z.index, columns=Z.columns)
    IOTable.from_frames(
        Z, final=pd.DataFrame({"c": cells[4:6]}, index=Z.index), exports=cells[6:8], imported=zero
    ).domestic_content()


def intercountry_door(cells: list[Any]) -> None:
    rows = pd.Index(["A_s", "B_s"])
    InterCountryTable.from_frames(
        pd.DataFrame([cells[:2], cells[2:4]], index=rows, columns=rows),
        pd.DataFrame([cells[4:6], cells[6:8]], index=rows, columns=["A", "B"]),
    ).decompose("wwz")


TEXTS = {
    "flows": b"m,p,v,q\nJapan,0101,1.5,2\nUSA,0202,2,NA\n",
    "gacc": '数据年月,商品编码,贸易伙伴名称,贸易方式名称,美元,\n202301,01012100,日本,一般贸易,"1,234",\n'.encode(
        "gb18030"
    ),
    "baci": b"t,i,j,k,v,q\n2022,156,392,010121,12.5,3\n2022,156,410,270900,8,NA\n",
    "comtrade": b"period,reporterCode,partnerCode,flowCode,cmdCode,primaryValue\n2023,156,392,X,010121,5\n",
    "json": b'{"data":[{"period":"2023","reporterCode":156,"partnerCode":392,"flowCode":"X","cmdCode":"0101",'
    b'"primaryValue":5}]}',
    "icio": b",A_s,B_s,A_f,B_f\nA_s,1,2,5,5\nB_s,1,2,5,5\nVA,11,9,0,0\nOUT,13,13,0,0\n",
    "paper": b'[paper]\nid="p"\ntitle="t"\nauthors=["a"]\nyear=2020\n[[claim]]\nid="c"\nsection="1"\nwhat="w"\n'
    b'kind="share"\nprinted="50"\nvalue=50\nunit="%"\nneeds="x"\n',
}
SUFFIX = {"json": ".json", "paper": ".toml"}
PIECES = (
    b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b'"', b'""', b"'", b",", b";", b"\t", b"\n", b"\r", b"=", b"1e999", b"-",
    b"nan", b"9" * 400, b"{", b"[" * 3000, b"}", b"]", b"\x80", b"\xed\xa0\x80", "１".encode(),
    "١".encode(), b",,,,", b"../",
)  # fmt: skip


def damaged(whole: bytes, seed: int) -> bytes:
    """A file after bytes were changed, cut, doubled, or strange pieces put in."""
    rng, data = random.Random(seed), bytearray(whole)
    for _ in range(rng.choice((1, 1, 2, 5))):
        at = rng.randrange(len(data) + 1)
        do = rng.randrange(5)
        if do == 0 and data:
            data[at % len(data)] = rng.randrange(256)
        elif do == 1:
            del data[at : at + rng.randrange(1, 12)]
        elif do == 2:
            data[at:at] = rng.choice(PIECES)
        elif do == 3:
            data[at:at] = data[max(0, at - 20) : at]
        else:
            del data[at:]
    return bytes(data)


def read(kind: str, path: Path) -> None:
    """Read a file with the reader of its kind, as far as a figure."""
    if kind == "paper":
        xl.claims.check([path])
    elif kind == "icio":
        xl.valueadded.read_icio(path)
    elif kind == "gacc":
        xl.hhi(xl.read_gacc(path, progress=False), over="market")
    elif kind == "baci":
        xl.hhi(xl.read_baci(path, engine="pandas", progress=False), over="market")
    elif kind in ("comtrade", "json"):
        xl.hhi(xl.read_comtrade(path, progress=False), over="market")
    else:
        xl.hhi(
            xl.read_flows(path, market="m", product="p", value="v", quantity="q", progress=False),
            over="market",
        )


def parquet(folder: Path) -> bytes:
    """A small Parquet file, whole."""
    path = folder / "whole.parquet"
    pd.DataFrame({"m": ["a", "b"] * 200, "v": np.arange(400.0) + 1}).to_parquet(path, index=False)
    return path.read_bytes()


def read_parquet(path: Path, engine: str) -> None:
    made = xl.read_flows(path, market="m", value="v", aggregate="sum", engine=engine, progress=False)
    made.check()
