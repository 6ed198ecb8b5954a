"""The records that findings are made of: numbers and tables, no words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar

from exportlab.sides import Side, side

if TYPE_CHECKING:
    import pandas as pd

    from exportlab.errors import ExportlabError
    from exportlab.uncertainty.methods import Note

Moved: TypeAlias = Literal["risen", "fallen", "cannot tell", ""]
MOVED: Mapping[Side, Moved] = {"above": "risen", "below": "fallen", "cannot tell": "cannot tell"}


@dataclass(frozen=True)
class Figure:
    """An estimate with its 95 % interval.

    Attributes
    ----------
    estimate : float
    low, high : float
        NaN where there is none; the notes say why.
    method : str
        "jackknife" or "delta".
    unit : str
        The role that is drawn.
    n : int
        Units drawn.
    notes : tuple of Note
        What is known against the interval.
    between : tuple of label, optional
        Of a change: the first and the last period, as the user writes them.
    corrected : float
        The estimate less its bias, where that is more than a quarter of a standard error; else NaN. It is then the
        figure to quote.
    """

    estimate: float
    low: float
    high: float
    method: str
    unit: str
    n: int
    notes: tuple[Note, ...] = ()
    between: tuple[Any, Any] | None = None
    corrected: float = float("nan")

    @property
    def known(self) -> bool:
        """Whether there is an interval."""
        return self.low <= self.high

    @property
    def certain(self) -> bool:
        """Whether there is none because nothing that is drawn moves the estimate."""
        return any(note.kind == "at the boundary" for note in self.notes)

    @property
    def moved(self) -> Moved:
        """Of a change: whether it has risen, fallen, or cannot be told; "" where there is no interval."""
        return MOVED[side(self.low, self.high)] if self.known else ""


Why: TypeAlias = Literal[
    "not asked",
    "no column",
    "refused",
    "other codes",
    "no codes of the HS",
    "one exporter",
    "no table of classes",
    "no incomes",
    "no exporters",
    "few exporters",
    "no exporter named",
]


@dataclass(frozen=True)
class LeftOut:
    """Why a part is missing: a refusal with its error, or what the table lacks; `of` holds the counts that say so."""

    why: Why
    error: ExportlabError | None = None
    of: tuple[int, ...] = ()


T = TypeVar("T")


def present(part: T | LeftOut) -> T | None:
    """The part; None where it was left out."""
    return None if isinstance(part, LeftOut) else part


@dataclass(frozen=True, eq=False)
class Totals:
    """Sums of the value column: by period told of, and by every period of the table.

    Attributes
    ----------
    table, every : DataFrame
    last : float
    growth : float or None
        Of the last period on the same one a year before; None where the table has none of that year, or nothing in it.
    between : tuple of label or None
        The two periods that growth compares.
    """

    table: pd.DataFrame
    every: pd.DataFrame
    last: float
    growth: float | None = None
    between: tuple[Any, Any] | None = None


@dataclass(frozen=True, eq=False)
class Growth:
    """What growth from one period to another was made of: the members of largest contribution, and every member."""

    table: pd.DataFrame
    first: Any
    last: Any
    every: pd.DataFrame


@dataclass(frozen=True, eq=False)
class Spread:
    """How exports are spread over the members of a role.

    Attributes
    ----------
    role : {"market", "product"}
    shares : DataFrame
        Each member's value and share by period told of.
    last : DataFrame
        Those of the last.
    table, every : DataFrame
        Indices of concentration by period told of, and by every period of the table.
    hhi, change : Figure or None
        The HHI of the last period, and its change since the first of its kind; None where nothing can be drawn.
    growth : Growth or None
        None where the table has nothing of the year before.
    comparable : bool
        Whether the table has an earlier period of the last one's kind.
    left_over : tuple of label
        What the table has left over ("Others"), which is no member and is left out here.
    others : tuple of float
        The HHI of the table's other exporters in its last period, from the smallest.
    """

    role: str
    shares: pd.DataFrame
    last: pd.DataFrame
    table: pd.DataFrame
    every: pd.DataFrame
    hhi: Figure | None
    change: Figure | None
    growth: Growth | None
    comparable: bool
    left_over: tuple[Any, ...] = ()
    others: tuple[float, ...] = ()

    def now(self, index: str) -> float:
        """An index in the last period."""
        return float(self.table[index].iloc[-1])


@dataclass(frozen=True, eq=False)
class BlocShare:
    """A bloc's share: with its members in force in each period, and throughout with those of today.

    Attributes
    ----------
    bloc : str
    in_force, every_in_force : DataFrame
        By period told of, and by every period of the table.
    today, every_today : DataFrame or None
        None where the table has no period.
    share, change : Figure or None
        The share of the last period, members in force; its change, today's members.
    now, now_today : float
        The share of the last period by either definition.
    """

    bloc: str
    in_force: pd.DataFrame
    today: pd.DataFrame | None
    every_in_force: pd.DataFrame
    every_today: pd.DataFrame | None
    share: Figure | None
    change: Figure | None
    now: float
    now_today: float


@dataclass(frozen=True, eq=False)
class Structure:
    """Exports of the last period by section of the Harmonized System: its Roman number ("" for other codes), products,
    value, share.
    """

    table: pd.DataFrame


@dataclass(frozen=True, eq=False)
class Advantage:
    """Balassa's index of the last period.

    Attributes
    ----------
    table : DataFrame
        Every product, with conf_low, conf_high and notes where markets can be drawn.
    apart : bool
        Whether it is against a reference table; else against all exporters of the table.
    drawn : bool
        Whether there are intervals.
    above, surely_above : int
        Products above 1, and those whose whole interval is.
    """

    table: pd.DataFrame
    apart: bool
    drawn: bool
    above: int
    surely_above: int


@dataclass(frozen=True, eq=False)
class Technology:
    """Lall's classes: class, value and share by period; the last period's shares with intervals, by class."""

    table: pd.DataFrame
    last: Mapping[str, float]
    figures: Mapping[str, Figure]


@dataclass(frozen=True, eq=False)
class IncomeLevel:
    """The income level of exports by period: expy, and the share of exports that it covers."""

    table: pd.DataFrame
    last: float
    covered: float


@dataclass(frozen=True, eq=False)
class Place:
    """Where the exporter stands in a product space, in the last period.

    Attributes
    ----------
    eci, diversity : float
    products, exporters : int
        Of the product space.
    near : DataFrame
        Products without an advantage, the densest first: rca, density, pci, cog.
    solved : Complexity
        The product space, whose network can be drawn.
    present : tuple of label
        Products with an advantage, as the product space writes them.
    """

    eci: float
    diversity: float
    products: int
    exporters: int
    near: pd.DataFrame
    solved: Any
    present: tuple[Any, ...]
