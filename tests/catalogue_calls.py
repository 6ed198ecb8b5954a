"""A call of every catalogued indicator that is not a sum over one group's members, on one small world."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

import exportlab as xl

COUNTRIES = ("China", "Japan", "Peru", "USA")
PRODUCTS = ("0011", "0012", "7641", "7642")  # two of one class each, in SITC
INCOME = dict(zip(COUNTRIES, (1.0, 3.0, 2.0, 4.0), strict=True))
SECTIONS = xl.Concordance({"0": (("x", 1.0),), "7": (("y", 1.0),)}, prefix=True)
RAUCH = {"0": "r", "7": "n"}
BEC = xl.Concordance({"0": (("111", 1.0),), "7": (("41", 1.0),)}, prefix=True)
BY = ["period", "exporter"]
BLOC = {"bloc": "RCEP"}

# What each is called with besides the flows; those of TWO take exports and imports.
_CALLS: list[tuple[dict[str, Any], str]] = [
    (
        {},
        "complementarity trade_potential export_potential diversification_potential constant_market_share "
        "constant_market_share_growth shift_share spells survival relative_unit_value price_quantity "
        "unit_value_dispersion",
    ),
    (
        {"by": BY},
        "rca diversification share contributions hhi_change hhi_change_split hhi_shift_share growth_margins "
        "location_quotient hachman hk_margins iemp nesting nestedness trade_intensity galtonian vollrath "
        "lafay michaely grubel_lloyd marginal_iit two_way_types theil_traditional",
    ),
    ({"by": "period"}, "krugman hoover finger_kreinin cosine bahar locational_gini"),
    ({"by": "period", "herfindahl": 0.1}, "ellison_glaeser"),
    ({"by": "period"}, "coagglomeration"),
    ({"by": "period", "firms": "market"}, "excess_colocation"),
    ({"by": BY, **BLOC}, "bloc_share bloc_share_change"),
    ({"by": "period", **BLOC}, "intra_share bloc_intensity introversion size_adjusted_share"),
    ({"by": BY, "income": INCOME}, "prody expy prody_quality expy_quality"),
    ({"by": BY, "groups": 1}, "theil_within_between dagum_gini"),
    ({"by": BY, "industries": 1}, "thom_mcdowell"),
    ({"classes": SECTIONS}, "class_shares"),
    ({"products": "sitc3"}, "lall_shares"),
    ({"products": BEC}, "bec_shares"),
    ({"classes": RAUCH}, "rauch_shares"),
]
ARGUMENTS = {name: arguments for arguments, names in _CALLS for name in names.split()}
TWO = ("vollrath", "lafay", "michaely", "grubel_lloyd", "marginal_iit", "thom_mcdowell", "two_way_types")
# Other ways to call them, by the options on which sources differ, as one writes them.
_OPTIONS = {
    "rca": "form='rsca' form='log' form='nrca' form='arca' form='weighted' reference='rest' zeros=true",
    "vollrath": "form='balassa'",
    "complementarity": "form='drysdale_garnaut'",
    "export_potential": "by=['period','exporter','market']",
    "diversification_potential": "detail=true advantage=0.5",
    "constant_market_share": "weights='base' weights='final' weights='midpoint' order='product' order='market'",
    "constant_market_share_growth": "order='product' order='market'",
    "shift_share": "form='esteban_marquillas'",
    "diversification": "reference='rest'",
    "share": "over='product'",
    "contributions": "over='product'",
    "hhi_change": "over='product'",
    "hhi_change_split": "over='product'",
    "hhi_shift_share": "reference='rest' over='market'",
    "growth_margins": "rate='midpoint' over='market' threshold=2.5",
    "location_quotient": "reference='rest'",
    "hachman": "reference='rest'",
    "locational_gini": "form='krugman' form='quotients'",
    "ellison_glaeser": "herfindahl=0.0",
    "coagglomeration": "size='total' groups=1",
    "dagum_gini": "universe='active'",
    "hk_margins": "reference='world' prices=true",
    "iemp": "own_market='out' threshold=2.5",
    "nestedness": "threshold=2.5",
    "trade_intensity": "correction='own_exports' correction='own_imports' correction='rest'",
    "intra_share": "flow='imports' flow='total'",
    "bloc_intensity": "form='homogeneous' flow='total'",
    "introversion": "flow='total'",
    "size_adjusted_share": "flow='total'",
    "galtonian": "form='balassa' reference='rest' zeros=false",
    "krugman": "against='rest' over='market'",
    "finger_kreinin": "against='world' over='market'",
    "cosine": "against='rest' over='market'",
    "bahar": "shift=1.0 against='rest'",
    "grubel_lloyd": "form='product' form='balance' form='aquino'",
    "marginal_iit": "form='product'",
    "two_way_types": "rule='symmetric' method='trade_type'",
    "prody": "base=2021",
    "expy": "base=2021 leave_out=true",
    "prody_quality": "average='quantity'",
    "expy_quality": "average='quantity' elasticity=1.0",
    "lall_shares": "level='group'",
    "bec_shares": "scheme='allotted'",
    "spells": "gap=0 threshold=2.5",
    "survival": "gap=0 left='keep' which='first'",
    "theil_within_between": "universe='active'",
    "theil_traditional": "new='now'",
    "relative_unit_value": "reference='rest' summary=true",
    "unit_value_dispersion": "weights='equal'",
    "price_quantity": "method='tornqvist' method='laspeyres' method='paasche'",
}
OPTIONS = {name: text.split() for name, text in _OPTIONS.items()}


def world(seed: int = 3, years: tuple[int, ...] = (2021, 2022, 2023)) -> pd.DataFrame:
    """Exporters, markets and products by year; some cells are zero, quantities go with values."""
    rng = np.random.default_rng(seed)
    cells = [(t, e, m, k) for t in years for e in COUNTRIES for m in COUNTRIES if e != m for k in PRODUCTS]
    made = pd.DataFrame(cells, columns=["period", "exporter", "market", "product"])
    made["value"] = rng.gamma(1, 1, len(made)) * (rng.random(len(made)) > 0.2)
    made["quantity"] = rng.gamma(1, 1, len(made)) * (made["value"] > 0)
    return made


def imports(table: pd.DataFrame) -> pd.DataFrame:
    """What each country buys, it standing as the exporter: the same trade, seen by the buyer."""
    return table.rename(columns={"exporter": "market", "market": "exporter"})


def call(
    name: str,
    table: pd.DataFrame,
    convert: Callable[[pd.DataFrame], Any] = lambda t: t,
    *,
    checked: bool = False,
    **options: Any,
) -> Any:
    """The indicator on the table, in the engine that `convert` makes of it, with further options."""
    tables = [table, imports(table)] if name in TWO else [table]
    doors = (xl.flows(convert(t), validate="schema" if checked else "rows") for t in tables)
    found = xl.CATALOGUE[name](*doors, **{**ARGUMENTS[name], **options})
    return found.table if name == "survival" else found
