"""The same pictures to point at in a notebook or a page of one's own: Vega-Altair charts, an extra.

A chart is returned, as Altair's users know it: it can be changed, layered and saved. One file that needs no network is
``chart.save("a.html", inline=True)``, its Vega-Lite specification ``chart.to_dict()``. Titles, axes and tooltips are in
the reader's language at the time the chart is made.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from exportlab.errors import DataError, OptionError
from exportlab.plots.given import in_time, index_given, need, shares_given, sorted_in_time
from exportlab.plots.style import GREY, PALETTE
from exportlab.tables.publication import needed
from exportlab.words import Text, _, said, spoken

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd

WIDTH = 560  # pixels, a column of a notebook
ROW = 22


def _altair() -> Any:
    return needed("altair", "altair", "interactive", "A chart to point at")


def shares(
    table: Any,
    *,
    period: str | None = None,
    member: str | None = None,
    share: str | None = None,
    top: int = 8,
    title: Text = "",
    source: str | None = None,
) -> alt.Chart:
    """Shares of the largest members over time; a click on a name in the legend leaves its line alone.

    Parameters
    ----------
    table : Flows, or table of any engine
        Flows, whose markets are drawn (or the role that `member` names); or one row per period and member.
    period, member, share : str, optional
        Its columns; by default they are told by what they hold, where only one can be meant.
    top : int
        How many members to draw: the largest in the last period.
    title, source : str, optional

    Returns
    -------
    altair.Chart
        Shares as fractions, printed as per cent; a period without a row is a gap.

    Raises
    ------
    MissingDependency
        Altair is not installed.
    OptionError
        `top` is below one.

    See Also
    --------
    exportlab.plots.market_shares : the same for print.
    """
    alt = _altair()
    if top < 1:
        raise OptionError(f"top={top!r} draws nothing. Allowed: one or more.")
    given = shares_given(table, period, member, share)
    drawn, (period, member, share) = given.table, given.columns
    order = in_time(drawn, period)
    largest = drawn[drawn[period] == order[-1]].nlargest(top, share)[member].tolist()
    drawn = _plain(drawn[drawn[member].isin(largest)], period=period, member=member, share=share)
    colours = alt.Color("member:N", title=None, sort=[str(m) for m in largest]).scale(range=_colours(largest))
    pick = alt.selection_point(fields=["member"], bind="legend")
    chart = (
        alt.Chart(drawn)
        .mark_line(point=True)
        .encode(
            x=alt.X("period:O", title=None, sort=[str(p) for p in order]),
            y=alt.Y("share:Q", title=_("share")).axis(format="%"),
            color=colours,
            opacity=alt.when(pick).then(alt.value(1.0)).otherwise(alt.value(0.12)),
            tooltip=[
                alt.Tooltip("member:N", title=_("name")),
                alt.Tooltip("period:O", title=_("period")),
                alt.Tooltip("share:Q", title=_("share"), format=".1%"),
            ],
        )
        .add_params(pick)
    )
    return _closed(alt, chart, title, source or given.source)


def index(
    table: Any,
    *,
    value: str = "hhi",
    period: str | None = None,
    over: str | None = None,
    title: Text = "",
    source: str | None = None,
) -> alt.Chart:
    """An index over time; each point says its figure.

    Parameters
    ----------
    table : Flows, or table of any engine
        Flows, whose index over markets (or what `over` says) is measured; or one row a period with the column `value`.
    value : str
        An indicator's name, or the column.
    period : str, optional
    over : str, optional
        Of flows: what the index is spread over.
    title, source : str, optional

    Returns
    -------
    altair.Chart

    Raises
    ------
    MissingDependency
        Altair is not installed.

    See Also
    --------
    exportlab.plots.concentration : the same for print.
    """
    alt = _altair()
    given = index_given(table, period, value, over)
    (period, value), drawn = given.columns, given.table
    order = [str(p) for p in in_time(drawn, period)]
    chart = (
        alt.Chart(_plain(sorted_in_time(drawn, period), period=period, value=value))
        .mark_line(point=True, color=PALETTE[0])
        .encode(
            x=alt.X("period:O", title=None, sort=order),
            y=alt.Y("value:Q", title=value),
            tooltip=[
                alt.Tooltip("period:O", title=_("period")),
                alt.Tooltip("value:Q", title=value, format=".4g"),
            ],
        )
    )
    return _closed(alt, chart, title, source or given.source)


def bubbles(
    table: Any,
    *,
    label: str,
    before: str = "before",
    after: str = "after",
    top: int = 40,
    title: Text = "",
    source: str | None = None,
) -> alt.Chart:
    """Growth against share, one bubble a member, its area the value now; drag and scroll to look closer.

    Parameters
    ----------
    table : table of any engine
        One row a member, with its value in the period before and now.
    label, before, after : str
        The columns.
    top : int
        How many members are drawn, the largest now; those without a value before have no growth and are counted in
        the subtitle.
    title, source : str, optional

    Returns
    -------
    altair.Chart

    Raises
    ------
    MissingDependency
        Altair is not installed.
    DataError
        No member has a value in both periods.

    See Also
    --------
    exportlab.plots.growth_bubbles : the same for print.
    """
    alt = _altair()
    drawn = need(table, label, figures=[before, after])
    total, largest = float(drawn[after].sum()), drawn[drawn[after] > 0].nlargest(top, after)
    both = largest[largest[before] > 0]
    if both.empty:
        raise DataError("no member has a value in both periods", "Growth takes two values above zero.")
    plain = _plain(both, name=label, value=after).assign(
        share=both[after].to_numpy(float) / total,
        growth=both[after].to_numpy(float) / both[before].to_numpy(float) - 1,
    )
    chart = (
        alt.Chart(plain)
        .mark_circle(opacity=0.6, color=PALETTE[0])
        .encode(
            x=alt.X("share:Q", title=_("share of the total, %")).axis(format="%"),
            y=alt.Y("growth:Q", title=_("growth, %")).axis(format="+%"),
            size=alt.Size("value:Q", legend=None).scale(range=[20, 1200]),
            tooltip=[
                alt.Tooltip("name:N", title=_("name")),
                alt.Tooltip("share:Q", title=_("share"), format=".1%"),
                alt.Tooltip("growth:Q", title=_("growth"), format="+.1%"),
                alt.Tooltip("value:Q", title=after, format=",.4g"),
            ],
        )
        .interactive()
    )
    new = len(largest) - len(both)
    note = _("Without a value before, so not drawn: {n}.", n=new) if new else ""
    return _closed(alt, chart, title, source, note)


def ranges(
    table: Any,
    *,
    label: str | Sequence[str],
    estimate: str = "estimate",
    low: str = "conf_low",
    high: str = "conf_high",
    x: Text = said("estimate"),
    title: Text = "",
    source: str | None = None,
) -> alt.Chart:
    """Estimates as points with their intervals as lines, in the order of the table.

    Parameters
    ----------
    table : Result, or table of any engine
        One row an estimate.
    label : str or sequence of str
        The columns that name a row, together once each.
    estimate, low, high : str
        Its columns; an end that is missing or infinite is not drawn.
    x : str
        What is estimated, with its unit.
    title, source : str, optional

    Returns
    -------
    altair.Chart

    Raises
    ------
    MissingDependency
        Altair is not installed.
    DataError
        Two rows have one name.

    See Also
    --------
    exportlab.plots.intervals : the same for print.
    """
    alt = _altair()
    names = [label] if isinstance(label, str) else list(label)
    drawn = need(table, *names, estimate, low, high)
    called = [" ".join(str(v) for v in row) for row in drawn[names].to_numpy()]
    twice = [n for n in called if called.count(n) > 1]
    if twice:
        raise DataError(
            f"{len(twice)} rows share a name", "Name columns that tell them apart.", first=twice[0]
        )
    plain = _plain(drawn, estimate=estimate, low=low, high=high).assign(name=called)
    base = alt.Chart(plain).encode(
        y=alt.Y("name:N", title=None, sort=called),
        tooltip=[
            alt.Tooltip("name:N", title=_("name")),
            *(alt.Tooltip(f"{c}:Q", title=c, format=".4g") for c in ("estimate", "low", "high")),
        ],
    )
    line = base.mark_rule(color=GREY, strokeWidth=2).encode(x=alt.X("low:Q", title=spoken(x)), x2="high:Q")
    point = base.mark_circle(size=60, color=PALETTE[0], opacity=1).encode(x=alt.X("estimate:Q"))
    return _closed(alt, alt.layer(line, point).properties(height=ROW * len(called)), title, source)


def _plain(table: pd.DataFrame, **columns: str) -> pd.DataFrame:
    """The columns under the names that the chart uses, labels as text, figures as numbers; infinite ends are none."""
    import numpy as np
    import pandas as pd

    made = {}
    for name, column in columns.items():
        figure = table[column].dtype.kind in "iuf" and name not in ("period", "member", "name")
        kept = (
            table[column].astype(float).replace([np.inf, -np.inf], np.nan)
            if figure
            else table[column].map(str)
        )
        made[name] = kept.to_numpy()
    return pd.DataFrame(made)


def _colours(members: Sequence[Any]) -> list[str]:
    return [PALETTE[i % len(PALETTE)] for i in range(len(members))]


def _closed(library: Any, chart: Any, title: Text, source: str | None, note: Text = "") -> alt.Chart:
    """Title, source and remark as every picture has them."""
    below = [spoken(note), _("Source: {source}", source=source) if source else ""]
    said_below = [line for line in below if line]
    made: alt.Chart = chart.properties(width=WIDTH)
    if spoken(title) or said_below:
        made.title = library.TitleParams(spoken(title), subtitle=said_below, anchor="start")
    return made
