"""Functions that take tables which are no flows, each with small tables of its own, for `test_table_doors`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

import exportlab as xl
from exportlab.clusters import related_industries
from exportlab.panel import agreement, agreement_effects, attach_index, attach_policy, shift_share_design
from exportlab.valueadded import (
    china_multipliers,
    content_bounds,
    export_quality,
    export_upstreamness,
    expy_domestic,
    kee_tang,
    processing_margin,
    relative_unit_values,
    stage_shares,
    unit_value_change,
    upward_wang_zheng,
)
from exportlab.valueadded.liaoning import ProductClass

YEARS = [2019, 2020, 2021, 2022]
PLACES = list("abcdef")


@dataclass(frozen=True)
class Door:
    """A function, the tables that it takes by name, and the cells that say something in a table's column."""

    call: Callable[..., Any]
    tables: Callable[[], dict[str, pd.DataFrame]]
    open: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)

    def numbers(self, tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
        """What it says of the tables, as a table."""
        made = self.call(**tables)
        for name in ("table", "exporters", "w", "data"):
            made = getattr(made, name, made)
        if isinstance(made, np.ndarray):
            made = pd.DataFrame(made)
        return made.to_frame() if isinstance(made, pd.Series) else pd.DataFrame(made)


def rows(**columns: Any) -> pd.DataFrame:
    """Places by years."""
    keys = pd.MultiIndex.from_product([PLACES, YEARS], names=["place", "year"]).to_frame(index=False)
    rng = np.random.default_rng(28)
    return keys.assign(**{name: made(rng, len(keys)) for name, made in columns.items()})


def share(rng: np.random.Generator, n: int) -> Any:
    return rng.uniform(0.1, 0.9, n)


def amount(rng: np.random.Generator, n: int) -> Any:
    return rng.lognormal(1, 0.5, n)


def shipments() -> pd.DataFrame:
    made = rows(value=amount, quantity=amount, sigma=lambda r, n: np.full(n, 4.0))
    return made.rename(columns={"place": "exporter", "year": "period"}).assign(
        product=np.tile(["010121", "010129"], 12),
        market=np.tile(["JPN", "JPN", "KOR", "KOR"], 6),
        quantity_unit="kg",
        bec=np.tile(["111", "41", "61", "112"], 6),
    )


def firms() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    names = ("exports", "imports", "materials", "processing_imports", "ordinary_imports", "processing_exports",
             "ordinary_exports", "domestic_sales", "correction")  # fmt: skip
    size = {n: 1.0 if n.endswith("imports") else 5.0 for n in names} | {"correction": 0.01}
    return pd.DataFrame({"firm": PLACES, **{n: size[n] * rng.uniform(0.5, 1.0, 6) for n in names}})


def pairs() -> pd.DataFrame:
    keys = pd.MultiIndex.from_product(
        [list("abc"), list("abc"), YEARS], names=["exporter", "importer", "year"]
    )
    return keys.to_frame(index=False)


def members() -> pd.DataFrame:
    return pd.DataFrame(
        {"economy": ["a", "b"], "since": ["2020-01-01", "2021-03-01"], "until": [None, "2022-06-01"]}
    )


def measured() -> pd.DataFrame:
    return rows(hhi=share).rename(columns={"place": "province", "year": "when"})


def matrix() -> pd.DataFrame:
    return pd.DataFrame(
        np.random.default_rng(1).lognormal(size=(3, 2)), index=["k", "l", "m"], columns=["x", "y"]
    )


def shares() -> pd.DataFrame:
    keys = pd.MultiIndex.from_product([PLACES, list("pqrstuvw")], names=["place", "sector"]).to_frame(
        index=False
    )
    return keys.assign(share=np.random.default_rng(2).dirichlet(np.ones(8), 6).ravel())


def shocks() -> pd.DataFrame:
    return pd.DataFrame({"sector": list("pqrstuvw"), "shock": np.random.default_rng(5).normal(size=8)})


def regions() -> pd.DataFrame:
    rng = np.random.default_rng(6)
    return pd.DataFrame({"place": PLACES, "y": rng.normal(size=6), "w": rng.uniform(1, 2, 6)})


def links() -> pd.DataFrame:
    return pd.DataFrame({"place": list("abbc"), "other": list("bacb"), "weight": [1.0, 1.0, 2.0, 2.0]})


def sites() -> pd.DataFrame:
    east, north = [110.0, 111, 113, 116, 120, 125], [30.0, 31, 31, 33, 30, 35]
    place = pd.DataFrame({"place": PLACES, "longitude": east, "latitude": north})
    return place.assign(v=[1.0, 2, 4, 3, 8, 9], z=[2.0, 1, 4, 3, 5, 9])


def _weights() -> Any:
    return xl.spatial_weights(sites(), kind="nearest", nearest=2, unit="place")


COMPOSITE = {"unit": "place", "period": "year", "indicators": {"p": "+", "q": "-"}}
PAIR = {"exporter": "exporter", "importer": "importer", "period": "year"}
SYSTEMS = {"systems": ["p", "q"], "period": "year"}
TWO = {"table": lambda: rows(p=share, q=share)}


GOODS = {
    "machines": ProductClass(("16", "18"), overlaps=("ships",)),
    "ships": ProductClass(("18",), within=("machines",)),
}


CODES = ["010121", "010129", "020110", "020120", "030110"]


def _trade() -> Any:
    keys = pd.MultiIndex.from_product([PLACES, CODES], names=["exporter", "product"]).to_frame(index=False)
    return xl.flows(keys.assign(value=np.random.default_rng(0).lognormal(size=len(keys))))


def _near() -> Any:
    near = np.random.default_rng(3).uniform(size=(5, 5))
    return near + near.T


def _series(table: pd.DataFrame) -> pd.Series:
    return table.set_index("name")["figure"]


DOORS = {
    "composite": Door(
        lambda table: xl.composite(table, **COMPOSITE), lambda: {"table": rows(p=share, q=amount)}
    ),
    "composite by entropy": Door(
        lambda table: xl.composite(table, **COMPOSITE, weights="entropy", shift=0.01),
        lambda: {"table": rows(p=share, q=amount)},
    ),
    "coupling": Door(
        lambda table: xl.coupling(table, unit="place", **SYSTEMS), lambda: {"table": rows(p=share, q=share)}
    ),
    "synergy": Door(
        lambda table: xl.synergy(table, unit="place", **SYSTEMS), lambda: {"table": rows(p=share, q=share)}
    ),
    "grey relation": Door(
        lambda table: xl.grey_relation(table, series="p", factors=["q"], period="year"),
        lambda: {"table": rows(p=amount, q=amount).head(4).drop(columns="place")},
    ),
    "ahp": Door(
        lambda table: pd.Series(xl.ahp(table).weights),
        lambda: {"table": pd.DataFrame([[1.0, 3.0], [1 / 3, 1.0]], index=["p", "q"], columns=["p", "q"])},
    ),
    "concordance": Door(
        lambda table: xl.concordance(table, source="old", target="new", weight="part").table,
        lambda: {
            "table": pd.DataFrame(
                {
                    "old": ["010110", "010110", "010190"],
                    "new": ["010121", "010129", "010130"],
                    "part": [0.4, 0.6, 1.0],
                }
            )
        },
    ),
    "shift-share": Door(
        lambda table, shares, shocks: shift_share_design(
            table, shares=shares, shocks=shocks, unit="place", weights="w"
        ).reduced_form("y"),
        lambda: {"table": regions(), "shares": shares(), "shocks": shocks()},
    ),
    "links": Door(
        lambda table: xl.spatial_weights(
            table, kind="links", unit="place", neighbour="other", weight="weight"
        ),
        lambda: {"table": links()},
    ),
    "nearest": Door(
        lambda table: xl.spatial_weights(table, kind="nearest", nearest=2, unit="place"),
        lambda: {"table": sites()[["place", "longitude", "latitude"]]},
    ),
    "local clusters": Door(
        lambda table: xl.local_clusters(
            table, value="v", unit="place", weights=_weights(), permutations=99, rng=1
        ),
        lambda: {"table": sites()[["place", "v"]]},
    ),
    "spatial regression": Door(
        lambda table: xl.spatial_regression(table, "v ~ z", unit="place", weights=_weights(), model="slx"),
        lambda: {"table": sites()[["place", "v", "z"]]},
    ),
    "agreement": Door(
        lambda table, members: agreement(table, members, until="until", **PAIR),
        lambda: {"table": pairs(), "members": members()},
        {("members", "until"): ("missing",)},
    ),
    "agreement by member": Door(
        lambda table, members: agreement_effects(table, members, by="member", **PAIR),
        lambda: {"table": pairs(), "members": members()[["economy", "since"]]},
    ),
    "index beside": Door(
        lambda table, measured: attach_index(
            table,
            measured,
            unit="place",
            period="year",
            value="hhi",
            measured_unit="province",
            measured_period="when",
        )[["hhi"]],
        lambda: {"table": rows(), "measured": measured()},
        {("measured", "hhi"): ("infinite", "missing")},
    ),
    "policy beside": Door(
        lambda table, dates: attach_policy(table, dates, unit="place", period="year", unlisted="never")[
            ["adopted"]
        ],
        lambda: {
            "table": rows(),
            "dates": pd.DataFrame({"unit": ["a", "b"], "start_date": ["2020-04-01", "2021-09"]}),
        },
    ),
    "quality": Door(
        lambda table: export_quality(table, sigma="sigma").table[["quality", "rivals"]],
        lambda: {
            "table": shipments()[["exporter", "period", "market", "product", "value", "quantity", "sigma"]]
        },
    ),
    "unit values": Door(
        lambda table: relative_unit_values(table).table[["relative", "used"]],
        lambda: {
            "table": shipments()[
                ["exporter", "period", "market", "product", "value", "quantity", "quantity_unit"]
            ]
        },
    ),
    "unit value change": Door(
        lambda table: unit_value_change(table, start=2019, end=2020, keys=["exporter"]),
        lambda: {"table": shipments().query("period < 2021")[["exporter", "period", "value", "quantity"]]},
    ),
    "stages": Door(
        lambda table: stage_shares(table, by=["period"]),
        lambda: {"table": shipments()[["period", "bec", "value"]]},
    ),
    "processing margin": Door(
        lambda table: processing_margin(table, by=["place"]),
        lambda: {
            "table": rows(processing_imports=share, processing_exports=amount).rename(
                columns={"year": "period"}
            )
        },
    ),
    "Kee and Tang": Door(
        lambda table: kee_tang(table, foreign_in_domestic="correction").table[["firm", "dvar", "excessive"]],
        lambda: {"table": firms()[["firm", "exports", "imports", "materials", "correction"]]},
    ),
    "Upward, Wang and Zheng": Door(
        lambda table: upward_wang_zheng(table, theta=0.05).table,
        lambda: {"table": firms().drop(columns=["exports", "imports", "correction"])},
    ),
    "EXPY": Door(
        lambda table, income: expy_domestic(table, _series(income)),
        lambda: {"table": matrix(), "income": pd.DataFrame({"name": ["x", "y"], "figure": [10.0, 20.0]})},
    ),
    "content bounds": Door(
        lambda known, multipliers: (
            content_bounds(
                known.set_index("name")["figure"], multipliers.set_index("sector"), classes=GOODS
            ).table
        ),
        lambda: {
            "known": pd.DataFrame({"name": ["machines", "ships"], "figure": [0.5, 0.2]}),
            "multipliers": china_multipliers(2020)
            .rename_axis("sector")
            .reset_index()[["sector", "domestic", "direct"]],
        },
    ),
    "relatedness": Door(
        lambda more: pd.DataFrame(
            related_industries(
                _trade(), measures=["values"], more={"own": more.set_index("product")}
            ).combined
        ),
        lambda: {"more": pd.DataFrame(_near(), columns=CODES).assign(product=CODES)},
        {("more", "020110"): ("infinite",)},  # its relatedness to itself
    ),
    "upstreamness": Door(
        lambda table, upstreamness: export_upstreamness(table, _series(upstreamness)),
        lambda: {
            "table": matrix(),
            "upstreamness": pd.DataFrame({"name": ["k", "l", "m"], "figure": [1.0, 2.0, 3.0]}),
        },
    ),
}
