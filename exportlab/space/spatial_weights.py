r"""Who is near whom: borders of China's provinces and Liaoning's cities, distances, and links of one's own."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd

from exportlab.columns import real, refuse_no_ids
from exportlab.errors import DataError, DuplicateCells, OptionError, UnknownName
from exportlab.frames import Array, Mask, to_pandas
from exportlab.options import Count, Positive, validated
from exportlab.results import Result

Kind: TypeAlias = Literal["borders", "links", "inverse", "nearest", "band"]
Style: TypeAlias = Literal["row", "binary"]
EARTH = 6371.0088  # km, mean radius
PLACES = {"provinces": "provinces", "liaoning": "liaoning_cities"}
BORDERS = {"provinces": "provinces_borders", "liaoning": "liaoning_borders"}
BELONGS = {"nearest": "nearest", "power": "inverse", "within": "band", "straits": "borders"}


@dataclass(frozen=True, repr=False, eq=False)
class SpatialWeights(Result):
    """Weights of the neighbours of each unit.

    Attributes
    ----------
    labels : tuple
        The units, in the order of `w`.
    w : (n, n) array
        The weight of each neighbour (columns) for each unit (rows); the diagonal is zero.
    """

    labels: tuple[Hashable, ...]
    w: Array = field(repr=False)
    style: str
    made: str

    @property
    def alone(self) -> int:
        """How many units have no neighbours."""
        return int((self.w.sum(axis=1) == 0).sum())

    @property
    def title(self) -> str:
        """One line that says what this is."""
        links = int((self.w > 0).sum())
        rest = f", {self.alone} without neighbours" if self.alone else ""
        return f"{links:,} links of {len(self.labels):,} units by {self.made} ({self.style}){rest}"

    @property
    def table(self) -> pd.DataFrame:
        """One row a link."""
        i, j = np.nonzero(self.w)
        names = np.array(self.labels, dtype=object)
        return pd.DataFrame({"unit": names[i], "neighbour": names[j], "weight": self.w[i, j]})

    def aligned(self, units: Sequence[Hashable]) -> Array:
        """The matrix in another order of the units, all of which it must have, and no others."""
        place = {label: k for k, label in enumerate(self.labels)}
        lost = [u for u in units if u not in place]
        if lost:
            raise UnknownName("unit of the weights", lost[0], map(str, self.labels))
        left = set(self.labels) - set(units)
        if left:
            raise DataError(
                f"{len(left):,} of {len(self.labels):,} units of the weights are not in the table",
                "Neighbours that are left out change the lags of the others: complete the table, or make the weights "
                "of its units.",
                first=str(next(x for x in self.labels if x in left)),
            )
        order = np.array([place[u] for u in units])
        return np.asarray(self.w[np.ix_(order, order)])


@validated
def spatial_weights(
    of: Any,
    *,
    kind: Kind = "borders",
    unit: str = "name",
    neighbour: str | None = None,
    weight: str | None = None,
    coordinates: tuple[str, str] = ("longitude", "latitude"),
    plane: bool = False,
    nearest: Count | None = None,
    power: Positive | None = None,
    within: Positive | None = None,
    straits: bool | None = None,
    style: Style = "row",
    isolated: Literal["refuse", "keep"] = "refuse",
) -> SpatialWeights:
    r"""Make weights of neighbours.

    Parameters
    ----------
    of : "provinces", "liaoning", or DataFrame
        China's 31 provinces or Liaoning's 14 cities, whose borders and seats come with the package; or a table of
        places with coordinates; or, for "links", one row a pair.
    kind : {"borders", "links", "inverse", "nearest", "band"}
        Common borders; links given; the inverse of the distance to a power; the nearest places; all within a distance.
    unit : str
        The column that names a place: of the embedded tables "name" (Dalian), "name_zh" (大连) or "code" (210200).
    neighbour, weight : str, optional
        Of links: the column of the other place, and that of the weight (1 by default). Links are taken as they are, in
        one direction.
    coordinates : (str, str)
        Columns of longitude and latitude in degrees, or of x and y.
    plane : bool
        Whether coordinates are x and y on a plane; distances are then in their unit, else great-circle km.
    nearest : int
        How many, for "nearest"; at equal distance the place that comes first. These links may go one way only.
    power : float
        For "inverse", 1 by default.
    within : float
        For "band".
    straits : bool
        Whether Guangdong and Hainan, which no land border joins, are neighbours; True by default.
    style : {"row", "binary"}
        Rows that add to one; or weights as they are (1 for borders).
    isolated : {"refuse", "keep"}
        What happens to units without neighbours; kept ones have a lag of zero.

    Returns
    -------
    SpatialWeights

    Raises
    ------
    DataError
        Units without neighbours, a place twice, a place linked with itself, weights that are not above zero.
    OptionError, UnknownName

    Notes
    -----
    Great-circle distance by the haversine formula, R = 6371.0088 km. Borders: 68 land borders of provinces, 27 of
    cities, of about 2010 to 2020, from public boundary files; seats to three decimals. Hong Kong, Macau and Taiwan are
    not among the 31.

    Examples
    --------
    >>> import exportlab as xl
    >>> print(xl.spatial_weights("liaoning").title)
    54 links of 14 units by borders (row)
    """
    _check(of, kind, {"nearest": nearest, "power": power, "within": within, "straits": straits})
    if kind == "links":
        labels, w = _links(to_pandas(of), unit, neighbour, weight)
    elif kind == "borders":
        labels, w = _borders(of, unit, straits is not False)
    else:
        data = places(of) if isinstance(of, str) else to_pandas(of)
        labels, d = _distances(data, unit, coordinates, plane)
        w = _by_distance(d, kind, nearest=nearest, power=power or 1.0, within=within)
    return _made(labels, w, kind, style, isolated)


@validated
def places(name: str) -> pd.DataFrame:
    """Load an embedded table of places: code, names, seat, longitude, latitude.

    Parameters
    ----------
    name : {"provinces", "liaoning"}
        China's 31 provinces or Liaoning's 14 cities.

    Returns
    -------
    DataFrame
        One row a place.

    Raises
    ------
    UnknownName
    """
    if name not in PLACES:
        raise UnknownName("set of places", name, PLACES)
    return _read(PLACES[name])


@cache
def _file(name: str) -> str:
    return (files("exportlab.space") / f"{name}.csv").read_text(encoding="utf-8")


def _read(name: str) -> pd.DataFrame:
    head, *lines = [line.split(",") for line in _file(name).splitlines()]
    table = pd.DataFrame(lines, columns=head)
    numbers = [c for c in ("longitude", "latitude") if c in head]
    return table.astype(dict.fromkeys(numbers, float))


def _check(of: Any, kind: str, given: dict[str, Any]) -> None:
    """Refuse options of another kind, and kinds that lack theirs."""
    for name, value in given.items():
        if value is not None and kind != BELONGS[name]:
            raise OptionError(f"{name}= belongs to kind={BELONGS[name]!r}, not to {kind!r}.")
    if kind in ("nearest", "band") and given["nearest"] is None and given["within"] is None:
        raise OptionError(
            f"kind={kind!r} needs {'nearest=, how many' if kind == 'nearest' else 'within=, how far'}."
        )
    if isinstance(of, str):
        places(of)
    if (kind == "borders") != isinstance(of, str) and kind in ("borders", "links"):
        raise OptionError(
            f"kind={kind!r} is not allowed here. Allowed: borders of {', '.join(map(repr, PLACES))}; links, or "
            "distances, of a table."
        )


def _borders(of: str, unit: str, straits: bool) -> tuple[list[Hashable], Array]:
    known = places(of)
    if unit not in ("name", "name_zh", "code"):
        raise UnknownName("column of the places", unit, ["name", "name_zh", "code"])
    place = {name: k for k, name in enumerate(known["name"])}
    w = np.zeros((len(known), len(known)))
    for a, b, kind in _read(BORDERS[of]).itertuples(index=False):
        if kind == "land" or straits:
            w[place[a], place[b]] = w[place[b], place[a]] = 1.0
    return list(known[unit]), w


def _links(
    data: pd.DataFrame, unit: str, neighbour: str | None, weight: str | None
) -> tuple[list[Hashable], Array]:
    if neighbour is None:
        raise OptionError("kind='links' needs neighbour=, the column of the other place.")
    for column in (unit, neighbour, *([weight] if weight else [])):
        if column not in data.columns:
            raise UnknownName("column", column, [str(c) for c in data.columns])
    refuse_no_ids(data, [unit, neighbour])
    _refuse(
        data, data[[unit, neighbour]].isna().any(axis=1), "a link lacks one of its ends", "Name both places."
    )
    _refuse(data, data[unit] == data[neighbour], "a place is linked with itself", "Leave such links out.")
    if data.duplicated([unit, neighbour]).any():
        again = data[data.duplicated([unit, neighbour])]
        raise DuplicateCells(
            "a link appears more than once",
            "One row a link.",
            rows=len(again),
            first=str(tuple(again.iloc[0][:2])),
        )
    value = real(data, weight) if weight else np.ones(len(data))
    _refuse(
        data, ~(value > 0) | np.isinf(value), "a weight is not above zero", "Leave links of no weight out."
    )
    labels = list(dict.fromkeys([*data[unit], *data[neighbour]]))
    place = {label: k for k, label in enumerate(labels)}
    w = np.zeros((len(labels), len(labels)))
    w[data[unit].map(place), data[neighbour].map(place)] = value
    return labels, w


def _refuse(data: pd.DataFrame, bad: Any, problem: str, remedy: str) -> None:
    wrong = np.asarray(bad, bool)
    if wrong.any():
        row = int(wrong.argmax())
        raise DataError(
            problem, remedy, rows=int(wrong.sum()), first=f"row {row + 1}: {tuple(data.iloc[row])!s}"
        )


def _distances(
    data: pd.DataFrame, unit: str, coordinates: tuple[str, str], plane: bool
) -> tuple[list[Hashable], Array]:
    """Distances between all places, (n, n)."""
    for column in (unit, *coordinates):
        if column not in data.columns:
            raise UnknownName("column", column, [str(c) for c in data.columns])
    refuse_no_ids(data, [unit])
    if data[unit].duplicated().any() or data[unit].isna().any():
        raise DataError(
            f"the column {unit!r} does not name each place once", "One row a place.",
            first=str(data.loc[data[unit].duplicated() | data[unit].isna(), unit].iloc[0]),
        )  # fmt: skip
    x, y = (real(data, column) for column in coordinates)
    bad = ~np.isfinite(x + y) if plane else ~((np.abs(x) <= 180) & (np.abs(y) <= 90))
    _refuse(
        data,
        bad,
        "coordinates are missing or no degrees",
        "Longitudes lie in -180 to 180, latitudes in -90 to 90.",
    )
    if plane:
        return list(data[unit]), np.hypot(x[:, None] - x, y[:, None] - y)
    a, b = np.radians(x), np.radians(y)
    half = (
        np.sin((b[:, None] - b) / 2) ** 2 + np.cos(b[:, None]) * np.cos(b) * np.sin((a[:, None] - a) / 2) ** 2
    )
    return list(data[unit]), 2 * EARTH * np.arcsin(np.sqrt(np.minimum(half, 1.0)))


def _by_distance(d: Array, kind: str, *, nearest: int | None, power: float, within: float | None) -> Array:
    n = len(d)
    apart: Mask = ~np.eye(n, dtype=bool)
    if kind == "band":
        return np.asarray((apart & (d <= float(within or 0))).astype(float))
    if kind == "inverse":
        if (d[apart] == 0).any():
            i, j = np.argwhere(apart & (d == 0))[0]
            raise DataError(
                "two places have one position",
                "Their inverse distance is infinite.",
                first=f"rows {i + 1}, {j + 1}",
            )
        return np.asarray(np.where(apart, 1 / np.where(apart, d, 1.0) ** power, 0.0))
    k = int(nearest or 0)
    if k >= n:
        raise OptionError(f"nearest={k} is not allowed. Allowed: below {n}, the number of places.")
    order = np.argsort(np.where(apart, d, np.inf), axis=1, kind="stable")[:, :k]
    w = np.zeros((n, n))
    np.put_along_axis(w, order, 1.0, axis=1)
    return w


def _made(labels: list[Hashable], w: Array, kind: str, style: str, isolated: str) -> SpatialWeights:
    sums = w.sum(axis=1)
    if isolated == "refuse" and (sums == 0).any():
        raise DataError(
            f"{int((sums == 0).sum()):,} of {len(sums):,} units have no neighbours",
            "Widen the distance, say straits=True, or say isolated='keep': their lag is then zero.",
            first=str(labels[int((sums == 0).argmax())]),
        )
    if style == "row":
        w = w / np.where(sums > 0, sums, 1.0)[:, None]
    return SpatialWeights(tuple(labels), w, style, kind)
