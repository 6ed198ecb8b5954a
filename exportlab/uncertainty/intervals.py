"""Intervals for every index: what is drawn is named, and what is known against an interval is said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from exportlab.flow_table import Columns, Flows, require
from exportlab.indices.measure import Universe
from exportlab.options import Count, Level, NotNegative, validated
from exportlab.results import Result
from exportlab.uncertainty.blocks import blocked
from exportlab.uncertainty.groups import Part, Plan, grouped, plan, sampler
from exportlab.uncertainty.methods import DRAWN, Interval, Note, checked, estimate, mapped, noted, notes
from exportlab.uncertainty.nesting import Resample, likeness
from exportlab.uncertainty.sample import need_units, seeds
from exportlab.uncertainty.scales import scale_of
from exportlab.words import Said, said

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

Method: TypeAlias = Literal["percentile", "basic", "bca", "studentised", "bayesian", "jackknife", "delta"]
ScaleName: TypeAlias = Literal["identity", "log", "logit"]


@dataclass(frozen=True, repr=False, eq=False)
class Intervals(Result):
    """Estimates with their intervals.

    Attributes
    ----------
    table : DataFrame
        One row per group: the keys, estimate, corrected (the value the interval is formed about), std_error,
        conf_low, conf_high, n (units drawn), note.
    indicator, unit, method : str
        What was computed, what was drawn, and how the interval was made.
    over : tuple of str
    level : float
    draws : int
        0 where nothing is drawn at random.
    samples : tuple of ndarray
        The draws of each group, shape (draws, values of the group); empty where there are none.
    what : str
        "interval", "difference" ...
    notes : tuple of tuple of Note
        What is known against each row's interval, of which the column note is the text.
    """

    table: pd.DataFrame
    indicator: str
    over: tuple[str, ...]
    unit: str
    method: str
    level: float
    draws: int
    samples: tuple[Any, ...] = field(default=(), repr=False)
    what: str = "interval"
    notes: tuple[tuple[Note, ...], ...] = field(default=(), repr=False)

    @property
    def title(self) -> str:
        """One line that says what this is."""
        drawn = f", {self.draws:,} draws" if self.draws else ""
        return (
            f"{self.indicator} over {' x '.join(self.over)}: {100 * self.level:g} % {self.method} {self.what}, "
            f"{self.unit} resampled{drawn}"
        )

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw the estimates with their intervals."""
        from exportlab.plots.uncertainty import intervals

        names = [c for c in self.table.columns if c not in FIGURES]
        return intervals(self.table, label=names, x=self.indicator, ax=ax, **options)


FIGURES = ("estimate", "corrected", "std_error", "conf_low", "conf_high", "n", "note", "p_value")


