"""Sharp bounds of an index when only some members and the total are published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf, isfinite
from typing import TYPE_CHECKING, Annotated, Any

from exportlab import classifications
from exportlab.classifications import resolve
from exportlab.errors import DataError, OptionError, UnknownName
from exportlab.facts.door import facts
from exportlab.facts.families import BOUNDED
from exportlab.facts.shapes import MOST
from exportlab.facts.universe import is_residual
from exportlab.options import Within, validated
from exportlab.places import overlaps
from exportlab.results import Result

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


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

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """The bounds as a line with both ends named; options as in `plots.facts.steps`."""
        from exportlab.plots.facts import steps

        row = self.table.assign(fact=self.assumption, proved=True)
        return steps(row, **{"indicator": self.indicator, "ax": ax, "title": self.title} | options)


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
    if indicator in ("share", "value"):  # of a label, which is asked of `facts`
        raise UnknownName("index with bounds", indicator, [*BOUNDED, "bloc_share"])
    _checked(known, total)
    if indicator == "bloc_share":
        unused = {"max_members": max_members, "groups": groups, **options}
        return _bloc_bounds(known, total, bloc, on, largest=largest, unused=unused)
    for name in groups or {}:
        if name not in known:
            raise UnknownName("known member", name, known)
    if bloc is not None or on != "latest":
        raise OptionError(f"{indicator} has no use for bloc= or on=: it is an index of all members.")
    sizes = {k: (groups or {}).get(k, 1) for k in known if not is_residual(k)}
    named = sum(known[k] for k in sizes)
    smallest = min((known[k] for k in sizes), default=0.0)
    _fits(max(total - named, 0.0), max_members, smallest if largest else inf)
    universe = None if max_members is None else sum(sizes.values()) + max_members
    f = facts(total, universe=universe, exact=True, as_one=[k for k in sizes if k not in (groups or {})])
    for name, size in (groups or {}).items():
        f = f.group(name, size=size)
    f = f.know(known)
    found = (f.cap(smallest) if largest else f).bounds(indicator, **options)
    said = _in_words(max_members, groups, largest)
    return Bounds(indicator, found.low, found.high, named / total, said)


def _checked(known: Mapping[str, float], total: float) -> None:
    """Refuse numbers and labels that cannot be."""
    if not known:
        raise DataError("no member is known", "Give at least one: {'Japan': 12.3}.")
    wrong = [k for k, v in known.items() if not (isfinite(v) and v >= 0)]
    if wrong or not (isfinite(total) and total > 0):
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


def _fits(rest: float, most: int | None, cap: float) -> None:
    """Refuse a rest that the unnamed members cannot hold."""
    if rest > 0 and cap == 0:
        raise DataError(
            "the smallest named member is zero, so nothing can be left over", "Drop largest=True."
        )
    if rest > 0 and most is not None and (most == 0 or rest / most > cap * (1 + 1e-12)):
        raise DataError(
            f"a rest of {rest:g} does not fit into max_members={most}"
            + (f" of at most {cap:g} each (largest=True)" if cap < inf else ""),
            "Allow more members, or drop the assumption that the largest are named.",
        )


def _bloc_bounds(
    known: Mapping[str, float],
    total: float,
    bloc: str | None,
    on: str | int,
    *,
    largest: bool,
    unused: Mapping[str, Any],
) -> Bounds:
    """Bounds of a bloc's share, every label as its countries on that date."""
    given = [name for name, value in unused.items() if value is not None]
    if given:
        raise OptionError(
            f"bloc_share has no use for {', '.join(f'{n}=' for n in given)}: blocs are their countries, and any "
            "country may be a member."
        )
    if bloc is None:
        raise OptionError("bloc_share needs bloc=..., such as bloc='RCEP'.")
    f = facts(total, on=on, exact=True).know(known)
    smallest = min((v for label, v in known.items() if not is_residual(label)), default=0.0)
    found = (f.cap(smallest) if largest else f).bounds("bloc_share", bloc=bloc)
    allowed = frozenset(classifications.members(bloc, on=on))
    named = {c for label in known for c in resolve(label, on=on) or ()}
    said = f"membership of {bloc} on {on}; {len(allowed - named)} of its {len(allowed)} members not named"
    said += "; no unnamed country larger than the smallest named" if largest else ""
    share = sum(v for label, v in known.items() if not is_residual(label)) / total
    return Bounds(f"bloc_share({bloc})", found.low, found.high, share, said)


def _in_words(limit: int | None, groups: Mapping[str, int] | None, largest: bool) -> str:
    said = [
        "the rest among any number of members" if limit is None else f"the rest among at most {limit} members"
    ]
    if groups:
        said.append("; ".join(f"{k} split among up to {n}" for k, n in groups.items()))
    if largest:
        said.append("no unnamed member larger than the smallest named")
    return "; ".join(said)
