"""The judgements in words, measured on flows of one's own: a customs download decides what announcements leave open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import narwhals.stable.v2 as nw

from exportlab.claims.measurements import HIGHLY_CONCENTRATED, MAJOR
from exportlab.errors import DataError
from exportlab.findings import Findings, findings
from exportlab.findings.parts import LeftOut, Spread
from exportlab.flows import Flows, require
from exportlab.frames import collect
from exportlab.indices.similarity import cosine
from exportlab.sides import Side, side

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
        One row an index: claim, index, value, conf_low, conf_high (95 %, as `findings` has it; NaN where none is made),
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
    or fails where the whole interval lies on one side, and is undecided where nothing can be drawn. The market HHI
    resamples products, the product HHI markets: how much the index rests on single ones. Every figure is read from
    `exportlab.findings`.
    """
    require(flows, "judge")
    missing = [r for r in ("market", "product") if r not in flows.roles]
    if missing:
        raise DataError(
            f"the flows have no {missing[0]}", "judge needs market=... and product=... (HS) at the door."
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
    return pd.DataFrame(rows, columns=columns).assign(period=own.period)


def _verdict(low: float, high: float, threshold: float) -> str:
    """Whether a claim holds that says "at least": where the whole interval lies on one side of the threshold."""
    return VERDICTS[side(low, high, of=threshold, reached=True)]


def _spread(found: Findings, over: str) -> Spread:
    part: Any = getattr(found, over)
    assert isinstance(part, Spread)  # both roles were required
    return part


def _index(found: Findings | None, over: str, name: str) -> float:
    return NAN if found is None else _spread(found, over).now(name)


def _concentration(own: Findings, peers: Findings | None, over: str, claim: str) -> Row:
    value, figure = _index(own, over, "hhi"), _spread(own, over).hhi
    low, high = (NAN, NAN) if figure is None else (figure.low, figure.high)
    if figure is not None and figure.certain:  # whatever is drawn, it is this
        low = high = value
    verdict = _verdict(low, high, HIGHLY_CONCENTRATED)
    beside = _index(peers, over, "hhi")
    return claim, f"HHI over {over}s", value, low, high, HIGHLY_CONCENTRATED, verdict, beside


def _plain(own: Findings, peers: Findings | None) -> Row:
    """The effective number: the same fact in units that can be pictured."""
    values = [_index(f, "product", "effective_number") for f in (own, peers)]
    claim = "exports are of few, similar products"
    return claim, "products of equal size", values[0], NAN, NAN, NAN, "", values[1]


def _alike(everyone: Flows, exporter: Any) -> list[Row]:
    """The UNIDO coefficient against all exporters of the table; nothing where there is one exporter."""
    if exporter is None or len(everyone.members("exporter")) < 2:
        return []
    found = collect(nw.from_native(cosine(everyone, by=[], against="world")))
    own = found.filter(nw.col(found.columns[0]) == exporter)
    value = float(own[own.columns[-1]].to_list()[0])
    claim = "exports are alike with those of the others"
    return [(claim, "UNIDO coefficient", value, NAN, NAN, NAN, "", NAN)]


def _region(own: Findings, peers: Findings | None) -> Row:
    shares = [_bloc(own), NAN if peers is None else _bloc(peers)]
    verdict = _verdict(shares[0], shares[0], HALF)
    claim = "exports are concentrated on the Asia-Pacific"
    return claim, "share of RCEP members in force", *[shares[0]] * 3, HALF, verdict, shares[1]


def _bloc(found: Findings) -> float:
    if isinstance(found.bloc, LeftOut):
        assert found.bloc.error is not None
        raise found.bloc.error
    return found.bloc.now


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
    shares = [NAN if f is None else _share(f, prefixes) for f in (own, peers)]
    if threshold is not None:
        verdict = _verdict(shares[0], shares[0], threshold)
    elif peers is None:
        threshold, verdict = NAN, ""
    else:
        threshold, verdict = shares[1], "holds" if shares[0] < shares[1] else "does not hold"
    return claim, index, shares[0], shares[0], shares[0], threshold, verdict, shares[1]


def _share(found: Findings, prefixes: Sequence[str]) -> float:
    """The share of the products whose code begins so."""
    last, flows = _spread(found, "product").last, found.basis.flows
    codes = last[flows.roles["product"]].astype(str)
    return float(last.loc[codes.str.startswith(tuple(prefixes)), "share"].sum())
