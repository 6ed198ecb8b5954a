"""Bounds of two-way tables: what they are for a row, whether they are kept, and tables on which they are reached."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from catalogue_calls import COUNTRIES, INCOME, PRODUCTS
from table_laws import CELL, Break, Case, Key, Rows


def bounds(case: Case, table: pd.DataFrame, rows: Rows) -> Iterator[Break]:
    """Figures outside their bounds."""
    for key, figures in rows.items():
        value = figures[case.figure]
        low, high = limits(case, table, key)
        if value < low - 1e-9 * max(1, abs(low)):
            yield Break(key, case.figure, low, value)
        if value > high + 1e-9 * max(1, abs(high)):
            yield Break(key, case.figure, high, value)


def limits(case: Case, table: pd.DataFrame, key: Key) -> tuple[float, float]:
    """The declared bounds of one row as numbers, infinite where there is none."""

    def number(text: str, none: float) -> float:
        if not text:
            return none
        return SYMBOLS[text](table, dict(key)) if text in SYMBOLS else float(text)

    return number(case.entry.low, -math.inf), number(case.entry.high, math.inf)


def _here(table: pd.DataFrame, row: Mapping[str, Any], *roles: str) -> pd.DataFrame:
    """The active cells of the row's own labels."""
    own = table[table["value"] > 0]
    for role in roles:
        own = own[own[role] == row[role]]
    return own


def _smallest_place(table: pd.DataFrame, row: Mapping[str, Any]) -> float:
    sizes = _here(table, row, "period").groupby("exporter")["value"].sum()
    return float(sizes.min() / sizes.sum())


SYMBOLS: dict[str, Callable[[pd.DataFrame, Mapping[str, Any]], float]] = {
    r"\ln N": lambda t, row: math.log(_here(t, row)["product"].nunique()),
    "1/J": lambda t, row: 1 / _here(t, row, "period")["market"].nunique(),
    "1/n": lambda t, row: 1 / len(_here(t, row, "period", "exporter")),
    r"1 - \min_r p_r": lambda t, row: 1 - _smallest_place(t, row),
    r"1 - 1/N": lambda t, row: 1 - 1 / t[t["value"] > 0]["product"].nunique(),
    "min Y": lambda t, row: min(INCOME.values()),
    "max Y": lambda t, row: max(INCOME.values()),
}


def grid(value: Callable[[int, int, int, int], float], years: int = 2) -> pd.DataFrame:
    """A world of four countries and four products: the value of year t, exporter e, market m and product k."""
    made = [
        (2021 + t, COUNTRIES[e], COUNTRIES[m], PRODUCTS[k], float(value(t, e, m, k)))
        for t, e, m, k in np.ndindex(years, 4, 4, 4)
        if e != m
    ]
    table = pd.DataFrame(made, columns=[*CELL, "value"])
    return table.assign(quantity=np.where(table["value"] > 0, 1.0, 0.0))


def wild() -> pd.DataFrame:
    """Twelve orders of magnitude, and many zeros."""
    rng = np.random.default_rng(11)
    table = grid(lambda *cell: 10 ** rng.uniform(-6, 6) * (rng.random() > 0.6), years=3)
    return table.assign(quantity=table["quantity"] * 10 ** rng.uniform(-3, 3, len(table)))


def faint() -> pd.DataFrame:
    """All but alike in the first year, nothing alike in the second: China's turn to it, Japan's away from it."""
    lean = (1, 1, -1, -1)

    def value(t: int, e: int, m: int, k: int) -> float:
        if e > 1:
            return 1e6
        return 1 + (1e-4 if t == 0 else (0.9 if e == 0 else -0.9)) * lean[k]

    return grid(value)


def dear() -> pd.DataFrame:
    """China sells little, at a billion times the price of the others."""
    table = grid(lambda t, e, m, k: 1 if e == 0 else 1e6)
    return table.assign(quantity=table["value"].where(table["exporter"] != "China", 1e-9))