@validated
def interval(
    flows: Flows,
    name: str,
    *,
    over: Columns | None = None,
    by: Columns | None = None,
    resample: Resample | None = None,
    method: Method = "jackknife",
    level: Level = 0.95,
    draws: Count = 999,
    rng: Any = None,
    scale: ScaleName | None = None,
    universe: Universe = "observed",
    block: NotNegative | Literal["auto"] | None = None,
    workers: Count = 1,
    progress: bool = False,
    **options: Any,
) -> Intervals:
    """Give an index with its interval, over a resampling unit that is named.

    Parameters
    ----------
    flows : Flows
    name : str
        Any index of a distribution ("hhi", "theil", "cr4"; `exportlab.CATALOGUE`), "share", "bloc_share" (with
        bloc="RCEP") or "rca" (with form= and reference= as in `exportlab.rca`).
    over : str or sequence of str, optional
        What the index is spread over; by default "market" ("product" for rca).
    by : str or sequence of str, optional
        What it is computed for; by default every key role that is neither spread over nor drawn.
    resample : str, sequence of str or mapping, optional
        The unit that is drawn: a role or key column ("product", "market", "firm", a month), or several, each
        combination being a unit; "chapter" or "section" of HS products, "region" of markets (the United Nations' 22),
        "year" of months; or groups of one's own,
        {"market": {"Japan": "Asia", ...}}. Where it is what the index is spread over, a member drawn twice is two
        members; elsewhere its flows count twice and are summed to cells. By default products, by chapter where HS
        products stand in ten chapters or more; markets for an index over products.
    method : str
        "jackknife" (Tukey, bias-corrected, Student's t), "delta" (linearised by the influence function, t),
        "percentile", "basic", "bca", "studentised" (bootstrap) or "bayesian" (Rubin's bootstrap, percentile).
        The jackknife is what simulation shows best, for every index and number of units.
    level : float
    draws : int
        Bootstrap draws.
    rng : Generator or int
        Needed by the methods that draw. The numbers do not depend on `workers`.
    scale : {"identity", "log", "logit"}
        On which basic, studentised, jackknife and delta intervals are formed. By default the index's own for
        jackknife and delta ("logit" for shares and the HHI, the complement's logarithm for Theil and Gini, "identity"
        for RCA), "identity" for the bootstrap. Whatever the scale, the ends are cut at the limits of the index.
    universe : {"observed", "active"}, int or sequence
        See `measure`.
    block : float or "auto", optional
        Of periods drawn (``resample="period"``): draw runs of them, of this mean length, since months that follow on
        each other are not independent (stationary bootstrap, method "percentile" or "basic"). "auto" is the rule of
        Politis and White for each group.
    workers : int
        Threads.
    progress : bool
        Show a progress bar.
    **options
        The indicator's own; of share and rca also ``zeros=True``: give the cells as well in which a group has nothing
        (those of the reference; of shares, those that any group has).

    Returns
    -------
    Intervals
        ``.table``: one row per group (per group and cell for share and rca): the keys, estimate (the index),
        corrected (the value that the interval is formed about, less the bias of few units where the method takes it
        out), std_error, conf_low, conf_high, n (units drawn), note (what is known against the interval, or why there
        is none; else empty).

    Raises
    ------
    UnknownName
        An index without intervals; a role that is not there.
    OptionError
        A unit that cannot be drawn for this index, a method that the index has not, no rng= where it is needed.
    DataError
        A group with fewer than two units.

    Notes
    -----
    RCA against exporters of the same table, or against a table of its own that has the roles of the drawn unit:
    a unit is drawn with its flows on both sides. Against a table without them (the nation's exports by product,
    markets drawn): the reference is taken as known. `universe` is what the weighted form takes its mean over.

    With customs records there is no sampling error: the interval is about the process that made the flows, of
    which the units are taken as independent draws. See the page on uncertainty for what each unit means, and for
    the coverage each method achieves.

    References
    ----------
    .. [1] Davison and Hinkley (1997), Bootstrap Methods and their Application.
    .. [2] Efron (1987), Better bootstrap confidence intervals, JASA 82(397).
    .. [3] Rubin (1981), The Bayesian bootstrap, Annals of Statistics 9(1).
    .. [4] Davidson and Flachaire (2007), Asymptotic and bootstrap inference for inequality and poverty measures,
       Journal of Econometrics 141(1).
    .. [5] Politis and Romano (1994), The stationary bootstrap, JASA 89(428).
    .. [6] Politis and White (2004), Automatic block-length selection for the dependent bootstrap, Econometric Reviews
       23(1); Patton, Politis and White (2009), Correction, Econometric Reviews 28(4).

    Examples
    --------
    >>> import pandas as pd, exportlab as xl
    >>> from exportlab.uncertainty import interval
    >>> table = pd.DataFrame({"market": ["Japan", "USA"] * 3, "product": ["01", "01", "02", "02", "03", "03"],
    ...                       "value": [5.0, 3.0, 4.0, 4.0, 2.0, 3.0]})
    >>> found = interval(xl.flows(table), "hhi", over="market", resample="product").table
    >>> found[["estimate", "conf_low", "conf_high", "n"]].round(4)
       estimate  conf_low  conf_high  n
    0    0.5011       0.5     0.5082  3
    """
    require(flows, "interval")
    asked = plan(flows, name, over=over, by=by, resample=resample, universe=universe, options=options)
    checked(method, level, draws)
    groups = grouped(flows, asked)
    make, in_runs = sampler(flows, asked), blocked(flows, asked.drawn, method, block)
    alike = likeness(flows, asked.drawn)
    plain = "identity" if scale is None and method in DRAWN else scale

    def one(job: tuple[Part, Any]) -> tuple[Interval, list[tuple[Note, ...]], int]:
        part, seed = job
        sample = in_runs(make(part, None, None), part.units)
        need_units(sample, asked.unit, described(flows, asked.groups, part.key))
        on = scale_of(asked.name, asked.options, asked.size or len(part.cells), plain)
        found = estimate(sample, method, level=level, draws=draws, seed=seed, scale=on)
        against = joined(
            notes(sample, found, method, asked.unit, name=asked.name, scale=on), alike(sample, part.units)
        )
        return found, against, sample.units

    own = seeds(rng, len(groups)) if method in DRAWN else [None] * len(groups)
    done = tracked(one, list(zip(groups, own, strict=True)), workers, progress)
    rows = [
        {**keyed(asked, part), **row}
        for part, (found, against, units) in zip(groups, done, strict=True)
        for row in _rows(asked, part, found, against, units)
    ]
    return Intervals(
        framed(flows, asked, rows),
        asked.name,
        asked.spread,
        asked.unit,
        method,
        level,
        draws if method in DRAWN else 0,
        tuple(d[0].draws for d in done if d[0].draws is not None),
        notes=tuple(against for d in done for against in d[1]),
    )


