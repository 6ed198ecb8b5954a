"""The judgements in words, measured on flows of one's own: a customs download decides what announcements leave open."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from exportlab.claims.measurements import HIGHLY_CONCENTRATED, MAJOR
from exportlab.errors import DataError
from exportlab.flows import Flows, require
from exportlab.frames import collect
from exportlab.indices.concentration import effective_number
from exportlab.indices.shares import bloc_share
from exportlab.indices.similarity import cosine
from exportlab.turned import headline, in_periods_of
from exportlab.uncertainty.intervals import interval

if TYPE_CHECKING:
    import pandas as pd

COAL, STEEL, MACHINERY = (
    ("2701", "2702", "2703", "2704"),
    ("72", "73"),
    ("84", "85", "86", "87", "88", "89", "90"),
)
HALF = 0.5  # of exports, from which they are called concentrated on one region


def judge(flows: Flows, *, exporter: Any = None, period: Any = None, home: str | None = None) -> pd.DataFrame:
    """Measure the claims of product homogeneity, market concentration, low processing, coal and steel.

    Parameters
    ----------
    flows : Flows
        With markets and products in HS codes: a customs download through `read_gacc`.
    exporter : label, optional
        Whose exports are judged; the others in the table are the peers. By default all of them together.
    period : label, optional
        By default the last year; of months, quarters and half-years the last full one, or the last twelve months where
        there is none, or else the last period. A period of the table's own is judged by its season.
    home : str, optional
        The exporters' own country, which is no member of RCEP for them.

    Returns
    -------
    DataFrame
        One row an index: claim, index, value, conf_low, conf_high (95 %, jackknife; NaN where none is made),
        threshold, verdict ("holds", "does not hold", "undecided", or "" where the index has no threshold), peers
        (the same index for all exporters of the table together, NaN where there is only one), period (None where
        the table has none).

    Raises
    ------
    DataError
        The flows have no market or no product.
    UnknownName
        No such exporter or period.

    Notes
    -----
    Thresholds: HHI 0.18 (highly concentrated, US Merger Guidelines 2023, as in 1992; those of 2010 said 0.25), half
    of exports for one region, a twentieth for a major export, the peers' own share for processing. A claim holds
    or fails where the whole interval lies on one side. The market HHI resamples products, the product HHI
    markets: how much the index rests on single ones.
    """
    require(flows, "judge")
    missing = [r for r in ("market", "product") if r not in flows.roles]
    if missing:
        raise DataError(
            f"the flows have no {missing[0]}", "judge needs market=... and product=... (HS) at the door."
        )
    everyone, judged = _judged(flows, exporter, period)
    own = everyone if exporter is None else _only(everyone, "exporter", exporter)
    peers = everyone if exporter is not None and len(everyone.members("exporter")) > 1 else None
    rows = [
        _concentration(own, peers, "market", "exports are concentrated on few markets"),
        _region(own, peers, home),
        _concentration(own, peers, "product", "exports are of few, similar products"),
        _plain(own, peers, "product"),
        *_alike(everyone, exporter),
        _group(own, peers, "coal is a major export", "share of HS 2701-2704", COAL, threshold=MAJOR),
        _group(own, peers, "steel is a major export", "share of HS 72-73", STEEL, threshold=MAJOR),
        _group(
            own,
            peers,
            "exports are little processed",
            "share of HS 84-90 (machinery)",
            MACHINERY,
            threshold=None,
        ),
    ]
    import pandas as pd

    columns = ["claim", "index", "value", "conf_low", "conf_high", "threshold", "verdict", "peers"]
    return pd.DataFrame(rows, columns=columns).assign(period=judged)


def _judged(flows: Flows, exporter: Any, period: Any) -> tuple[Flows, Any]:
    """The flows of the period judged, and how it is written."""
    if "period" not in flows.roles:
        return flows, None
    years = in_periods_of(flows, headline(_only(flows, "exporter", exporter)))
    if period is None:
        return _of(years, years.members("period")[-1])
    for table in (years, flows):
        written = {str(table.said(key)): key for key in table.members("period")}
        if str(period) in written:
            return _of(table, written[str(period)])
    return _of(flows, flows.find("period", period))


def _of(flows: Flows, key: Any) -> tuple[Flows, Any]:
    return _only(flows, "period", key), flows.said(key)


def _only(flows: Flows, role: str, label: Any) -> Flows:
    if role not in flows.roles or label is None:
        return flows
    return flows.where(**{role: flows.find(role, label)})


def _value(flows: Flows, name: str, over: str) -> tuple[float, float, float]:
    """An index with its 95 % jackknife interval over the other role's members."""
    other = "product" if over == "market" else "market"
    row = interval(flows, name, over=over, by=[], resample=other).table.iloc[0]
    return float(row["estimate"]), float(row["conf_low"]), float(row["conf_high"])


