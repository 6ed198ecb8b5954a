"""What takes something beside the flows: other exporters, a table of classes, incomes, a product space."""

from __future__ import annotations

from typing import Any

import pandas as pd

from exportlab.errors import DataError, ExportlabError
from exportlab.findings.basis import Basis, figure, last_of, latest
from exportlab.findings.parts import Advantage, Figure, IncomeLevel, LeftOut, Place, Technology
from exportlab.findings.spread import in_time
from exportlab.flow_table import Flows
from exportlab.flows import flows
from exportlab.frames import to_pandas
from exportlab.indices.advantage import rca
from exportlab.indices.complexity import complexity
from exportlab.indices.sophistication import Income, expy
from exportlab.indices.stages import lall_shares
from exportlab.sides import side
from exportlab.turned import cells
from exportlab.uncertainty.intervals import interval
from exportlab.uncertainty.levels import at_level
from exportlab.words import said

SMALL = 0.001  # of exports, below which a product is not among the largest advantages
TOP = 20  # products that are shown
LEAST = 10  # exporters, below which a product space is read off too few
DIGITS = 4  # of HS, at which the Atlas computes its indices
NEAR = 15
NEUTRAL = 1.0  # of RCA
OWN = "_own"


def several(of: Flows) -> bool:
    return exporters(of) > 1


def exporters(of: Flows) -> int:
    return len(of.members("exporter")) if "exporter" in of.roles else 0


def labelled(given: Basis) -> Flows:
    """The exporter's flows, with an exporter."""
    return given.flows.labelled("exporter", given.exporter or "own")


def largest(table: pd.DataFrame) -> pd.DataFrame:
    """The products of largest RCA that are more than a trifle of exports."""
    return table[table["share"] > SMALL].nlargest(TOP, "rca")


def advantage(given: Basis) -> Advantage | LeftOut:
    """RCA of every product in the last period, each with its interval where markets can be drawn."""
    if "product" not in given.flows.roles:
        return LeftOut("no column")
    if given.reference is None and not several(given.everyone):
        return LeftOut("one exporter")
    own = labelled(given)
    of = given.latest_of_all if given.reference is None else last_of(own)
    index = to_pandas(rca(of, reference=given.reference or "world", by=[*given.by, "exporter"]))
    label = own.roles["exporter"]
    if given.exporter is not None and given.exporter in set(index[label]):
        index = index[index[label] == given.exporter]
    table = latest(index, own)
    drawn = given.unit_for("product") is not None
    if drawn:
        table = _with_intervals(given, own, table)
    ends = zip(table["conf_low"], table["conf_high"], strict=True) if drawn else ()
    surely = sum(side(low, high, of=NEUTRAL) == "above" for low, high in ends)
    return Advantage(table, given.reference is not None, drawn, int((table["rca"] > NEUTRAL).sum()), surely)


def _with_intervals(given: Basis, own: Flows, table: pd.DataFrame) -> pd.DataFrame:
    """Intervals of every product for the exporters whose largest advantages are shown."""
    label, product = own.roles["exporter"], own.roles["product"]
    mine = last_of(own).where(exporter=list(largest(table)[label].unique()))
    made = interval(
        mine,
        "rca",
        by=[*given.by, "exporter"],
        resample="market",
        method="delta",
        scale="log",
        reference=_reference(given, mine),
    )
    kept = made.table[[label, product, "conf_low", "conf_high"]].assign(
        notes=pd.Series(list(made.notes), dtype=object)
    )
    return table.merge(kept, on=[label, product], how="left")


def _reference(given: Basis, mine: Flows) -> Flows:
    """What is compared with; summed over its markets where they are not named like those of the flows."""
    reference = given.reference
    if reference is None:
        return given.latest_of_all
    if "market" in reference.roles and not set(reference.members("market")) & set(mine.members("market")):
        return cells(reference, [r for r in ("period", "exporter", "product") if r in reference.roles])
    return reference


def technology_classes(given: Basis, technology: Any) -> Technology | LeftOut:
    """Shares of technology classes by period, and of the last period with intervals."""
    if "product" not in given.flows.roles:
        return LeftOut("no column")
    if technology is None:
        return LeftOut("no table of classes")
    try:
        table = to_pandas(
            lall_shares(given.flows, products=technology, level="group", by=given.by, unmatched="group")
        )
    except DataError as error:
        return LeftOut("refused", error)
    last = latest(table, given.flows).set_index("class")["lall_shares"]
    known = {str(k): float(v) for k, v in last.items()}
    return Technology(table, known, _class_figures(given, technology))