def joined(*notes: Sequence[tuple[Note, ...]]) -> list[tuple[Note, ...]]:
    """The notes of several kinds on each value as one."""
    return [tuple(note for some in each for note in some) for each in zip(*notes, strict=True)]


def _rows(
    asked: Plan, part: Part, found: Interval, against: Sequence[tuple[Note, ...]], units: int
) -> list[dict[str, Any]]:
    cells = part.cells if asked.shown else [()]
    return [
        {
            **dict(zip(asked.shown, cell, strict=True)),
            **figures(found, m),
            "n": units,
            "note": noted(against[m]),
        }
        for m, cell in enumerate(cells)
    ]


def figures(found: Interval, m: int) -> dict[str, float]:
    """The columns of one estimate."""
    return {
        "estimate": float(found.estimate[m]),
        "corrected": float(found.corrected[m]),
        "std_error": float(found.std_error[m]),
        "conf_low": float(found.low[m]),
        "conf_high": float(found.high[m]),
    }


def keyed(asked: Plan, part: Part) -> dict[str, Any]:
    """A group's labels by role."""
    return dict(zip(asked.groups, part.key, strict=True))


def framed(flows: Flows, asked: Plan, rows: list[dict[str, Any]]) -> pd.DataFrame:
    """The rows as a table, keys first, in the caller's column names."""
    import pandas as pd

    written = [{k: flows.said(v) if k == "period" else v for k, v in row.items()} for row in rows]
    return pd.DataFrame(written).rename(columns={r: c for r, c in flows.roles.items() if r != c})


def described(flows: Flows, roles: Sequence[str], key: Sequence[Any]) -> Said:
    """A group as the user would recognise it."""
    own = [flows.said(k) if r == "period" else k for r, k in zip(roles, key, strict=True)]
    named = ", ".join(f"{flows.roles.get(r, r)}={k!r}" for r, k in zip(roles, own, strict=True))
    return said("the group {named}", named=named) if named else said("the table")


def tracked(function: Callable[[Any], Any], jobs: Sequence[Any], workers: int, progress: bool) -> list[Any]:
    """The results in order, with a bar where asked for."""
    if not progress:
        return mapped(function, jobs, workers)
    from rich.progress import Progress

    with Progress() as bar:
        task = bar.add_task("Resampling", total=len(jobs))

        def counted(job: Any) -> Any:
            done = function(job)
            bar.advance(task)
            return done

        return mapped(counted, jobs, workers)
