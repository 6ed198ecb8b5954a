r"""On which scale an interval is formed, and the limits that the index can attain.

An interval that is symmetric on a monotone scale stays in the index's range. The HHI and the shares take the logit;
what is made of the HHI takes the logit of the HHI that it implies, so that all of them have one interval. Entropy
takes its logarithm, and Theil's index :math:`-\ln(\ln N - T)`, the same from the other end: near equality, where a
logit of :math:`T / \ln N` stretches without end, it is smooth. The Gini takes :math:`-\ln(1 - G)`, Hall-Tideman's
index, which is :math:`1/(n(1 - G))`, its logarithm. RCA is taken as it is, its symmetric form as the RCA that it
implies.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import log, sqrt
from typing import Any, TypeAlias

import numpy as np

from exportlab.errors import one_of
from exportlab.frames import Array
from exportlab.indices.catalogue import CATALOGUE, check_options

Map: TypeAlias = tuple[Callable[[Array], Array], Callable[[Array], Array], Callable[[Array], Array]]

# A monotone map, its derivative and its inverse.
SCALES: dict[str, Map] = {
    "identity": (lambda t: t, np.ones_like, lambda t: t),
    "log": (np.log, lambda t: 1 / t, np.exp),
    "logit": (
        lambda t: np.log(t) - np.log1p(-t),
        lambda t: 1 / (t * (1 - t)),
        lambda t: 1 / (1 + np.exp(-t)),
    ),
}
RECIPROCAL: Map = (lambda t: 1 / t, lambda t: -1 / t**2, lambda t: 1 / t)
SQUARE: Map = (np.square, lambda t: 2 * t, np.sqrt)
RATIO: Map = (  # Balassa's index of the symmetric form; what lies below zero is zero
    lambda t: (1 + t) / (1 - t),
    lambda t: 2 / (1 - t) ** 2,
    lambda r: (np.maximum(r, 0.0) - 1) / (np.maximum(r, 0.0) + 1),
)
ADVANTAGE: dict[str, tuple[float, float]] = {
    "balassa": (0.0, np.inf),
    "rsca": (-1.0, 1.0),
    "log": (-np.inf, np.inf),
    "nrca": (-0.25, 0.25),  # within the world; of others the exporter may be many times as large
    "arca": (-1.0, 1.0),
    "weighted": (0.0, np.inf),
}
# The bounds as the catalogue writes them, where all N members may be active: of N and k.
BOUNDS: dict[str, Callable[[float, int], float]] = {
    "0": lambda n, k: 0.0,
    "1": lambda n, k: 1.0,
    "n": lambda n, k: n,
    "N": lambda n, k: n,
    "1/n": lambda n, k: 1 / n,
    "k/n": lambda n, k: min(k / n, 1.0),
    r"1/\sqrt{n}": lambda n, k: 1 / sqrt(n),
    r"\ln n": lambda n, k: log(n),
    r"\ln N": lambda n, k: log(n),
    "1 - 1/N": lambda n, k: 1 - 1 / n,
}


@dataclass(frozen=True)
class Scale:
    """A map, and the limits that no interval goes beyond; `name` is what the user asked for, "" for the index's own.

    `equal` is the value of a spread that is even, None where there is none; `kinked` says that the index is no smooth
    function there (the Gini, whose ranks change places).
    """

    map: Map
    low: float = -np.inf
    high: float = np.inf
    name: str = ""
    equal: float | None = None
    kinked: bool = False


def scale_of(name: str, options: Mapping[str, Any], size: int, asked: str | None = None) -> Scale:
    """The scale and the limits of an index over so many members.

    Parameters
    ----------
    name : str
        A distribution indicator, "share", "bloc_share" or "rca".
    options : mapping
        The indicator's own.
    size : int
        N: the universe, or the members observed.
    asked : {"identity", "log", "logit"}, optional
        By default the index's own.
    """
    if asked is not None:
        one_of("scale", asked, SCALES)
    low, high = limits(name, options, size)
    even = {"concentration": low, "diversification": high}
    equal = even.get(CATALOGUE[name].rises_with) if name not in FREE else None
    chosen = SCALES[asked] if asked else own_map(name, options, size)
    return Scale(chosen, low, high, asked or "", equal, kinked=name == "gini")


FREE = ("share", "bloc_share", "rca")  # of no distribution


def limits(name: str, options: Mapping[str, Any], size: int) -> tuple[float, float]:
    """The least and the largest value of the index over so many members, as its declaration says."""
    if name in ("share", "bloc_share"):
        return 0.0, 1.0
    if name == "rca":
        form, reference = options.get("form", "balassa"), options.get("reference", "world")
        inside = isinstance(reference, str) and reference == "world"
        return ADVANTAGE[form] if inside or form != "nrca" else (-np.inf, np.inf)
    entry = CATALOGUE[name]
    k = check_options(entry, options).get("k", 1)
    return BOUNDS[entry.low](float(size), k), BOUNDS[entry.high](float(size), k)


def own_map(name: str, options: Mapping[str, Any], size: int) -> Map:
    """The scale on which simulation shows the coverage closest to nominal."""
    logit, logarithm, identity = SCALES["logit"], SCALES["log"], SCALES["identity"]
    if name == "rca":
        return RATIO if options.get("form") == "rsca" else identity
    n = float(size)
    known: dict[str, Map] = {
        "share": logit,
        "bloc_share": logit,
        "hhi": logit,
        "cr": logit,
        "hirschman": after(logit, SQUARE),
        "effective_number": after(logit, RECIPROCAL),
        "hill": after(logit, RECIPROCAL),
        "hhi_normalised": after(logit, _spread(1 / n)),
        "hhi_normalised_active": after(logit, _spread(1 / n)),
        "unctad_concentration": after(logit, after(SQUARE, _spread(1 / sqrt(n)))),
        "shannon": logarithm,
        "theil": _complement(log(n)),
        "gini": _complement(1.0),
        "hall_tideman": logarithm,
    }
    return known.get(name, identity)


def after(outer: Map, inner: Map) -> Map:
    """The map that takes the inner one first."""
    to, slope, back = inner
    return (
        lambda t: outer[0](to(t)),
        lambda t: outer[1](to(t)) * slope(t),
        lambda u: back(outer[2](u)),
    )


def _spread(least: float) -> Map:
    """From what runs from 0 to 1 to what runs from its least value to 1."""
    wide = 1 - least
    return (
        lambda t: least + t * wide,
        lambda t: np.full_like(t, wide),
        lambda u: (u - least) / wide if wide else np.full_like(u, np.nan),
    )


def _complement(top: float) -> Map:
    """Minus the logarithm of what is left to the top."""
    return (lambda t: -np.log(top - t), lambda t: 1 / (top - t), lambda u: top - np.exp(-u))
