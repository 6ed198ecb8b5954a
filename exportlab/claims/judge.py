"""The judgements in words, measured on flows of one's own: a customs download decides what announcements leave open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

import narwhals.stable.v2 as nw

from exportlab.claims.measurements import HIGHLY_CONCENTRATED, MAJOR
from exportlab.errors import DataError
from exportlab.findings import Findings, findings
from exportlab.findings.basis import figure
from exportlab.findings.parts import BlocShare, Figure, LeftOut, Spread
from exportlab.flow_table import Flows, require
from exportlab.frames import collect, sum_by, when
from exportlab.indices.similarity import cosine
from exportlab.indices.unit_values import unit_value_dispersion
from exportlab.sides import Side, side
from exportlab.uncertainty.intervals import interval
from exportlab.uncertainty.methods import noted
from exportlab.words import said

if TYPE_CHECKING:
    import pandas as pd

COAL, STEEL, MACHINERY = (
    ("2701", "2702", "2703", "2704"),
    ("72", "73"),
    ("84", "85", "86", "87", "88", "89", "90"),
)
HALF = 0.5  # of exports, from which they are called concentrated on one region
VERDICTS: Mapping[Side, str] = {"above": "holds", "below": "does not hold", "cannot tell": "undecided"}
NAN = float("nan")
Row: TypeAlias = tuple[Any, ...]


def judge(
    flows: Flows,
    *,
    exporter: Any = None,
    period: Any = None,
    home: str | None = None,
    outside: Sequence[str] = (),
) -> pd.DataFrame:
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
    outside : sequence of str
        Markets that are no country ("Others") and count as outside RCEP.

    Returns
    -------
    DataFrame
        One row an index: claim, index, value, corrected (less its bias, where that is more than a quarter of the
        standard error), conf_low, conf_high (95 %; NaN where there is none), note (what is known against the interval,
        or why there is none), threshold, verdict ("holds", "does not hold", "undecided", or "" where the index has no
        threshold), peers (the same index for all exporters of the table together, NaN where there is only one), period
        (None where the table has none).

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
    or fails where the whole interval lies on one side, or the value where it does not vary with what is drawn, and is
    undecided elsewhere. What is spread over markets resamples products, what is spread over products markets: how much
    the figure rests on single ones. Intervals are those of `exportlab.interval`, which `exportlab.findings` reads.
    """
    require(flows, "judge")
    missing = [r for r in ("market", "product") if r not in flows.roles]
    if missing:
        raise DataError(
            said("the flows have no {role}", role=said(missing[0])),
            said("judge needs market=... and product=... (HS) at the door."),
        )
    asked: dict[str, Any] = {"home": home, "outside": outside, "parts": ("market", "product", "bloc")}
    own = findings(flows, exporter=exporter, period=period, **asked)
    everyone = own.basis.latest_of_all
    peers = None
    if exporter is not None and len(everyone.members("exporter")) > 1:
        peers = findings(everyone, **asked)
    rows = [
        _concentration(own, peers, "market", "exports are concentrated on few markets"),
        _region(own, peers),
        _concentration(own, peers, "product", "exports are of few, similar products"),
        _plain(own, peers),
        *_alike(everyone, exporter),
        *_priced(own, peers),
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

    return pd.DataFrame(rows, columns=COLUMNS).assign(period=own.period)


COLUMNS = [
    "claim",
    "index",
    "value",
    "corrected",
    "conf_low",
    "conf_high",
    "note",
    "threshold",
    "verdict",
    "peers",
]


def _side(value: float, figure: Figure | None, threshold: float) -> Side:
    """On which side of the threshold the interval lies; the value itself where nothing that is drawn moves it."""
    if figure is None:
        return "cannot tell"
    low, high = (value, value) if figure.certain else (figure.low, figure.high)
    return side(low, high, of=threshold, reached=True)


def _measured(value: float, figure: Figure | None) -> Row:
    """The columns of a figure: value, corrected, ends, note."""
    if figure is None:
        return value, NAN, NAN, NAN, "nothing to draw"
    return value, figure.corrected, figure.low, figure.high, noted(figure.notes)


def _spread(found: Findings, over: str) -> Spread:
    part: Any = getattr(found, over)
    assert isinstance(part, Spread)  # both roles were required
    return part


def _index(found: Findings | None, over: str, name: str) -> float:
    return NAN if found is None else _spread(found, over).now(name)


def _concentration(own: Findings, peers: Findings | None, over: str, claim: str) -> Row:
    value, figure = _index(own, over, "hhi"), _spread(own, over).hhi
    verdict = VERDICTS[_side(value, figure, HIGHLY_CONCENTRATED)]
    beside = _index(peers, over, "hhi")
    return claim, f"HHI over {over}s", *_measured(value, figure), HIGHLY_CONCENTRATED, verdict, beside


def _plain(own: Findings, peers: Findings | None) -> Row:
    """The effective number: the same fact in units that can be pictured, so that its interval is that of the HHI."""
    value, beside = (_index(f, "product", "effective_number") for f in (own, peers))
    figure = _spread(own, "product").hhi
    if figure is not None:
        turned = 1 / figure.high, 1 / figure.low, 1 / figure.corrected
        figure = replace(figure, low=turned[0], high=turned[1], corrected=turned[2])
    claim = "exports are of few, similar products"
    return claim, "products of equal size", *_measured(value, figure), NAN, "", beside


def _alike(everyone: Flows, exporter: Any) -> list[Row]:
    """The UNIDO coefficient against all exporters of the table; nothing where there is one exporter."""
    if exporter is None or len(everyone.members("exporter")) < 2:
        return []
    found = collect(nw.from_native(cosine(everyone, by=[], against="world")))
    own = found.filter(nw.col(found.columns[0]) == exporter)
    value = float(own[own.columns[-1]].to_list()[0])
    claim = "exports are alike with those of the others"
    return [(claim, "UNIDO coefficient", value, NAN, NAN, NAN, NONE, NAN, "", NAN)]


def _priced(own: Findings, peers: Findings | None) -> list[Row]:
    """How far prices of one product lie apart over markets, where quantities say: little, where goods are alike."""
    if "quantity" not in own.basis.flows.roles:
        return []
    values = [NAN if f is None else _dispersion(f.basis.last) for f in (own, peers)]
    claim, index = "exports are of few, similar products", "dispersion of unit values within products"
    return [(claim, index, values[0], NAN, NAN, NAN, NONE, NAN, "", values[1])]


def _dispersion(flows: Flows) -> float:
    found = collect(nw.from_native(unit_value_dispersion(flows, by=[])))
    return float(found["unit_value_dispersion"][0])


def _region(own: Findings, peers: Findings | None) -> Row:
    mine, beside = _bloc(own), NAN if peers is None else _bloc(peers).now
    verdict = VERDICTS[_side(mine.now, mine.share, HALF)]
    claim, index = "exports are concentrated on the Asia-Pacific", "share of RCEP members in force"
    return claim, index, *_measured(mine.now, mine.share), HALF, verdict, beside


def _bloc(found: Findings) -> BlocShare:
    if isinstance(found.bloc, LeftOut):
        assert found.bloc.error is not None
        raise found.bloc.error
    return found.bloc


def _group(
    own: Findings,
    peers: Findings | None,
    claim: str,
    index: str,
    prefixes: Sequence[str],
    *,
    threshold: float | None,
) -> Row:
    """Share of HS codes by their beginning; without a threshold of its own, the peers' share is it."""
    share, beside = _share(own, prefixes), NAN if peers is None else _share(peers, prefixes)
    drawn = _drawn(own, prefixes)
    if threshold is not None:
        verdict = VERDICTS[_side(share, drawn, threshold)]
    elif peers is None:
        threshold, verdict = NAN, ""
    else:
        threshold, verdict = beside, VERDICTS[LESS[_side(share, drawn, beside)]]
    return claim, index, *_measured(share, drawn), threshold, verdict, beside


NONE = "no interval is made of this index"
LESS: Mapping[Side, Side] = {"above": "below", "below": "above", "cannot tell": "cannot tell"}


def _share(found: Findings, prefixes: Sequence[str]) -> float:
    """The share of the products whose code begins so."""
    last, flows = _spread(found, "product").last, found.basis.flows
    codes = last[flows.roles["product"]].astype(str)
    return float(last.loc[codes.str.startswith(tuple(prefixes)), "share"].sum())


def _drawn(found: Findings, prefixes: Sequence[str]) -> Figure | None:
    """The same share with its interval, markets drawn; where there are no such products, that of the rest turned."""
    given = found.basis
    if given.unit_for("product") is None:
        return None
    begins = nw.any_horizontal(
        *(nw.col("product").cast(nw.String).str.starts_with(p) for p in prefixes), ignore_nulls=True
    )
    last = given.last
    frame = last.frame.with_columns(when(begins, nw.lit("in"), nw.lit("rest")).alias("product"))
    roles = {r: c for r, c in last.roles.items() if r != "quantity"}
    two = last.derived(sum_by(frame, last.identity, ["value"]), roles=roles, unique=True)
    made = interval(two, "share", over="product", by=[], resample="market")
    names = made.table[last.roles["product"]].to_list()
    if "in" in names:
        return figure(made, names.index("in"))
    rest = figure(made, 0)
    return replace(rest, estimate=1 - rest.estimate, low=1 - rest.high, high=1 - rest.low)