def _class_figures(given: Basis, technology: Any) -> dict[str, Figure]:
    """The share of each class in the last period with its interval, markets drawn; empty without markets."""
    if given.unit_for("product") is None:
        return {}
    made = to_pandas(
        lall_shares(given.last, products=technology, level="group", by="market", unmatched="group")
    )
    made.columns = pd.Index(["market", "product", "value", "share"])
    classes = flows(made.drop(columns="share"))
    found = interval(classes, "share", over="product", by=[], resample="market", scale="logit")
    return {str(name): figure(found, row) for row, name in enumerate(found.table["product"])}


def income_level(given: Basis, income: Income | None) -> IncomeLevel | LeftOut:
    """EXPY of the exporter, by period, from the PRODY of the others who have an income."""
    if "product" not in given.flows.roles:
        return LeftOut("no column")
    world = given.everyone if given.reference is None else given.reference
    if income is None:
        return LeftOut("no incomes")
    if "exporter" not in world.roles:
        return LeftOut("no exporters")
    try:
        table = _expy(given, world, income)
    except DataError as error:
        return LeftOut("refused", error)
    return IncomeLevel(table, float(table["expy"].iloc[-1]), float(table["covered"].iloc[-1]))


def _expy(given: Basis, world: Flows, income: Income) -> pd.DataFrame:
    """One row a period. Where the world is another table, the own exports stand in it as an exporter without income."""
    own = given.flows
    by = [r for r in ("period",) if r in own.roles and r in world.roles]
    label = given.exporter
    if given.reference is not None:
        own = own if by else last_of(own)
        exports, theirs = (
            _cells(f, [*by, "product"] if f is own else [*by, "exporter", "product"]) for f in (own, world)
        )
        told: Any = own.calendar.told if by else None
        label = OWN
        world = flows(pd.concat([theirs, exports.assign(exporter=OWN)], ignore_index=True), frequency=told)
    elif label is None:
        raise DataError(said("no exporter was named"), said("Name one of the table: exporter=..."))
    found = to_pandas(expy(world, income, missing="leave out", by=[*by, "exporter"]))
    column = world.roles["exporter"]
    names = {r: own.roles[r] for r in by}
    if by:
        found[world.roles["period"]] = found[world.roles["period"]].map(own.said)
    mine = found[found[column] == label].drop(columns=column)
    made = mine.rename(columns=names)
    return (in_time(made, own) if by else made).reset_index(drop=True)


def _cells(given: Flows, roles: list[str]) -> pd.DataFrame:
    """Value by these roles, in columns named by role."""
    return to_pandas(given.cells(*roles).to_native())


def place(given: Basis) -> Place | LeftOut:
    """Complexity in the last period by the reference's product space, or by the table's own."""
    if "product" not in given.flows.roles:
        return LeftOut("no column")
    reference = given.reference
    apart = reference is not None and exporters(reference) >= LEAST
    world = given.everyone if reference is None or not apart else reference
    if exporters(world) < LEAST:
        return LeftOut("few exporters", of=(LEAST,))
    if given.exporter is None and not apart:
        return LeftOut("no exporter named")
    try:
        return _place(given, world, apart=apart)
    except ExportlabError as error:
        return LeftOut("refused", error)


def _place(given: Basis, world: Flows, *, apart: bool) -> Place:
    own = given.flows
    digits = _digits(own)
    mine, space = (last_of(f) if digits is None else at_level(last_of(f), digits) for f in (own, world))
    solved = complexity(space)
    placed: Any = solved.project(mine.labelled("exporter", "own")) if apart else solved
    column = (mine if apart else space).roles.get("exporter", "exporter")
    who = None if apart else given.exporter
    rows, pairs = (_of(to_pandas(t), column, who) for t in (placed.exporters, placed.pairs))
    product = mine.roles["product"]
    products = to_pandas(solved.products).rename(columns={space.roles["product"]: product})
    near = pairs[~pairs["present"].astype(bool)].merge(products[[product, "pci"]], on=product)
    near = near.nlargest(NEAR, "density")[[product, "rca", "density", "pci", "cog"]].reset_index(drop=True)
    row = rows.iloc[0]
    present = tuple(pairs.loc[pairs["present"].astype(bool), product])
    place = float(row["eci"]), float(row["diversity"])
    return Place(*place, len(products), exporters(world), near, solved, present)


def _of(table: pd.DataFrame, column: str, exporter: Any) -> pd.DataFrame:
    return table if exporter is None else table[table[column] == exporter]


def _digits(own: Flows) -> int | None:
    """The level to cut codes to: four digits where all are longer numbers."""
    codes = [str(p) for p in own.members("product")]
    return DIGITS if all(c.isdigit() and len(c) > DIGITS for c in codes) else None
