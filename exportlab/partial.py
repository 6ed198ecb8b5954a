"""Sharp bounds of an index when only some members and the total are published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np

from exportlab import classifications
from exportlab.audit import overlaps
from exportlab.errors import DataError, OptionError, UnknownName
from exportlab.frames import Array
from exportlab.indices.catalogue import CATALOGUE
from exportlab.indices.measure import evaluate
from exportlab.options import Within, validated
from exportlab.results import Result

if TYPE_CHECKING:
    import pandas as pd

# Indices that are Schur-convex or Schur-concave in the members' values for a fixed universe: they are extreme
# at the most even and at the most concentrated completion of what is known.
BOUNDED = (
    "hhi",
    "hirschman",
    "effective_number",
    "cr",
    "gini",
    "theil",
    "shannon",
    "hhi_normalised",
    "unctad_concentration",
    "hall_tideman",
    "hill",
)
MOST = 10_000_000  # members that a completion is made of
NEEDS_SIZE = ("gini", "theil", "shannon", "hhi_normalised", "unctad_concentration", "hall_tideman", "hill")


@dataclass(frozen=True, repr=False, eq=False)
class Bounds(Result):
    """The lowest and highest value an index can have, given what is published.

    Attributes
    ----------
    indicator : str
    low, high : float
    known_share : float
        How much of the total the named members make up.
    assumption : str
        What was assumed of the members not named.
    """

    indicator: str
    low: float
    high: float
    known_share: float
    assumption: str

    @property
    def title(self) -> str:
        """One line that says what this is."""
        return f"{self.indicator}: between {self.low:.4g} and {self.high:.4g} ({self.assumption})"

    @property
    def table(self) -> pd.DataFrame:
        """One row: indicator, low, high, known_share, assumption."""
        import pandas as pd

        names = ("indicator", "low", "high", "known_share", "assumption")
        return pd.DataFrame([{n: getattr(self, n) for n in names}])


@validated
def bounds(
    indicator: str,
    known: Mapping[str, float],
    total: float,
    *,
    max_members: Annotated[int, Within(0, MOST)] | None = None,
    groups: Mapping[str, Annotated[int, Within(1, MOST)]] | None = None,
    largest: bool = False,
    bloc: str | None = None,
    on: str | int = "latest",
    **options: Any,
) -> Bounds:
    """Sharp bounds of an index from a few published members and the total.

    Parameters
    ----------
    indicator : str
        "hhi", "cr4", "effective_number", "hirschman", "gini", "theil" ...; or "bloc_share" with `bloc`.
    known : mapping of str to float
        The members published, in the total's unit. Zero or more; they may not overlap (RCEP beside Japan).
    total : float
        The published total.
    max_members : int, optional
        How many unnamed members may share the rest at most. None: any number, the rest may be spread
        infinitely thin. Needed by indices that count members (Gini, Theil, entropy); there N is the named
        members (a group counting as its size) plus `max_members`.
    groups : mapping of str to int, optional
        Which of `known` are sums over several members, and over how many at most ({"EU": 27}); how a group
        is split is then unknown too. Others are one member each.
    largest : bool
        Whether the published members are the largest: no unnamed one exceeds the smallest of them.
    bloc, on : str
        For "bloc_share": the bloc, and the date of its membership.
    **options
        The indicator's own (k for "cr").

    Returns
    -------
    Bounds
        low, high, known_share and the assumption in words.

    Raises
    ------
    DataError
        Known members above the total, negative, overlapping; a rest that does not fit under the assumption.
    UnknownName, OptionError

    Notes
    -----
    The indices are Schur-convex or Schur-concave, so over all completions of the data they are extreme where the
    unknown part is split as evenly as possible, and where it is as concentrated as possible. The upper end of the
    even split without a limit on the members is a limit that is approached, not reached.

    References
    ----------
    .. [1] Marshall, Olkin and Arnold (2011), Inequalities: Theory of Majorization and Its Applications, ch. 3.

    Examples
    --------
    >>> import exportlab as xl
    >>> xl.bounds("hhi", {"EU": 50.0, "Japan": 30.0}, 100.0).table[["low", "high"]].round(4)
        low  high
    0  0.34  0.38
    """
    known = dict(known.items())
    rest = _checked(known, total)
    if indicator == "bloc_share":
        return _bloc_bounds(known, total, rest, bloc, on)
    entry, implied = CATALOGUE.find(indicator)
    if entry.name not in BOUNDED:
        raise UnknownName("index with bounds", indicator, [*BOUNDED, "bloc_share"])
    if max_members is None and entry.name in NEEDS_SIZE:
        raise OptionError(f"{entry.name} depends on how many members there can be: give max_members=.")
    sizes = _sizes(known, groups)
    cap = min(known.values()) if largest else None
    even = _even(known, sizes, rest, max_members, cap)
    peaked = _peaked(known, rest, max_members, cap)
    universe: int | Literal["active"] = "active" if max_members is None else sum(sizes.values()) + max_members
    ends = [
        float(evaluate(entry.name, v, universe=universe, total=total, **implied, **options))
        for v in (even, peaked)
    ]
    said = _in_words(max_members, groups, largest)
    return Bounds(indicator, min(ends), max(ends), 1 - rest / total, said)


def _checked(known: Mapping[str, float], total: float) -> float:
    """The rest; refuses numbers and labels that cannot be."""
    if not known:
        raise DataError("no member is known", "Give at least one: {'Japan': 12.3}.")
    wrong = [k for k, v in known.items() if not (np.isfinite(v) and v >= 0)]
    if wrong or not (np.isfinite(total) and total > 0):
        first = f"{wrong[0]}={known[wrong[0]]!r}" if wrong else f"total={total!r}"
        raise DataError(
            "a published figure is negative, infinite or missing", "Figures are zero or more.", first=first
        )
    named = [k for k in known if classifications.is_total(k)]
    if named:
        raise DataError("the total stands among the members", "Give it as total=.", first=repr(named[0]))
    pairs = overlaps(list(known))
    if pairs:
        a, b = pairs[0]
        raise DataError("known members overlap", "Keep the bloc or its members.", first=f"{a!r} beside {b!r}")
    rest = total - sum(known.values())
    if rest < -1e-9 * total:
        raise DataError(
            f"the known members add up to {sum(known.values()):g}, more than the total {total:g}",
            "Check units and periods: both must be of one flow, one period, one unit.",
        )
    return max(rest, 0.0)


def _sizes(known: Mapping[str, float], groups: Mapping[str, int] | None) -> dict[str, int]:
    sizes = dict.fromkeys(known, 1)
    for name, size in (groups or {}).items():
        if name not in known:
            raise UnknownName("known member", name, known)
        sizes[name] = size
    return sizes


def _even(
    known: Mapping[str, float], sizes: Mapping[str, int], rest: float, limit: int | None, cap: float | None
) -> Array:
    """The most even completion; an unlimited rest is left out, being spread infinitely thin."""
    parts = [np.full(sizes[k], v / sizes[k]) for k, v in known.items()]
    if limit is not None and rest > 0:
        if limit < 1 or (cap is not None and rest / limit > cap * (1 + 1e-12)):
            raise DataError(
                f"a rest of {rest:g} does not fit into max_members={limit}"
                + ("" if cap is None else f" of at most {cap:g} each (largest=True)"),
                "Allow more members, or drop the assumption that the largest are named.",
            )
        parts.append(np.full(limit, rest / limit))
    return np.concatenate(parts)


def _peaked(known: Mapping[str, float], rest: float, limit: int | None, cap: float | None) -> Array:
    """The most concentrated completion."""
    if rest == 0:
        return np.array(list(known.values()))
    if cap is None:
        return np.array([*known.values(), rest])
    if cap == 0:
        raise DataError(
            "the smallest named member is zero, so nothing can be left over", "Drop largest=True."
        )
    if rest / cap > MOST:
        raise DataError(
            f"the rest is {rest / cap:.3g} members of the size of the smallest named one, and {MOST:,} are the most "
            "that are counted",
            "Give max_members=, or drop largest=True.",
        )
    full = int(rest // cap)
    return np.array([*known.values(), *[cap] * full, rest - full * cap])


def _bloc_bounds(
    known: Mapping[str, float], total: float, rest: float, bloc: str | None, on: str | int
) -> Bounds:
    if bloc is None:
        raise OptionError("bloc_share needs bloc=..., such as bloc='RCEP'.")
    allowed = frozenset(classifications.members(bloc, on=on))
    found: set[str] = set()
    low, unsure = 0.0, 0.0
    for label, value in known.items():
        group = classifications.resolve(label)
        if group is None:
            raise UnknownName("country or bloc", label, [c for c in known if classifications.resolve(c)])
        if group <= allowed:
            low, found = low + value, found | group
        elif group & allowed:
            unsure += value
    # The rest can go to the bloc only while a member of it is still unnamed.
    open_ = rest if allowed - found else 0.0
    said = f"membership of {bloc} on {on}; {len(allowed - found)} of its {len(allowed)} members not named"
    return Bounds(f"bloc_share({bloc})", low / total, (low + unsure + open_) / total, 1 - rest / total, said)


def _in_words(limit: int | None, groups: Mapping[str, int] | None, largest: bool) -> str:
    said = [
        "the rest among any number of members" if limit is None else f"the rest among at most {limit} members"
    ]
    if groups:
        said.append("; ".join(f"{k} split among up to {n}" for k, n in groups.items()))
    if largest:
        said.append("no unnamed member larger than the smallest named")
    return "; ".join(said)
