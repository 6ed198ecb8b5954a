"""Files as China's customs' online query writes them, of any size, for tests, the report and benchmarks.

From a shell: ``python tests/customs.py out.csv 200000 7`` writes 200,000 rows drawn with seed 7.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from exportlab.classifications import countries

REGIMES = {"10": "一般贸易", "14": "来料加工贸易", "15": "进料加工贸易", "39": "海关特殊监管区域物流货物"}
PLACES = {"21": "辽宁省", "22": "吉林省", "23": "黑龙江省", "31": "上海市"}
MONEY = {"CNY": "人民币", "USD": "美元"}


def draw(
    rows: int,
    seed: int,
    *,
    unit: str = "USD",
    months: Sequence[str] = ("202301", "202302", "202303"),
    places: Sequence[str] = ("21",),
    products: int | None = None,
    partners: int = 150,
    home: bool = True,
) -> pd.DataFrame:
    """A table of distinct (month, code, partner, regime, place); most (month, code, partner) have two rows.

    Numbers are numbers here, and every column of the query is there, in the query's order. Without `products`,
    there are 800 codes, or as many as so many rows need.
    """
    rng = np.random.default_rng(seed)
    products = products or max(800, 2 * rows // (len(months) * partners))
    known = [c for c in countries() if c.gacc and c.iso3 != "CHN"]
    chosen = [known[i] for i in rng.permutation(len(known))[: partners - home]]
    chosen += [c for c in countries() if c.iso3 == "CHN"] * home
    codes = np.sort(rng.choice(np.arange(1_010_000, 97_060_000), products, replace=False))
    spread = [(r, p) for p in places for r in REGIMES]
    shape = (len(months), products, partners)
    base = rng.choice(np.prod(shape), -(-rows // 2), replace=False)
    month, product, partner = np.unravel_index(np.repeat(base, 2)[:rows], shape)
    start = np.repeat(rng.integers(0, len(spread), len(base)), 2)[:rows]
    combination = (start + np.arange(rows) % 2) % len(spread)
    size = np.exp(rng.normal(9, 2.2, rows)) / (1 + partner % 40)
    regime = [spread[i][0] for i in combination]
    place = [spread[i][1] for i in combination]
    return pd.DataFrame(
        {
            "数据年月": [months[m] for m in month],
            "商品编码": [f"{codes[k]:08d}" for k in product],
            "商品名称": [f"第{codes[k]:08d}号商品, 未列名" for k in product],
            "贸易伙伴编码": [chosen[j].gacc for j in partner],
            "贸易伙伴名称": [chosen[j].name_zh for j in partner],
            "贸易方式编码": regime,
            "贸易方式名称": [REGIMES[r] for r in regime],
            "注册地编码": place,
            "注册地名称": [PLACES[p] for p in place],
            "第一数量": np.round(size / rng.uniform(1, 30, rows)),
            "第一计量单位": np.where(product % 3 == 0, "台", "千克"),
            "第二数量": np.where(product % 3 == 0, np.round(size / 9), np.nan),
            "第二计量单位": np.where(product % 3 == 0, "千克", "-"),
            MONEY[unit]: np.round(size) + 1,
        }
    )


def write(
    table: pd.DataFrame,
    path: Path,
    *,
    encoding: str = "gb18030",
    shuffle: int | None = None,
    thousands: bool = True,
    empty_last_column: bool = True,
) -> Path:
    """Write a table the way the query does; `shuffle` is the seed of the columns' order."""
    text = pd.DataFrame(
        {
            name: [_number(x, thousands) for x in column] if column.dtype.kind == "f" else column
            for name, column in table.items()
        }
    )
    if shuffle is not None:
        text = text[[text.columns[i] for i in np.random.default_rng(shuffle).permutation(text.shape[1])]]
    if empty_last_column:
        text[""] = ""
    text.to_csv(path, index=False, encoding=encoding)
    return path


def _number(x: float, thousands: bool) -> str:
    if np.isnan(x):
        return ""
    return f"{x:,.0f}" if thousands else f"{x:.0f}"


if __name__ == "__main__":
    write(
        draw(int(sys.argv[2]), int(sys.argv[3]), places=tuple(PLACES)),
        Path(sys.argv[1]),
        shuffle=int(sys.argv[3]),
    )