def torn() -> pd.DataFrame:
    """Half the prices next to nothing, half beyond measure."""
    table = grid(lambda t, e, m, k: 1.0)
    return table.assign(quantity=np.where(np.arange(len(table)) // 4 % 2, 1e-150, 1e150))


def few_to_many(years: tuple[int, int]) -> pd.DataFrame:
    """China alone: two thousand products in one year, alike; the first of them alone counts in the other."""
    many, one = years
    cells = [(many, "China", "Japan", f"{k:04d}", 1.0) for k in range(2000)]
    cells += [(one, "China", "Japan", f"{k:04d}", 1e9 if k == 0 else 1.0) for k in range(2000)]
    table = pd.DataFrame(cells, columns=[*CELL, "value"])
    return table.assign(quantity=1.0)


def long_lived() -> pd.DataFrame:
    """One relation alive in each of a thousand years and more, and one alive in a single year."""
    cells = [(t, "China", "Japan", "0011", 1.0) for t in range(1000, 2003)]
    return pd.DataFrame([*cells, (1500, "China", "Japan", "0012", 1.0)], columns=[*CELL, "value"])


def beside() -> pd.DataFrame:
    """Firms (markets) of the first product with half of the second's, the others all apart; of the last two nowhere
    together, one against two thousand."""
    cells = [("China", 0, "0011"), ("China", 0, "7641"), *(("Japan", m, "7642") for m in range(1, 2001))]
    cells += [("China", m, "0012") for m in range(1, 501)]
    cells += [(f"P{m}", m, "0012") for m in range(501, 1001)]
    made = [(2021, place, f"m{m}", k, 1.0) for place, m, k in cells]
    return pd.DataFrame(made, columns=[*CELL, "value"]).assign(quantity=1.0)


TABLES: dict[str, Callable[[], pd.DataFrame]] = {
    "alike": lambda: grid(lambda t, e, m, k: 1),
    "apart": lambda: grid(lambda t, e, m, k: e == k),
    "one": lambda: grid(lambda t, e, m, k: k == 0 and m == (e + 1) % 4),
    "turned": lambda: grid(lambda t, e, m, k: e == t == k == (m - 1)),
    "swapped": lambda: grid(lambda t, e, m, k: (e, m, k) in ((0, 1, 0), (1, 0, 2))),
    "grown": lambda: grid(lambda t, e, m, k: (t + 1) * (k == 0)),
    "opposed": lambda: grid(lambda t, e, m, k: 1 + 8 * (e % 2 == k % 2)),
    "left and joined": lambda: grid(lambda t, e, m, k: (e, m) in ((0, 1 + t), (3, 2 - t))),
    "within": lambda: grid(lambda t, e, m, k: e // 2 == m // 2),
    "outside": lambda: grid(lambda t, e, m, k: e // 2 != m // 2),
    "small bloc": lambda: grid(lambda t, e, m, k: 1e6 ** (e > 1) * (e // 2 == m // 2)),
    "small place": lambda: grid(lambda t, e, m, k: (e, k) == (0, 0) or 1e6 * ((e, k) == (1, 1))),
    "two in a small place": lambda: grid(lambda t, e, m, k: (e == 0 and k < 2) or 1e6 * ((e, k) == (1, 2))),
    "beside": beside,
    "ended": lambda: grid(lambda t, e, m, k: k == 0 or t == 1, years=4),
    "wild": wild,
    "faint": faint,
    "dear": dear,
    "torn": torn,
    "to many": lambda: few_to_many((2022, 2021)),
    "to one": lambda: few_to_many((2021, 2022)),
    "long-lived": long_lived,
}

# The tables, with an option where one is needed, on which both ends are reached; by default "alike" and "apart".
_REACHED = {
    ("wild",): "vollrath relative_unit_value price_quantity hhi_change michaely contributions growth_margins "
    "constant_market_share_growth shift_share nestedness diversification_potential",
    ("small place", "alike"): "complementarity diversification hachman rca location_quotient",
    ("within", "outside"): "share bloc_share intra_share introversion",
    ("small bloc", "outside"): "trade_intensity bloc_intensity size_adjusted_share",
    ("grown", "turned"): "marginal_iit thom_mcdowell",
    ("to many", "to one"): "hhi_shift_share",
    ("to many; over='product'", "to one; over='product'"): "hhi_change_split",
    ("turned", "ended"): "constant_market_share survival",
    ("left and joined",): "bloc_share_change",
    ("one", "apart"): "nesting",
    ("apart", "wild"): "trade_potential",
    ("alike", "wild"): "export_potential",
    ("within", "apart"): "iemp",
    ("faint",): "galtonian",
    ("swapped",): "lafay",
    ("alike", "torn"): "unit_value_dispersion",
    ("opposed",): "bahar",
    ("long-lived",): "spells",
    ("wild; elasticity=2.0", "dear; elasticity=2.0"): "prody_quality expy_quality",
    ("small place", "alike; herfindahl=0.9999"): "ellison_glaeser",
    ("small place; size='total'", "two in a small place; size='total'"): "coagglomeration",
    ("beside",): "excess_colocation",
    ("to one",): "dagum_gini",
}
REACHED = {name: tables for tables, names in _REACHED.items() for name in names.split()}
