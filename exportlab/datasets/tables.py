"""Shipped tables: listed by a manifest, checked against it, and returned as tidy frames."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from exportlab.errors import DataError, OptionError, UnknownName
from exportlab.words import said

if TYPE_CHECKING:
    import pandas as pd

POLICIES = (
    "pilot_ftz",
    "pilot_ftz_areas",
    "cbec_zone",
    "coastal_belt",
    "clusters",
    "cluster_provinces",
    "rcep",
)
STARTS = ("opened", "signed", "public")  # the first of these dates that is known starts a treatment
_NUMBERS = ("value", "yoy_pct", "share_pct")


@dataclass(frozen=True)
class Dataset:
    """What the manifest states of one data set.

    `units` are the units of its values, exactly as published; `columns` maps each column to its meaning;
    `left_out` counts by reason the rows that were compiled but not shipped; `not_in` says what a reader
    might expect and will not find; `disagreements` are figures for one quantity that sources print
    differently (both are kept).
    """

    name: str
    title: str
    rows: int
    units: tuple[str, ...]
    columns: dict[str, str]
    licence: str
    not_in: tuple[str, ...]
    left_out: dict[str, int]
    disagreements: tuple[str, ...]
    sha256: str


def names() -> tuple[str, ...]:
    """Names of the shipped data sets."""
    return tuple(_manifest())


def about(name: str) -> Dataset:
    """The manifest's statement on one data set.

    Raises
    ------
    UnknownName
        If there is no such data set.
    """
    if name not in _manifest():
        raise UnknownName(said("data set"), name, _manifest())
    stated = _manifest()[name]
    lists = {k: tuple(stated[k]) for k in ("units", "not_in", "disagreements")}
    return Dataset(name, **(stated | lists))


def describe() -> pd.DataFrame:
    """One row a data set: name, title, rows, units, rows left out, what is not in it, licence."""
    import pandas as pd

    listed = [about(name) for name in names()]
    return pd.DataFrame(
        {
            "name": [d.name for d in listed],
            "title": [d.title for d in listed],
            "rows": [d.rows for d in listed],
            "units": [", ".join(d.units) for d in listed],
            "left_out": [sum(d.left_out.values()) for d in listed],
            "not_in": ["; ".join(d.not_in) for d in listed],
            "licence": [d.licence for d in listed],
        }
    )


def load(name: str) -> pd.DataFrame:
    """A shipped data set as a tidy frame, one published figure (or date) a row.

    Text stays text, codes and years included (a year may be a span, "2016-2020"; in the provincial
    panel it is an integer). `value`, `yoy_pct` and `share_pct` are floats, NaN where nothing was
    printed. Values are in the row's `unit`, exactly as published; see `convert`. `period` is kept as
    published, and `start` and `end` give its first and last month (YYYY-MM), empty where the period is
    not whole months.

    Raises
    ------
    UnknownName
        If there is no such data set.
    DataError
        If the file is not the one that was shipped (its sha256 differs from the manifest's).
    """
    stated = about(name)
    content = (files(__package__) / f"{name}.csv").read_bytes()
    _verify(stated, content)
    return _frame(name, content).copy()


@cache
def _frame(name: str, content: bytes) -> pd.DataFrame:
    import pandas as pd

    types: dict[str, Any] = {c: "float64" if c in _NUMBERS else "str" for c in about(name).columns}
    if name == "province_trade":
        types["year"] = "int64"
    return pd.read_csv(
        BytesIO(content), dtype=types, keep_default_na=False, na_values={c: [""] for c in _NUMBERS}
    )


def policy(name: str) -> pd.DataFrame:
    """Units and start dates of one policy, in order of start.

    Parameters
    ----------
    name : {"pilot_ftz", "pilot_ftz_areas", "cbec_zone", "coastal_belt", "clusters", "cluster_provinces", "rcep"}
        Pilot free trade zones (provinces), and the cities of Liaoning's three areas; cross-border e-commerce
        pilot zones (cities, in batches); the Liaoning Coastal Economic Belt (cities, and its plan for the
        province); national advanced manufacturing clusters (those of the north-east), and the provinces
        that have one by the lists of 2022 and 2024; RCEP's entry into force (countries, as it is in
        force with China).

    Returns
    -------
    DataFrame
        The rows of "policy_dates" with `start_date`, the date that starts a treatment: the day `opened`, or
        else the day `signed`, or else the day made `public`; `start_is`, which of the three it is; and `year`
        (integer) of it. `complete` says whether every place of the row's batch is listed: where it is
        False, a place that is not listed may have the policy, and `exportlab.panel.attach_policy` asks what
        to do with it. Where `unit_kind` is "province", `province`, `province_zh` and `code` are those of
        "province_trade", so that the two merge; where it is "country", `iso3` is filled.

    Raises
    ------
    UnknownName
        If there is no such policy.
    """
    if name not in POLICIES:
        raise UnknownName(said("policy"), name, POLICIES)
    table = load("policy_dates")
    chosen = table[table["policy"] == name].copy()
    which = [next(d for d in STARTS if row[d]) for row in chosen.to_dict("records")]
    dates = [row[d] for row, d in zip(chosen.to_dict("records"), which, strict=True)]
    where = list(chosen).index("source")
    chosen.insert(where, "start_date", dates)
    chosen.insert(where + 1, "start_is", which)
    chosen.insert(where + 2, "year", [int(d[:4]) for d in dates])
    listed = chosen.groupby(["title", "batch"] if name == "coastal_belt" else "batch")["unit_name"]
    chosen.insert(where + 3, "complete", listed.transform("size").astype(str) == chosen["batch_places"])
    return chosen.sort_values(["start_date", "unit_name"], ignore_index=True)


def _verify(stated: Dataset, content: bytes) -> None:
    found = hashlib.sha256(content).hexdigest()
    if found != stated.sha256:
        raise DataError(
            said(
                "{name}.csv is not the file that was shipped (sha256 {found}..., manifest {sha256}...)",
                name=stated.name,
                found=found[:12],
                sha256=stated.sha256[:12],
            ),
            said("Reinstall exportlab, or copy the table elsewhere before editing it."),
        )


@cache
def _manifest() -> dict[str, dict[str, Any]]:
    return tomllib.loads((files(__package__) / "manifest.toml").read_text(encoding="utf-8"))


# Units of money as published, and the only way in which they are converted: with a given rate.

SCALES = {
    "": 1.0,
    "thousand": 1e3,
    "10k": 1e4,
    "million": 1e6,
    "100m": 1e8,
    "bn": 1e9,
    "billion": 1e9,
    "trillion": 1e12,
}
_UNIT = re.compile(r"(?:(\S+)\s+)?([A-Z]{3})")


def convert(values: Any, *, from_unit: str, to_unit: str, rate: Mapping[str, Any] | None = None) -> Any:
    """Money in another unit: another scale, and another currency only with a rate that is given.

    Parameters
    ----------
    values : float, array, Series or list
        Amounts in `from_unit`. The type comes back, a list as an array.
    from_unit, to_unit : str
        A scale and a currency, as in the data: "100m CNY", "100m USD", "10k CNY", "million USD",
        "bn USD", "USD".
    rate : mapping, optional
        ``{"CNY/USD": 7.05}``: 7.05 yuan for one dollar. The pair is named so that a rate can not be
        used upside down; it converts in both directions. The rate may be an array or Series aligned
        with `values`, for rates that differ by period. Required if the currencies differ, and refused
        if they do not.

    Raises
    ------
    OptionError
        If a unit can not be read, if the rate is missing, superfluous, not positive and finite, or not
        of the two currencies.
    """
    from_scale, from_currency = _parsed("from_unit", from_unit)
    to_scale, to_currency = _parsed("to_unit", to_unit)
    amounts = np.asarray(values, dtype=float) if isinstance(values, (list, tuple)) else values
    scaled = amounts * (from_scale / to_scale)
    if from_currency == to_currency:
        if rate is not None:
            raise OptionError(
                said(
                    "rate= is not used from {from_unit} to {to_unit}: the currency is the same.",
                    from_unit=repr(from_unit),
                    to_unit=repr(to_unit),
                )
            )
        return scaled
    return scaled * _price(rate, from_currency, to_currency)


def _price(rate: Mapping[str, Any] | None, one: str, other: str) -> Any:
    """What one unit of the currency `one` costs in the currency `other`."""
    if not isinstance(rate, Mapping) or len(rate) != 1:
        raise OptionError(
            said(
                "rate={rate}: {one} to {other} needs a rate with its pair named, such as "
                "rate={{'{one}/{other}': ...}} ({one} for one {other}).",
                rate=repr(rate),
                one=one,
                other=other,
            )
        )
    ((pair, price),) = rate.items()
    numbers = np.asarray(price, dtype=float)
    if not (np.isfinite(numbers) & (numbers > 0)).all():
        raise OptionError(said("rate={rate}: a rate is positive and finite.", rate=repr(rate)))
    price = numbers if isinstance(price, (list, tuple)) else price
    if pair == f"{one}/{other}":
        return 1 / price
    if pair == f"{other}/{one}":
        return price
    raise OptionError(
        said(
            "rate={rate} is not of {one} and {other}. Allowed: '{one}/{other}' or '{other}/{one}'.",
            rate=repr(rate),
            one=one,
            other=other,
        )
    )


def _parsed(option: str, unit: str) -> tuple[float, str]:
    """Scale and currency of a unit."""
    match = _UNIT.fullmatch(unit.strip())
    if match is None or (match[1] or "") not in SCALES:
        scales = ", ".join(repr(s) for s in SCALES if s)
        raise OptionError(
            said(
                "{option}={unit} is no unit of money. Allowed: a currency such as 'USD', with one of the "
                "scales {scales} before it.",
                option=option,
                unit=repr(unit),
                scales=scales,
            )
        )
    return SCALES[match[1] or ""], match[2]
