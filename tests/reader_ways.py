"""The table of the common checks as publishers write it, and back through their readers."""

from __future__ import annotations

import atexit
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

import exportlab as xl
from exportlab.readers import read_baci, read_comtrade, read_gacc

ISO3 = {"China": "CHN", "Japan": "JPN", "Peru": "PER", "USA": "USA"}
COMTRADE = {"China": "156", "Japan": "392", "Peru": "604", "USA": "842"}
HAN = {"China": "中国", "Japan": "日本", "Peru": "秘鲁", "USA": "美国"}
HS6 = {"0011": "010121", "0012": "010129", "7641": "710110", "7642": "710121"}  # of the same two first digits


@cache
def folder() -> Path:
    made = tempfile.TemporaryDirectory()
    atexit.register(made.cleanup)
    return Path(made.name)


def place() -> Path:
    return Path(tempfile.mkdtemp(dir=folder()))


def comtrade(table: pd.DataFrame) -> xl.Flows:
    """Exports in SITC among what goes aside: the World, imports, rows by mode of transport."""
    rows = pd.DataFrame(
        {
            "typeCode": "C",
            "flowCode": "X",
            "classificationCode": "S3",
            "period": table["period"].astype(str),
            "reporterCode": table["exporter"].map(COMTRADE),
            "partnerCode": table["market"].map(COMTRADE),
            "cmdCode": table["product"],
            "motCode": "0",
            "primaryValue": table["value"],
            "netWgt": table["quantity"],
        }
    )
    cell = ["typeCode", "flowCode", "classificationCode", "period", "reporterCode", "cmdCode", "motCode"]
    world = rows.groupby(cell, as_index=False)[["primaryValue", "netWgt"]].sum().assign(partnerCode="0")
    others = [rows.assign(flowCode="M"), rows.assign(motCode="2100")]
    path = place() / "TradeData.csv"
    pd.concat([rows, world, *others]).to_csv(path, index=False)
    return read_comtrade(path)


def baci(table: pd.DataFrame) -> xl.Flows:
    """One file a year, codes with their zeros, quantities."""
    here = place()
    rows = pd.DataFrame(
        {
            "t": table["period"],
            "i": table["exporter"].map(COMTRADE),
            "j": table["market"].map(COMTRADE),
            "k": table["product"].map(HS6),
            "v": table["value"],
            "q": table["quantity"],
        }
    )
    for year, part in rows.groupby("t"):
        part.to_csv(here / f"BACI_HS92_Y{year}_V202601.csv", index=False)
    return read_baci(here, engine="pandas")


def gacc(table: pd.DataFrame) -> xl.Flows:
    """Customs' query in GB18030 with thousands separators and an empty last column; Januaries stand for years."""
    rows = pd.DataFrame(
        {
            "数据年月": table["period"].astype(str) + "01",
            "商品编码": table["product"].map(HS6),
            "商品名称": "x",
            "贸易伙伴编码": "1",
            "贸易伙伴名称": table["market"].map(HAN),
            "注册地名称": table["exporter"].map(HAN),
            "第一数量": table["quantity"],
            "第一计量单位": "千克",
            "美元": [f"{v:,.4f}" for v in table["value"]],
            "": "",
        }
    )
    path = place() / "downloadData.csv"
    rows.to_csv(path, index=False, encoding="gb18030")
    return read_gacc(path)


YEARS = (2021, 2022, 2023)
# The reader, what it calls labels, what it calls columns.
READERS: dict[str, tuple[Any, dict[Any, Any], dict[str, str]]] = {
    "read_comtrade": (
        comtrade,
        {**ISO3, **{y: str(y) for y in YEARS}},
        {
            "exporter": "reporterCode",
            "market": "partnerCode",
            "product": "cmdCode",
            "value": "primaryValue",
            "quantity": "netWgt",
        },
    ),
    "read_baci": (
        baci,
        {**ISO3, **HS6},
        {"period": "t", "exporter": "i", "market": "j", "product": "k", "value": "v", "quantity": "q"},
    ),
    "read_gacc": (
        gacc,
        {**HAN, **HS6, **{y: f"{y}-01" for y in YEARS}},
        {
            "period": "数据年月",
            "exporter": "注册地名称",
            "market": "贸易伙伴名称",
            "product": "商品编码",
            "value": "美元",
            "quantity": "第一数量",
        },
    ),
}
