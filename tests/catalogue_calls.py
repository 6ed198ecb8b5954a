"""A call of every catalogued indicator that is not a sum over one group's members, on one small world."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

import exportlab as xl

COUNTRIES = ("China", "Japan", "Peru", "USA")
PRODUCTS = ("001", "011", "764", "784")
INCOME = dict(zip(COUNTRIES, (1.0, 3.0, 2.0, 4.0), strict=True))
SECTIONS = {"001": "x", "011": "x", "764": "y", "784": "y"}
RAUCH = {"001": "w", "011": "r", "764": "n", "784": "n"}
BEC = xl.Concordance(
    {"001": (("111", 1.0),), "011": (("41", 1.0),), "764": (("51", 1.0),), "784": (("21", 1.0),)}
)
BY = ["period", "exporter"]


def world(seed: int = 3, years: tuple[int, ...] = (2021, 2022, 2023)) -> pd.DataFrame:
    """Exporters, markets and products by year; some cells are zero, quantities go with values."""
    rng = np.random.default_rng(seed)
    cells = [(t, e, m, k) for t in years for e in COUNTRIES for m in COUNTRIES if e != m for k in PRODUCTS]
    made = pd.DataFrame(cells, columns=["period", "exporter", "market", "product"])
    made["value"] = rng.gamma(1, 1, len(made)) * (rng.random(len(made)) > 0.2)
    made["quantity"] = rng.gamma(1, 1, len(made)) * (made["value"] > 0)
    return made


def imports(table: pd.DataFrame) -> pd.DataFrame:
    """What each country buys, it standing as the exporter: another draw of the same world, as a reporter's table."""
    return table.assign(
        value=np.roll(table["value"].to_numpy(), 7), quantity=np.roll(table["quantity"].to_numpy(), 7)
    )


ONE: dict[str, Callable[[xl.Flows], Any]] = {
    "rca": lambda f: xl.rca(f, by=BY),
    "complementarity": lambda f: xl.complementarity(f),
    "trade_potential": lambda f: xl.trade_potential(f),
    "constant_market_share": lambda f: xl.constant_market_share(f),
    "constant_market_share_growth": lambda f: xl.constant_market_share_growth(f),
    "diversification": lambda f: xl.diversification(f, by=BY),
    "share": lambda f: xl.share(f, by=BY),
    "bloc_share": lambda f: xl.bloc_share(f, "RCEP", by=BY),
    "contributions": lambda f: xl.contributions(f, by=BY),
    "hhi_change": lambda f: xl.hhi_change(f, by=BY),
    "hhi_change_split": lambda f: xl.hhi_change_split(f, by=BY),
    "bloc_share_change": lambda f: xl.bloc_share_change(f, "RCEP", by=BY),
    "hhi_shift_share": lambda f: xl.hhi_shift_share(f, by=BY),
    "growth_margins": lambda f: xl.growth_margins(f, by=BY),
    "location_quotient": lambda f: xl.location_quotient(f, by=BY),
    "hachman": lambda f: xl.hachman(f, by=BY),
    "locational_gini": lambda f: xl.locational_gini(f, by="period"),
    "ellison_glaeser": lambda f: xl.ellison_glaeser(f, herfindahl=0.1, by="period"),
    "hk_margins": lambda f: xl.hk_margins(f, by=BY),
    "iemp": lambda f: xl.iemp(f, by=BY),
    "nesting": lambda f: xl.nesting(f, by=BY),
    "nestedness": lambda f: xl.nestedness(f, by=BY),
    "trade_intensity": lambda f: xl.trade_intensity(f, by=BY),
    "intra_share": lambda f: xl.intra_share(f, "RCEP", by="period"),
    "bloc_intensity": lambda f: xl.bloc_intensity(f, "RCEP", by="period"),
    "introversion": lambda f: xl.introversion(f, "RCEP", by="period"),
    "size_adjusted_share": lambda f: xl.size_adjusted_share(f, "RCEP", by="period"),
    "galtonian": lambda f: xl.galtonian(f, by=BY),
    "krugman": lambda f: xl.krugman(f, by="period"),
    "hoover": lambda f: xl.hoover(f, by="period"),
    "finger_kreinin": lambda f: xl.finger_kreinin(f, by="period"),
    "cosine": lambda f: xl.cosine(f, by="period"),
    "bahar": lambda f: xl.bahar(f, by="period"),
    "prody": lambda f: xl.prody(f, INCOME, by=BY),
    "expy": lambda f: xl.expy(f, INCOME, by=BY),
    "prody_quality": lambda f: xl.prody_quality(f, INCOME, by=BY),
    "expy_quality": lambda f: xl.expy_quality(f, INCOME, by=BY),
    "class_shares": lambda f: xl.class_shares(f, SECTIONS),
    "lall_shares": lambda f: xl.lall_shares(f, products="sitc3"),
    "bec_shares": lambda f: xl.bec_shares(f, products=BEC),
    "rauch_shares": lambda f: xl.rauch_shares(f, RAUCH),
    "spells": lambda f: xl.spells(f),
    "survival": lambda f: xl.survival(f).table,
    "theil_within_between": lambda f: xl.theil_within_between(f, SECTIONS, by=BY),
    "theil_traditional": lambda f: xl.theil_traditional(f, by=BY),
    "relative_unit_value": lambda f: xl.relative_unit_value(f),
    "price_quantity": lambda f: xl.price_quantity(f),
}
TWO: dict[str, Callable[[xl.Flows, xl.Flows], Any]] = {
    "vollrath": lambda x, m: xl.vollrath(x, m, by=BY),
    "lafay": lambda x, m: xl.lafay(x, m, by=BY),
    "michaely": lambda x, m: xl.michaely(x, m, by=BY),
    "grubel_lloyd": lambda x, m: xl.grubel_lloyd(x, m, by=BY),
    "marginal_iit": lambda x, m: xl.marginal_iit(x, m, by=BY),
    "thom_mcdowell": lambda x, m: xl.thom_mcdowell(x, m, SECTIONS, by=BY),
    "two_way_types": lambda x, m: xl.two_way_types(x, m, by=BY),
}


def call(name: str, table: pd.DataFrame, convert: Callable[[pd.DataFrame], Any] = lambda t: t) -> Any:
    """The indicator on the table, in the engine that `convert` makes of it."""
    if name in ONE:
        return ONE[name](xl.flows(convert(table)))
    return TWO[name](xl.flows(convert(table)), xl.flows(convert(imports(table))))