def _verdict(low: float, high: float, threshold: float) -> str:
    return "holds" if low >= threshold else "does not hold" if high < threshold else "undecided"


def _concentration(own: Flows, peers: Flows | None, over: str, claim: str) -> tuple[Any, ...]:
    value, low, high = _value(own, "hhi", over)
    beside = float("nan") if peers is None else _value(peers, "hhi", over)[0]
    verdict = _verdict(low, high, HIGHLY_CONCENTRATED)
    return claim, f"HHI over {over}s", value, low, high, HIGHLY_CONCENTRATED, verdict, beside


def _plain(own: Flows, peers: Flows | None, over: str) -> tuple[Any, ...]:
    """The effective number: the same fact in units that can be pictured."""
    values = [
        float("nan") if f is None else _number(effective_number(f, over=over, by=[])) for f in (own, peers)
    ]
    nan = float("nan")
    return (
        "exports are of few, similar products",
        f"{over}s of equal size",
        values[0],
        nan,
        nan,
        nan,
        "",
        values[1],
    )


def _number(native: Any) -> float:
    frame = collect(nw.from_native(native))
    return float(frame[frame.columns[-1]].to_list()[0])


def _alike(everyone: Flows, exporter: Any) -> list[tuple[Any, ...]]:
    """The UNIDO coefficient against all exporters of the table; nothing where there is one exporter."""
    if exporter is None or len(everyone.members("exporter")) < 2:
        return []
    found = collect(nw.from_native(cosine(everyone, by=[], against="world")))
    own = found.filter(nw.col(found.columns[0]) == exporter)
    nan = float("nan")
    value = float(own[own.columns[-1]].to_list()[0])
    return [
        ("exports are alike with those of the others", "UNIDO coefficient", value, nan, nan, nan, "", nan)
    ]


def _region(own: Flows, peers: Flows | None, home: str | None) -> tuple[Any, ...]:
    on = "dated" if "period" in own.roles else "latest"
    shares = [
        float("nan") if f is None else _number(bloc_share(f, "RCEP", by=[], membership=on, home=home))
        for f in (own, peers)
    ]
    verdict = _verdict(shares[0], shares[0], HALF)
    return (
        "exports are concentrated on the Asia-Pacific",
        "share of RCEP members in force",
        shares[0],
        shares[0],
        shares[0],
        HALF,
        verdict,
        shares[1],
    )


def _group(
    own: Flows,
    peers: Flows | None,
    claim: str,
    index: str,
    prefixes: Sequence[str],
    *,
    threshold: float | None,
) -> tuple[Any, ...]:
    """Share of HS codes by their beginning; without a threshold of its own, the peers' share is it."""
    shares = [float("nan") if f is None else _share(f, prefixes) for f in (own, peers)]
    if threshold is not None:
        verdict = _verdict(shares[0], shares[0], threshold)
    elif peers is None:
        threshold, verdict = float("nan"), ""
    else:
        threshold, verdict = shares[1], "holds" if shares[0] < shares[1] else "does not hold"
    return claim, index, shares[0], shares[0], shares[0], threshold, verdict, shares[1]


def _share(flows: Flows, prefixes: Sequence[str]) -> float:
    cells = collect(flows.cells("product"))
    values = dict(zip(cells["product"].to_list(), cells["value"].to_list(), strict=True))
    chosen = sum(v for k, v in values.items() if str(k).startswith(tuple(prefixes)))
    return float(chosen / sum(values.values()))
