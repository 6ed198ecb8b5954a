"""Units of claims and of evidence: a dimension and a factor, so that figures meet in one unit."""

from __future__ import annotations

from exportlab.errors import UnknownName

UNITS: dict[str, tuple[str, float]] = {
    "mn CNY": ("CNY", 1e6),
    "100m CNY": ("CNY", 1e8),
    "bn CNY": ("CNY", 1e9),
    "trn CNY": ("CNY", 1e12),
    "mn USD": ("USD", 1e6),
    "100m USD": ("USD", 1e8),
    "bn USD": ("USD", 1e9),
    "trn USD": ("USD", 1e12),
    "%": ("share", 1e-2),
    "share": ("share", 1.0),
    "pp": ("share", 1e-2),
    "index": ("index", 1.0),
    "mn t": ("t", 1e6),
    "t": ("t", 1.0),
    "mn TEU": ("TEU", 1e6),
    "GW": ("W", 1e9),
    "MW": ("W", 1e6),
    "days": ("days", 1.0),
    "working days": ("working days", 1.0),
    "months": ("months", 1.0),
    "years": ("years", 1.0),
    "year": ("year", 1.0),
    "per 100 km": ("1/km", 1e-2),
    "km": ("km", 1.0),
    "ha": ("ha", 1.0),
    "times": ("times", 1.0),
    "times a year": ("times a year", 1.0),
    "rank": ("rank", 1.0),
    "mn visits": ("visits", 1e6),
    "mn records": ("records", 1e6),
    "": ("", 1.0),
}
UNSAID = ("", "index", "rank", "batch", "year")  # a figure in one of these is said without it
COUNTED = ("projects", "firms", "departments", "agencies", "centres", "mechanisms", "reforms", "clusters",
           "cities", "operations", "drugs", "platforms", "modules", "technologies", "gaps", "persons",
           "batch", "river", "province")  # fmt: skip
UNITS |= {name: (name, 1.0) for name in COUNTED}


def unit(name: str) -> tuple[str, float]:
    """The dimension of a unit and its size in the base unit of that dimension."""
    try:
        return UNITS[name]
    except KeyError:
        raise UnknownName("unit", name, UNITS) from None
