"""The section on economic complexity in a table of one's own: where the exporter stands, and what lies near."""

from __future__ import annotations

from typing import Any

import pandas as pd

from exportlab.errors import ExportlabError
from exportlab.flows import Flows
from exportlab.frames import to_pandas
from exportlab.indices.complexity import complexity
from exportlab.reporting.own import intervals
from exportlab.reporting.own.intervals import Made, last_period, named
from exportlab.tables.model import Section, Table
from exportlab.uncertainty.levels import at_level
from exportlab.words import _, number

LEAST = 10  # exporters, below which a product space is read off too few
DIGITS = 4  # of HS, at which the Atlas computes its indices
NEAR = 15


def section(flows: Flows, own: Flows, exporter: str | None, reference: Flows | None) -> Made:
    """Complexity in the last period by the reference's product space, or by the table's own; or why there is none."""
    title = _("Economic complexity")
    world = reference if reference is not None and _exporters(reference) >= LEAST else flows
    if _exporters(world) < LEAST:
        why = _(
            "Left out: complexity is read off who exports what together, which takes at least {n} exporters. Give "
            "a reference table by exporter and product (the world's countries, or all provinces).",
            n=LEAST,
        )
        return Section("complexity", title, (why,)), None
    if exporter is None and world is flows:
        return Section(
            "complexity", title, (_("Left out: no exporter was named, so there is none to place."),)
        ), None
    try:
        return _found(title, own, exporter, world, apart=world is not flows), None
    except ExportlabError as error:
        return Section("complexity", title, (_("Left out: {reason}", reason=error),)), None


def _exporters(flows: Flows) -> int:
    return len(flows.members("exporter")) if "exporter" in flows.roles else 0


def _found(title: str, own: Flows, exporter: str | None, world: Flows, *, apart: bool) -> Section:
    digits = _digits(own)
    mine, all_ = (
        intervals.last_of(f) if digits is None else at_level(intervals.last_of(f), digits)
        for f in (own, world)
    )
    solved = complexity(all_)
    place: Any = solved.project(mine.labelled("exporter", "own")) if apart else solved
    column = (mine if apart else all_).roles.get("exporter", "exporter")
    rows, pairs = (
        _of(to_pandas(t), column, None if apart else exporter) for t in (place.exporters, place.pairs)
    )
    row = rows.iloc[0]
    product = mine.roles["product"]
    products = to_pandas(solved.products).rename(columns={all_.roles["product"]: product})
    near = pairs[~pairs["present"].astype(bool)].merge(products[[product, "pci"]], on=product)
    near = near.nlargest(NEAR, "density")[[product, "rca", "density", "pci", "cog"]].reset_index(drop=True)
    text = _(
        "In {period} the exporter has an advantage in {n} of {all} products. Its complexity index (ECI) is "
        "{eci}, the mean complexity of those products; the average exporter of the product space is at 0 and one "
        "standard deviation is 1.",
        period=last_period(own),
        n=number(float(row["diversity"]), ",.0f"),
        all=number(len(products), ",.0f"),
        eci=number(float(row["eci"]), ".2f"),
    )
    space = _(
        "The product space is read off {n} exporters. Density is how much of a product's neighbourhood the "
        "exporter has; no interval is made for it.",
        n=_exporters(world),
    )
    return Section("complexity", title, (text, space), (
        Table("near", _("The nearest products without an advantage yet"), named(own, "product", near),
              _("density: 0 to 1; complexity: standard deviations"),
              _("computed; Hidalgo and Hausmann (2009), Hausmann and others (2014)"),
              {"rca": ".2f", "density": ".3f", "pci": ".2f", "cog": ".3f"},
              made=("rca", "density", "pci", "cog")),
    ))  # fmt: skip


def _of(table: pd.DataFrame, column: str, exporter: Any) -> pd.DataFrame:
    return table if exporter is None else table[table[column] == exporter]


def _digits(own: Flows) -> int | None:
    """The level to cut codes to: four digits where all are longer numbers."""
    codes = [str(p) for p in own.members("product")]
    return DIGITS if all(c.isdigit() and len(c) > DIGITS for c in codes) else None
