"""Findings: everything that is measured of one table of flows, in one frozen record."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar

from exportlab.errors import one_of
from exportlab.findings import beside, spread
from exportlab.findings.basis import Basis, basis
from exportlab.findings.parts import (
    Advantage,
    BlocShare,
    Figure,
    IncomeLevel,
    LeftOut,
    Place,
    Spread,
    Structure,
    Technology,
    Totals,
    present,
)
from exportlab.flow_table import Flows, require
from exportlab.indices.concordance import Concordance
from exportlab.indices.sophistication import Income
from exportlab.options import validated
from exportlab.results import Result
from exportlab.uncertainty.methods import noted

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

Part: TypeAlias = Literal[
    "market", "product", "bloc", "structure", "advantage", "technology", "income_level", "complexity"
]
PARTS: tuple[Part, ...] = (
    "market",
    "product",
    "bloc",
    "structure",
    "advantage",
    "technology",
    "income_level",
    "complexity",
)
MEASURED = ("estimate", "corrected", "conf_low", "conf_high")
COLUMNS = ["figure", "of", "first", "period", *MEASURED, "moved", "n", "note"]
T = TypeVar("T")


@dataclass(frozen=True, repr=False, eq=False)
class Findings(Result):
    """What is measured of one exporter's flows: numbers, each once.

    Attributes
    ----------
    basis : Basis
        Whose flows these are, and of which periods figures are told.
    unit, source : str or None
        As named at the door.
    totals : Totals
    market, product : Spread or LeftOut
        Shares, concentration with the interval of the HHI, its change, and what growth was made of.
    bloc : BlocShare or LeftOut
    structure : Structure or LeftOut
        By section of the Harmonized System.
    advantage : Advantage or LeftOut
    technology : Technology or LeftOut
        Lall's classes.
    income_level : IncomeLevel or LeftOut
    complexity : Place or LeftOut

    Notes
    -----
    A part that the flows do not allow, or that was not asked for, is a `LeftOut`, which says why.
    """

    basis: Basis
    unit: str | None
    source: str | None
    totals: Totals
    market: Spread | LeftOut
    product: Spread | LeftOut
    bloc: BlocShare | LeftOut
    structure: Structure | LeftOut
    advantage: Advantage | LeftOut
    technology: Technology | LeftOut
    income_level: IncomeLevel | LeftOut
    complexity: Place | LeftOut

    @property
    def period(self) -> Any:
        """The period told of, as the user writes it; None where the table has none."""
        return self.basis.period

    @property
    def left_out(self) -> dict[str, LeftOut]:
        """The parts that are missing, each with why."""
        parts = {f.name: getattr(self, f.name) for f in fields(self)}
        return {name: part for name, part in parts.items() if isinstance(part, LeftOut)}

    @property
    def title(self) -> str:
        """One line that says what this is."""
        who = "all exporters" if self.basis.exporter is None else str(self.basis.exporter)
        when = "" if self.period is None else f", {self.period}"
        return f"Findings on exports of {who}{when}"

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a figure.

        figure, of (what it is spread over, or whose), first (a change's first period), period, estimate, corrected
        (less its bias, where that matters), conf_low, conf_high (95 %; NaN where none is made), moved ("risen",
        "fallen", "cannot tell"; of changes), n (units drawn), note.
        """
        import pandas as pd

        # Of type object, so that labels stay as they are: years beside nothing would become 2022.0.
        rows = pd.DataFrame(list(self._rows()), columns=COLUMNS, dtype=object)
        return rows.astype({**dict.fromkeys(MEASURED, float), "n": "Int64"})

    def summary(self) -> str:
        """Plain text: the figures, and the parts that are missing."""
        lines = [f"{self.title}", self.table.to_string(index=False, float_format="{:.4g}".format, na_rep="")]
        return "\n".join([*lines, *self.remarks])

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw the figures that have an interval and are no changes."""
        from exportlab.plots.uncertainty import intervals

        rows = self.table
        drawn = rows[rows["conf_low"].notna() & rows["first"].isna()]
        return intervals(
            drawn, label=["figure", "of"], x="share or index, with 95 % interval", ax=ax, **options
        )

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is not in the figures."""
        return tuple(self._missing())

    def _missing(self) -> Iterator[str]:
        for part in (present(self.market), present(self.product)):
            if part is not None and part.left_over:
                yield f"Over {part.role}s, of the named alone: without {', '.join(map(str, part.left_over))}."
        if self.left_out:
            missing = "; ".join(f"{name} ({part.why})" for name, part in self.left_out.items())
            yield f"Left out: {missing}."

    def _rows(self) -> Iterator[dict[str, Any]]:
        yield self._row("total", "", self.totals.last)
        for role, part in (("market", present(self.market)), ("product", present(self.product))):
            if part is not None:
                yield from self._spread(role, part)
        if (bloc := present(self.bloc)) is not None:
            yield self._row("bloc_share", bloc.bloc, bloc.now, bloc.share)
            if bloc.change is not None:
                yield self._row("bloc_share", bloc.bloc, bloc.change.estimate, bloc.change)
        if (advantage := present(self.advantage)) is not None:
            yield self._row("number_above", "product", advantage.above)
            if advantage.drawn:
                yield self._row("number_surely_above", "product", advantage.surely_above)
        if (technology := present(self.technology)) is not None:
            for name, known in technology.last.items():
                yield self._row("lall_shares", name, known, technology.figures.get(name))
        if (income := present(self.income_level)) is not None:
            yield self._row("expy", "product", income.last)
        if (place := present(self.complexity)) is not None:
            yield self._row("eci", "product", place.eci)
            yield self._row("diversity", "product", place.diversity)

    def _spread(self, role: str, part: Spread) -> Iterator[dict[str, Any]]:
        for index in spread.INDICES:
            yield self._row(index, role, part.now(index), part.hhi if index == "hhi" else None)
        if part.change is not None:
            yield self._row("hhi", role, part.change.estimate, part.change)

    def _row(self, name: str, of: str, value: float, figure: Figure | None = None) -> dict[str, Any]:
        nan = float("nan")
        made: dict[str, Any] = {"figure": name, "of": of, "first": None, "period": self.period}
        made |= {
            "estimate": float(value),
            "corrected": nan,
            "conf_low": nan,
            "conf_high": nan,
            "moved": "",
            "n": None,
            "note": "",
        }
        if figure is not None:
            made |= {
                "corrected": figure.corrected,
                "conf_low": figure.low,
                "conf_high": figure.high,
                "n": figure.n,
                "note": noted(figure.notes),
            }
            if figure.between is not None:
                first, last = figure.between
                made |= {"first": first, "period": last, "moved": figure.moved}
        return made


