"""exportlab: export-structure econometrics from tables of trade flows.

One door in (`flows`), one vocabulary, one catalogue of indicators. What needs more than Narwhals loads when first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exportlab import catalogue, errors
from exportlab.catalogue import CATALOGUE
from exportlab.classifications import blocs, country, members
from exportlab.flows import Flows, cells, flows
from exportlab.measure import measure
from exportlab.spelling import iso_periods
from exportlab.turned import decumulate

if TYPE_CHECKING:
    from exportlab.distribution import evaluate
    from exportlab.indices.advantage import rca
    from exportlab.indices.advantage_trade import lafay, michaely, vollrath
    from exportlab.indices.complementarity import complementarity, trade_potential
    from exportlab.indices.complexity import Complexity, complexity
    from exportlab.indices.concentration import (
        cr,
        effective_number,
        gini,
        hall_tideman,
        hhi,
        hhi_normalised,
        hhi_normalised_active,
        hill,
        hirschman,
        number_active,
        shannon,
        theil,
        unctad_concentration,
    )
    from exportlab.indices.concordance import Concordance, concordance, convert_products
    from exportlab.indices.constant_share import constant_market_share, constant_market_share_growth
    from exportlab.indices.diversification import (
        diversification,
        number_above,
        theil_extensive,
        theil_intensive,
        theil_margins,
    )
    from exportlab.indices.dynamics import bloc_share_change, hhi_change, hhi_change_split, hhi_shift_share
    from exportlab.indices.growth_margins import growth_margins
    from exportlab.indices.intra_industry import grubel_lloyd, marginal_iit, thom_mcdowell, two_way_types
    from exportlab.indices.location import ellison_glaeser, hachman, location_quotient, locational_gini
    from exportlab.indices.margins import hk_margins, iemp, nestedness, nesting
    from exportlab.indices.partners import (
        bloc_intensity,
        intra_share,
        introversion,
        size_adjusted_share,
        trade_intensity,
    )
    from exportlab.indices.persistence import galtonian
    from exportlab.indices.shares import bloc_share, contributions, share
    from exportlab.indices.similarity import bahar, cosine, finger_kreinin, hoover, krugman
    from exportlab.indices.sophistication import expy, prody
    from exportlab.indices.sophistication_quality import expy_quality, prody_quality
    from exportlab.indices.stages import bec, bec_shares, class_shares, lall, lall_shares, rauch_shares
    from exportlab.indices.survival import Survival, kaplan_meier, spells, survival
    from exportlab.indices.theil_groups import theil_traditional, theil_within_between
    from exportlab.indices.transitions import Transitions, rca_transitions
    from exportlab.indices.unit_values import price_quantity, relative_unit_value
    from exportlab.panel.door import PolicyPanel
    from exportlab.panel.regression.gravity import gravity
    from exportlab.panel.regression.ppml import ppml
    from exportlab.partial import Bounds, bounds
    from exportlab.readers import read_baci, read_comtrade, read_flows, read_gacc
    from exportlab.reporting import report
    from exportlab.reporting.typeset import Typeset, save_table, typeset
    from exportlab.uncertainty.differences import difference, permutation_test
    from exportlab.uncertainty.intervals import Intervals, interval
    from exportlab.uncertainty.levels import Levels, levels
    from exportlab.uncertainty.mirror import mirror_interval

__version__ = "0.1.0"

# Module to the public names that live in it.
_HOMES = {
    "exportlab.uncertainty.differences": "difference permutation_test",
    "exportlab.uncertainty.intervals": "Intervals interval",
    "exportlab.uncertainty.levels": "Levels levels",
    "exportlab.uncertainty.mirror": "mirror_interval",
    "exportlab.indices.dynamics": "hhi_change hhi_change_split bloc_share_change hhi_shift_share",
    "exportlab.indices.constant_share": "constant_market_share constant_market_share_growth",
    "exportlab.indices.growth_margins": "growth_margins",
    "exportlab.indices.survival": "Survival kaplan_meier spells survival",
    "exportlab.indices.sophistication": "expy prody",
    "exportlab.indices.sophistication_quality": "expy_quality prody_quality",
    "exportlab.indices.stages": "bec bec_shares class_shares lall lall_shares rauch_shares",
    "exportlab.indices.unit_values": "price_quantity relative_unit_value",
    "exportlab.indices.concordance": "Concordance concordance convert_products",
    "exportlab.distribution": "evaluate",
    "exportlab.indices.advantage": "rca",
    "exportlab.indices.advantage_trade": "lafay michaely vollrath",
    "exportlab.indices.complementarity": "complementarity trade_potential",
    "exportlab.indices.complexity": "Complexity complexity",
    "exportlab.indices.concentration": (
        "cr effective_number gini hall_tideman hhi hhi_normalised hhi_normalised_active hill "
        "hirschman number_active shannon theil unctad_concentration"
    ),
    "exportlab.indices.diversification": "diversification number_above theil_extensive theil_intensive theil_margins",
    "exportlab.indices.intra_industry": "grubel_lloyd marginal_iit thom_mcdowell two_way_types",
    "exportlab.indices.location": "ellison_glaeser hachman location_quotient locational_gini",
    "exportlab.indices.margins": "hk_margins iemp nestedness nesting",
    "exportlab.indices.partners": "bloc_intensity intra_share introversion size_adjusted_share trade_intensity",
    "exportlab.indices.persistence": "galtonian",
    "exportlab.indices.shares": "bloc_share contributions share",
    "exportlab.indices.similarity": "bahar cosine finger_kreinin hoover krugman",
    "exportlab.indices.theil_groups": "theil_traditional theil_within_between",
    "exportlab.indices.transitions": "Transitions rca_transitions",
    "exportlab.panel.door": "PolicyPanel",
    "exportlab.panel.regression.gravity": "gravity",
    "exportlab.panel.regression.ppml": "ppml",
    "exportlab.partial": "Bounds bounds",
    "exportlab.readers": "read_baci read_comtrade read_flows read_gacc",
    "exportlab.reporting": "report",
    "exportlab.reporting.typeset": "Typeset save_table typeset",
}
_LATE = {name: module for module, names in _HOMES.items() for name in names.split()}
_ROOMS = ("claims", "datasets", "panel", "plots", "readers", "uncertainty", "valueadded")


def __getattr__(name: str) -> Any:
    """Load on first use."""
    from importlib import import_module

    if name in _LATE:
        return getattr(import_module(_LATE[name]), name)
    if name in _ROOMS:
        return import_module(f"exportlab.{name}")
    alias = (
        None
        if name.startswith("_")
        else next((i.name for i in CATALOGUE.values() if name in i.aliases), None)
    )
    hint = f" Did you mean {alias!r}?" if alias else ""
    if name in ("read_csv", "read_excel", "read_stata", "read_dta", "read_parquet"):
        hint = " Did you mean 'read_flows'? It reads text, Excel, Stata and Parquet files."
    raise AttributeError(f"module 'exportlab' has no attribute {name!r}.{hint}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATE, *_ROOMS})


__all__ = [
    "CATALOGUE",
    "Bounds",
    "Complexity",
    "Concordance",
    "Flows",
    "Intervals",
    "Levels",
    "PolicyPanel",
    "Survival",
    "Transitions",
    "Typeset",
    "bahar",
    "bec",
    "bec_shares",
    "bloc_intensity",
    "bloc_share",
    "bloc_share_change",
    "blocs",
    "bounds",
    "catalogue",
    "cells",
    "class_shares",
    "complementarity",
    "complexity",
    "concordance",
    "constant_market_share",
    "constant_market_share_growth",
    "contributions",
    "convert_products",
    "cosine",
    "country",
    "cr",
    "decumulate",
    "difference",
    "diversification",
    "effective_number",
    "ellison_glaeser",
    "errors",
    "evaluate",
    "expy",
    "expy_quality",
    "finger_kreinin",
    "flows",
    "galtonian",
    "gini",
    "gravity",
    "growth_margins",
    "grubel_lloyd",
    "hachman",
    "hall_tideman",
    "hhi",
    "hhi_change",
    "hhi_change_split",
    "hhi_normalised",
    "hhi_normalised_active",
    "hhi_shift_share",
    "hill",
    "hirschman",
    "hk_margins",
    "hoover",
    "iemp",
    "interval",
    "intra_share",
    "introversion",
    "iso_periods",
    "kaplan_meier",
    "krugman",
    "lafay",
    "lall",
    "lall_shares",
    "levels",
    "location_quotient",
    "locational_gini",
    "marginal_iit",
    "measure",
    "members",
    "michaely",
    "mirror_interval",
    "nestedness",
    "nesting",
    "number_above",
    "number_active",
    "permutation_test",
    "ppml",
    "price_quantity",
    "prody",
    "prody_quality",
    "rauch_shares",
    "rca",
    "rca_transitions",
    "read_baci",
    "read_comtrade",
    "read_flows",
    "read_gacc",
    "relative_unit_value",
    "report",
    "save_table",
    "shannon",
    "share",
    "size_adjusted_share",
    "spells",
    "survival",
    "theil",
    "theil_extensive",
    "theil_intensive",
    "theil_margins",
    "theil_traditional",
    "theil_within_between",
    "thom_mcdowell",
    "trade_intensity",
    "trade_potential",
    "two_way_types",
    "typeset",
    "unctad_concentration",
    "vollrath",
]  # fmt: skip
