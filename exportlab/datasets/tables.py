"""Shipped tables: listed by a manifest, checked against it, and returned as tidy frames."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import TYPE_CHECKING, Any

from exportlab.errors import DataError, UnknownName

if TYPE_CHECKING:
    import pandas as pd

POLICIES = ("pilot_ftz", "cbec_zone", "coastal_belt", "clusters", "rcep")
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
        raise UnknownName("data set", name, _manifest())
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
    import pandas as pd

    stated = about(name)
    content = (files(__package__) / f"{name}.csv").read_bytes()
    _verify(stated, content)
    types: dict[str, Any] = {c: "float64" if c in _NUMBERS else "str" for c in stated.columns}
    if name == "province_trade":
        types["year"] = "int64"
    return pd.read_csv(
        BytesIO(content), dtype=types, keep_default_na=False, na_values={c: [""] for c in _NUMBERS}
    )


def policy(name: str) -> pd.DataFrame:
    """Units and start dates of one policy, in order of start.

    Parameters
    ----------
    name : {"pilot_ftz", "cbec_zone", "coastal_belt", "clusters", "rcep"}
        Pilot free trade zones (provinces); cross-border e-commerce pilot zones (cities, in batches);
        the Liaoning Coastal Economic Belt (cities, and its plan for the province); national advanced
        manufacturing clusters (two of the north-east, and the list); RCEP's entry into force
        (countries).

    Returns
    -------
    DataFrame
        The rows of "policy_dates", with `year` (integer) read from `start_date`. Where `unit_kind` is
        "province", `province`, `province_zh` and `code` are those of "province_trade", so that the two
        merge; where it is "country", `iso3` is filled.

    Raises
    ------
    UnknownName
        If there is no such policy.
    """
    if name not in POLICIES:
        raise UnknownName("policy", name, POLICIES)
    table = load("policy_dates")
    chosen = table[table["policy"] == name].sort_values(["start_date", "unit_name"], ignore_index=True)
    where = list(chosen).index("start_date") + 1
    chosen.insert(where, "year", chosen["start_date"].str[:4].astype("int64"))
    return chosen


def _verify(stated: Dataset, content: bytes) -> None:
    found = hashlib.sha256(content).hexdigest()
    if found != stated.sha256:
        raise DataError(
            f"{stated.name}.csv is not the file that was shipped "
            f"(sha256 {found[:12]}..., manifest {stated.sha256[:12]}...)",
            "Reinstall exportlab, or copy the table elsewhere before editing it.",
        )


@cache
def _manifest() -> dict[str, dict[str, Any]]:
    return tomllib.loads((files(__package__) / "manifest.toml").read_text(encoding="utf-8"))