@validated
def findings(
    flows: Flows,
    *,
    exporter: Any = None,
    period: Any = None,
    bloc: str = "RCEP",
    reference: Flows | None = None,
    home: str | None = None,
    outside: Sequence[str] = (),
    technology: Literal["sitc3"] | Concordance | None = None,
    income: Income | None = None,
    parts: Collection[Part] = PARTS,
) -> Findings:
    """Measure everything that the flows allow, once: what a report shows, without the page.

    Parameters
    ----------
    flows : Flows
    exporter : label, optional
        Whose exports; by default all of them together.
    period : label, optional
        The period told of, as if the table ended there; by default the last full year, or the last twelve months
        where there is none, or else the last period.
    bloc : str
        Whose share.
    reference : Flows, optional
        What advantage is measured against; by default all exporters in the table, where there are several. With
        exporters (the world's countries), complexity is read off it too.
    home : str, optional
        The exporters' own country, which is never counted as a member of the bloc.
    outside : sequence of str
        Markets that are no country ("Others") and count as outside the bloc.
    technology : "sitc3" or Concordance, optional
        How the product codes lead to SITC rev.3, on which Lall's technology classes are defined.
    income : mapping or Flows, optional
        Income per head of the exporters of the reference (or of the table).
    parts : collection of str
        The parts to measure; by default all.

    Returns
    -------
    Findings
        ``.table`` has one row a figure; a part that the flows do not allow says why in ``.left_out``.

    Raises
    ------
    UnknownName
        An exporter, a period or a bloc that does not exist.
    DataError
        Several periods that have no order in time.

    Notes
    -----
    Intervals draw nothing at random: the jackknife on the logit scale for shares and the HHI, the delta method for
    changes and RCA. Of an index over markets products are drawn, and the other way round.

    A change has "risen" or "fallen" where its whole interval lies above or below zero; else one "cannot tell".

    Examples
    --------
    >>> import pandas as pd, exportlab as xl
    >>> rows = [(year, market, product, 5.0) for year in (2022, 2023) for market in ("Japan", "USA")
    ...         for product in "ABCD"]
    >>> table = pd.DataFrame(rows, columns=["year", "market", "product", "value"])
    >>> table.loc[table["year"].eq(2023) & table["market"].eq("Japan"), "value"] = [19.0, 18.0, 19.0, 17.0]
    >>> found = xl.findings(xl.flows(table, period="year"), parts=["market", "product"])
    >>> found.table.loc[found.table["figure"] == "hhi", ["of", "first", "period", "estimate", "moved"]].round(3)
             of first period  estimate        moved
    1    market  None   2023     0.662
    7    market  2022   2023     0.162        risen
    8   product  None   2023     0.250
    14  product  2022   2023     0.000  cannot tell
    >>> found.market.change.moved
    'risen'
    """
    require(flows, "findings")
    for name in parts:
        one_of("parts", name, PARTS)
    given = basis(flows, exporter, reference, period)

    def asked(name: Part, measured: Callable[[], T | LeftOut]) -> T | LeftOut:
        return measured() if name in parts else LeftOut("not asked")

    return Findings(
        given,
        given.flows.unit,
        given.flows.source,
        spread.totals(given),
        asked("market", lambda: spread.spread(given, "market")),
        asked("product", lambda: spread.spread(given, "product")),
        asked("bloc", lambda: spread.of_bloc(given, bloc, {"home": home, "outside": tuple(outside)})),
        asked("structure", lambda: spread.structure(given, technology)),
        asked("advantage", lambda: beside.advantage(given)),
        asked("technology", lambda: beside.technology_classes(given, technology)),
        asked("income_level", lambda: beside.income_level(given, income)),
        asked("complexity", lambda: beside.place(given)),
    )
