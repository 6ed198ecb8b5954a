"""The section on sophistication in a table of one's own: technology classes, and the income level of exports."""

from __future__ import annotations

from typing import Any, Literal

import pandas as pd

from exportlab.errors import DataError
from exportlab.flows import Flows, flows
from exportlab.frames import to_pandas
from exportlab.indices.concordance import Concordance
from exportlab.indices.sophistication import Income, expy
from exportlab.indices.stages import lall_shares
from exportlab.reporting.own import intervals
from exportlab.reporting.own.intervals import Made, by_of, last_period, latest, source_of, unit_of
from exportlab.tables.model import Fact, Section, Table
from exportlab.words import N_, _, number, percent, sentences

Technology = Literal["sitc3"] | Concordance | None
CLASSES = {
    "HT": N_("high technology"),
    "MT": N_("medium technology"),
    "LT": N_("low technology"),
    "RB": N_("resource-based"),
    "PP": N_("primary products"),
    "other": N_("other transactions"),
    "unmatched": N_("codes without a class"),
}
OWN = "_own"


def section(
    flows: Flows,
    own: Flows,
    exporter: str | None,
    reference: Flows | None,
    *,
    technology: Technology,
    income: Income | None,
) -> Made:
    """Lall's classes where the codes lead to SITC, EXPY where incomes are given; and what either would need."""
    classes, fact = _technology(own, technology)
    level = _level(flows, own, exporter, reference, income)
    text = (*classes.text, *level.text)
    return Section("sophistication", _("Sophistication"), text, (*classes.parts, *level.parts)), fact


def _why(reason: str) -> Section:
    return Section("", "", (reason,))


def _technology(own: Flows, technology: Technology) -> tuple[Section, Fact | None]:
    """Shares of technology classes by period, and of the last period with intervals."""
    if technology is None:
        return _why(
            _(
                "Lall's technology classes are left out: they are defined on SITC rev.3. Say "
                'technology="sitc3" if the product codes are SITC, or give a conversion table from '
                "UNSD."
            )
        ), None
    try:
        found = to_pandas(
            lall_shares(own, products=technology, level="group", by=by_of(own), unmatched="group")
        )
    except DataError as error:
        return _why(_("Lall's technology classes are left out: {reason}", reason=error)), None
    value = own.roles["value"]
    last = latest(found, own).set_index("class")["lall_shares"]
    high = float(last.get("HT", 0.0))
    known = _class_intervals(own, technology)
    shown = found.assign(name=found["class"].map(CLASSES).map(_))
    columns = [c for c in shown if c not in ("class", "name", value, "lall_shares")]
    shown = shown[[*columns, "class", "name", value, "lall_shares"]].rename(columns={"lall_shares": "share"})
    parts = [Table("lall", _("Exports by technology class"), shown, unit_of(own), source_of(own),
                   {value: ",.0f", "share": "share"}, _("Classes of Lall (2000)."), made=("lall",)),
             *intervals.table("lall_sure", list(known.values()), "share")]  # fmt: skip
    said = known["HT"].sentence if "HT" in known else intervals.without("product")
    lost = _(
        "Codes without a class hold {share} of exports.", share=percent(float(last.get("unmatched", 0.0)))
    )
    fact = Fact(
        _("High-technology share of exports, {period}", period=last_period(own)),
        percent(high),
        sentences(said, _("Lall's classes: what a product is, not what is done to it here."), lost),
        "sophistication",
    )
    text = _(
        "Lall's technology classes sort products by the technology they are typically made with, not by what is "
        "done to them here: assembled electronics count as high technology."
    )
    return Section("", "", (text, lost), tuple(parts)), fact


def _class_intervals(own: Flows, technology: Any) -> dict[str, intervals.Sure]:
    """The share of each class in the last period with its interval, markets drawn; empty without markets."""
    if intervals.unit_for(own, "product") is None:
        return {}
    made = to_pandas(
        lall_shares(
            intervals.last_of(own), products=technology, level="group", by="market", unmatched="group"
        )
    )
    made.columns = pd.Index(["market", "product", "value", "share"])
    classes = flows(made[made["value"] > 0].drop(columns="share"))
    return {
        str(row["product"]): intervals.said(
            row, _(CLASSES[str(row["product"])]), "market", "jackknife", percent
        )
        for row in intervals.shares(classes)
    }


def _level(
    flows: Flows, own: Flows, exporter: str | None, reference: Flows | None, income: Income | None
) -> Section:
    """EXPY of the exporter, by period, from the PRODY of the others who have an income."""
    world = reference if reference is not None else flows
    if income is None:
        return _why(
            _(
                "The income level of exports (EXPY) is left out: it needs the income per head of the exporters "
                "of a reference table, given as income=."
            )
        )
    if "exporter" not in world.roles:
        return _why(
            _("The income level of exports (EXPY) is left out: the reference table has no exporters.")
        )
    try:
        found = _expy(own, world, exporter, reference is not None, income)
    except DataError as error:
        return _why(_("The income level of exports (EXPY) is left out: {reason}", reason=error))
    last = found.iloc[-1]
    text = _(
        "The income level of exports (EXPY) in {period} is {value}: the mean income per head of those who export "
        "what is exported here, weighted by their advantage in it. {share} of exports are products that "
        "somebody with an income exports. No interval: it rests on the incomes given.",
        period=last_period(own),
        value=number(float(last["expy"]), ",.0f"),
        share=percent(float(last["covered"])),
    )
    return Section("", "", (text,), (
        Table("expy", _("Income level of exports (EXPY)"), found, _("the unit of the incomes given"),
              _("computed; Hausmann, Hwang and Rodrik (2007)"), {"covered": "share", "expy": ",.0f"},
              made=("expy", "prody")),
    ))  # fmt: skip


def _expy(own: Flows, world: Flows, exporter: str | None, apart: bool, income: Income) -> pd.DataFrame:
    """One row a period. Where the world is another table, the own exports stand in it as an exporter without income."""
    by = [r for r in ("period",) if r in own.roles and r in world.roles]
    if apart:
        own = own if by else intervals.last_of(own)
        mine, theirs = (
            _cells(f, [*by, "product"] if f is own else [*by, "exporter", "product"]) for f in (own, world)
        )
        told: Any = own.calendar.told if by else None
        world = flows(pd.concat([theirs, mine.assign(exporter=OWN)], ignore_index=True), frequency=told)
    elif exporter is None:
        raise DataError("no exporter was named", "Name one of the table: exporter=...")
    label = OWN if apart else exporter
    found = to_pandas(expy(world, income, missing="leave out", by=[*by, "exporter"]))
    column = world.roles["exporter"]
    names = {r: own.roles[r] for r in by}
    if by:
        found[world.roles["period"]] = found[world.roles["period"]].map(own.said)
    return found[found[column] == label].drop(columns=column).rename(columns=names).reset_index(drop=True)


def _cells(given: Flows, roles: list[str]) -> pd.DataFrame:
    """Value by these roles, in columns named by role."""
    made = to_pandas(given.cells(*roles).to_native())
    return made[made["value"] > 0]
