"""Made-up tables written in the shapes in which China's bureaus of statistics and CEADs publish theirs."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

LAYOUTS = Path(__file__).parent / "reference" / "valueadded" / "china_layouts.csv"
BUREAU = {
    "TIU": "中间使用合计",
    "FU101": "农村居民",
    "FU102": "城镇居民",
    "THC": "小计",
    "FU103": "政府消费支出",
}
BUREAU |= {
    "TC": "合计",
    "FU201": "固定资本形成总额",
    "FU202": "存货变动",
    "GCF": "合计",
    "EX": "出口",
    "TFU": "最终使用合计",
}
BUREAU |= {
    "IM": "进口",
    "OF": "国内省外流出",
    "IF": "国内省外流入",
    "FU302": "流出",
    "FU304": "流入",
    "ERR": "其他",
    "GO": "总产出",
}
OVER = {"FU101": ["最终使用", "最终消费支出", "居民消费支出"], "FU201": ["", "资本形成总额", ""]}
BELOW = {
    "IM": "进口",
    "TII": "中间投入合计",
    "VA001": "劳动者报酬",
    "VA002": "生产税净额",
    "VA003": "固定资产折旧",
}
BELOW |= {"VA004": "营业盈余", "TVA": "增加值合计", "TI": "总投入"}
ENGLISH = {
    "TIU": "Total Intermediate Use",
    "FU101": "Rural Household Consumption",
    "FU102": "Urban Household Consumption",
}
ENGLISH |= {
    "FU103": "Government Consumption",
    "FU201": "Fixed Capital Formation",
    "FU202": "Changes in Inventories",
}
ENGLISH |= {"EX": "Export", "TFU": "Total Final Use", "ERR": "Errors", "GO": "Gross Output", "IM": "Import"}
ENGLISH |= {
    "TII": "Total Intermediate Input",
    "VA001": "Compensation of Employees",
    "VA002": "Net Taxes on Production",
}
ENGLISH |= {
    "VA003": "Depreciation of Fixed Capital",
    "VA004": "Operating Surplus",
    "TVA": "Total Value Added",
}
ENGLISH |= {"TI": "Total Input"}
SHARES = {"VA001": 0.5, "VA002": 0.1, "VA003": 0.15, "VA004": 0.25}
SUMS = {"THC": ("FU101", "FU102"), "TC": ("FU101", "FU102", "FU103"), "GCF": ("FU201", "FU202")}


@dataclass(frozen=True)
class Layout:
    publisher: str
    edition: str
    sectors: int
    sheets: list[str]
    columns: list[str]
    below: list[str]

    def __str__(self) -> str:
        return f"{self.publisher}-{self.edition}-{self.sectors}-{self.sheets[:1]}"


def layouts(*publishers: str) -> list[Layout]:
    with LAYOUTS.open(encoding="utf-8") as file:
        return [
            Layout(
                r["publisher"],
                r["edition"],
                int(r["sectors"]),
                [s.replace("-", " ") for s in r["sheets"].split()],
                r["columns"].split(),
                r["below"].split(),
            )
            for r in csv.DictReader(file)
            if r["publisher"] in publishers
        ]


@dataclass(frozen=True)
class Economy:
    """Flows of n sectors, and every column and row that a bureau prints of them."""

    Z: np.ndarray
    uses: dict[str, np.ndarray]
    below: dict[str, np.ndarray]


def economy(columns: list[str], n: int = 3) -> Economy:
    rng = np.random.default_rng(11)
    Z = rng.uniform(5, 20, (n, n)).round(2)
    uses = {
        c: rng.uniform(20, 60, n).round(2)
        for c in columns
        if c.startswith("FU") or c in ("EX", "OF", "IM", "IF")
    }
    uses["FU202"] -= 40
    uses |= {whole: sum(uses[p] for p in parts) for whole, parts in SUMS.items() if whole in columns}
    final = sum(
        v for c, v in uses.items() if c in ("FU101", "FU102", "FU103", "FU201", "FU202", "EX", "OF", "FU302")
    )
    bought = sum(v for c, v in uses.items() if c in ("IM", "IF", "FU304"))
    error = np.array([0.31, -0.22, 0.0])[:n] * ("ERR" in columns)
    go = Z.sum(axis=1) + final - bought + error
    uses |= {"TIU": Z.sum(axis=1), "TFU": final, "ERR": error, "GO": go}
    va = go - Z.sum(axis=0)
    below = {"TII": Z.sum(axis=0), "TVA": va, "TI": go, **{c: share * va for c, share in SHARES.items()}}
    return Economy(Z, uses, below)


def bureau(path: Path, layout: Layout, e: Economy, *, codes: str = "text") -> Path:
    """Title, unit, heads of final use in several rows, codes; `codes` are text (001), numbers (1), or left out."""
    n, width = len(e.Z), 3 if layout.sectors > 99 else 2
    coded: list[object] = [f"{k + 1:0{width}d}" if codes == "text" else k + 1 for k in range(n)]
    names = ["农产品", "林产品", "畜牧产品"][:n]
    over = [[(OVER.get(c) or [""] * 3)[k] for c in layout.columns] for k in range(3)]
    heads = [BUREAU[c] for c in layout.columns]
    if codes == "none":  # then each head must say what it is
        heads = [
            {
                "FU101": "农村居民消费支出",
                "FU102": "城镇居民消费支出",
                "THC": "居民消费支出小计",
                "TC": "最终消费支出合计",
                "GCF": "资本形成总额合计",
            }.get(c, BUREAU[c])
            for c in layout.columns
        ]
    grid: list[list[object]] = [[f"{layout.edition}年投入产出表"], ["（按当年生产者价格计算）", "单位：万元"]]
    grid += [
        ["", "产出", "代码", "中间使用", *[""] * (n - 1), *over[0]],
        *([*[""] * (n + 3), *o] for o in over[1:]),
    ]
    grid += [["投入", "", "", *names, *heads]]
    grid += [["", "", "代码", *coded, *layout.columns]] if codes != "none" else []
    for k in range(n):
        grid.append(["中间投入" * (k == 0), names[k], coded[k] if codes != "none" else "", *e.Z[k]])
        grid[-1] += [e.uses[c][k] for c in layout.columns]
    for code in layout.below:
        grid.append(
            ["增加值" * (code == "VA001"), BELOW[code], code if codes != "none" else "", *e.below[code]]
        )
    _frame(grid).to_csv(path, header=False, index=False)
    return path


def _frame(grid: list[list[object]]) -> pd.DataFrame:
    width = max(map(len, grid))
    return pd.DataFrame([[*row, *[None] * (width - len(row))] for row in grid])


LAND = {"Beijing": "北京", "Inner Mongolia": "内蒙古", "Shannxi": "陕西"}
SECTORS = {
    "Agriculture, Forestry, Animal Husbandry and Fishery": "农林牧渔产品和服务",
    "Mining and washing of coal": "煤炭采选产品",
}


@dataclass(frozen=True)
class Provinces:
    """Flows between three provinces of two sectors, final use of each, exports, errors, and what is imported."""

    Z: np.ndarray
    F: np.ndarray
    exports: np.ndarray
    errors: np.ndarray
    bought: np.ndarray
    bought_final: np.ndarray

    @property
    def output(self) -> np.ndarray:
        return self.Z.sum(axis=1) + self.F.sum(axis=1) + self.exports + self.errors


def made_provinces(columns: list[str]) -> Provinces:
    rng = np.random.default_rng(12)
    errors = np.array([0.3, -0.2, 0.0, 0.1, 0.0, -0.4]) * ("ERR" in columns)
    cells = [
        rng.uniform(*bounds, size).round(2)
        for bounds, size in (((1, 9), (6, 6)), ((3, 20), (6, 15)), ((5, 9), 6))
    ]
    return Provinces(*cells, errors, rng.uniform(1, 3, 6).round(2), rng.uniform(1, 3, 15).round(2))


def sheet(layout: Layout, m: Provinces, *, english: bool) -> list[list[object]]:
    """A title, provinces written once, names, codes; three label columns; a row of imports, inputs, value added."""
    named = ENGLISH if english else {**BUREAU, **BELOW, "FU101": "农村居民消费", "FU102": "城镇居民消费"}
    land, sectors = (list(d) if english else list(d.values()) for d in (LAND, SECTORS))
    uses = [c for c in layout.columns if c.startswith("FU")]
    before, after = (
        layout.columns[: layout.columns.index(uses[0])],
        layout.columns[layout.columns.index("EX") :],
    )
    once = [v for c in land for v in (c, *[None] * (len(sectors) - 1))]
    final = [v for c in land for v in (c, *[None] * (len(uses) - 1))]
    codes = [*["01", "02"] * 3, *before, *uses * 3, *after]
    gap: list[object] = [None] * 3
    grid = [
        [
            f"China multi-regional input-output table, {layout.edition}"
            if english
            else f"{layout.edition}年中国多区域投入产出表"
        ]
    ]
    grid += [[*gap, *once, *[None] * len(before), *final, *[None] * len(after)]]
    grid += [
        [*gap[:2], "(10,000 yuan)" if english else "（万元）", *sectors * 3, *[named[c] for c in codes[6:]]],
        [*gap, *codes],
    ]
    x, va = m.output, m.output - m.Z.sum(axis=0) - m.bought
    total = {
        "TIU": m.Z.sum(axis=1),
        "EX": m.exports,
        "TFU": m.F.sum(axis=1) + m.exports,
        "ERR": m.errors,
        "GO": x,
    }
    for k in range(6):
        row = [*m.Z[k], *[total[c][k] for c in before], *m.F[k], *[total[c][k] for c in after]]
        grid.append([land[k // 2] if k % 2 == 0 else None, sectors[k % 2], f"0{k % 2 + 1}", *row])
    below = {"TII": m.Z.sum(axis=0) + m.bought, "TVA": va, "TI": x, **{c: s * va for c, s in SHARES.items()}}
    grid.append([None, named["IM"], "IM", *m.bought, *[m.bought.sum()] * len(before), *m.bought_final])
    return grid + [[None, named[c], c, *below[c]] for c in layout.below[1:]]


def ceads(path: Path, layout: Layout, m: Provinces) -> Path:
    """A workbook with the sheets of an edition: tables in Chinese or English, lists of names."""
    lists = {
        "Sector": [["No.", "Sector"], ["01", "Agriculture"]],
        "Province": [["No.", "Province"], [1, "Beijing"]],
    }
    with pd.ExcelWriter(path) as book:
        for name in layout.sheets:
            rows = lists.get(name) or sheet(layout, m, english="English" in name)
            _frame(rows).to_excel(book, sheet_name=name, header=False, index=False)
    return path
