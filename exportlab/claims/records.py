"""Claims as records: one TOML file a paper, read and validated with errors that teach."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from exportlab.claims.intervals import NUMBER, UNSAID, Interval, point, printed, unit
from exportlab.claims.verdicts import validate
from exportlab.errors import DataError, one_of
from exportlab.words import N_, Said, Text, counted, said

KINDS = (
    N_("level"),
    N_("share"),
    N_("gap"),
    N_("growth"),
    N_("rank"),
    N_("target"),
    N_("index"),
    N_("count"),
    N_("date"),
    N_("duration"),
    N_("qualitative"),
)
EXACT_KINDS = ("count", "rank", "date")
NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "single", "sole")
BOUNDS = ("", "over", "under", "nearly")
FIELDS = (
    "id",
    "section",
    "what",
    "printed",
    "value",
    "unit",
    "period",
    "kind",
    "bound",
    "quantity",
    "needs",
    "check",
    "reading",
    "scope",
)


@dataclass(frozen=True)
class Claim:
    """One statement of a paper that can be true or false.

    Parameters
    ----------
    id, paper, section : str
        Its name, the paper's id and where it stands.
    what : str
        What is claimed, in a few words of our own.
    printed : str
        The figure as printed, from which its tolerance is derived; "" for a qualitative claim.
    value : float or None
        The figure in `unit`.
    unit, period, kind : str
        The kinds are those of `KINDS`.
    bound : str
        "over", "under" or "nearly" when the figure is printed so.
    quantity : str
        A name shared by all claims of one quantity: they are compared without being asked to.
    checks : tuple of dict
        Check kinds with their operands.
    needs : str
        The data that would settle it.
    reading : str
        How an ambiguous sentence was read, said in the evidence.
    scope : str
        What the figure is of, where another of the same `quantity` is of something slightly else.
    """

    id: str
    paper: str
    section: str
    what: str
    printed: str
    value: float | None
    unit: str
    period: str
    kind: str
    bound: str = ""
    quantity: str = ""
    checks: tuple[dict[str, Any], ...] = ()
    needs: str = ""
    reading: str = ""
    scope: str = ""

    @property
    def interval(self) -> Interval:
        """The values the printed figure can stand for, in the claim's own unit."""
        if self.value is None:
            raise DataError(
                said("the claim {id} is qualitative and has no figure", id=repr(self.id)),
                said("Use a measurement."),
            )
        exact = self.kind in EXACT_KINDS
        percent = unit(self.unit)[0] == "share"
        return printed(self.printed, self.value, exact=exact, bound=self.bound, percent=percent)

    @property
    def base(self) -> tuple[Interval, str]:
        """The interval in the base unit of its dimension, and that dimension."""
        dimension, factor = unit(self.unit)
        return self.interval * point(factor), dimension

    @property
    def claimed(self) -> Said:
        """The claim's figure as a reader saw it, with its unit; nothing for a claim in words."""
        counts = any(d.isdigit() for d in self.printed) or self.printed in NUMBERS
        figure = counted(said(self.printed), self.unit if counts and self.unit not in UNSAID else "")
        if self.bound == "over":
            return said("over {figure}", figure=figure)
        if self.bound == "under" and self.kind == "rank":
            return said("top {figure}", figure=figure)
        if self.bound == "under":
            return said("under {figure}", figure=figure)
        return said("nearly {figure}", figure=figure) if self.bound else figure

    @property
    def figure(self) -> Said:
        """What is claimed, and the figure."""
        return said("{name}: {figure}", name=said(self.what), figure=self.claimed)


@dataclass(frozen=True)
class Paper:
    """A paper as data: what it is, what it claims, and which of its numbers are no claims."""

    id: str
    title: str
    authors: tuple[str, ...]
    year: int
    file: str
    claims: tuple[Claim, ...]
    ignored: tuple[dict[str, Any], ...] = field(default=())


def load(path: str | Path) -> Paper:
    """Read one paper's TOML file.

    Raises
    ------
    DataError
        If the file is no TOML, lacks a field, has an unknown one, repeats an id, prints a figure
        that is not its value, or has a claim that neither can be checked nor says what it needs.
    OptionError, UnknownName
        If a kind, bound, unit or check is not among the allowed ones.
    """
    path = Path(path)
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise DataError(
            said("{name} is not valid TOML", name=path.name), said("The parser says: {error}.", error=error)
        ) from None
    _shaped(raw, _TOP, path.name)
    _shaped(raw.get("paper", {}), _ABOUT, said("the [paper] table of {name}", name=path.name))
    about = raw.get("paper", {})
    missing = [k for k in ("id", "title", "authors", "year") if k not in about]
    if missing:
        raise DataError(
            said("the [paper] table of {name} lacks {names}", name=path.name, names=", ".join(missing)),
            _PAPER_REMEDY,
        )
    records = tuple(_claim(r, about["id"], path.name) for r in raw.get("claim", []))
    _unique(records, path.name)
    ignored = tuple(raw.get("ignored", []))
    for entry in ignored:
        _shaped(entry, {}, said("an [[ignored]] entry of {name}", name=path.name))
        if not {"text", "reason"} <= set(entry) <= {"text", "times", "reason"}:
            raise DataError(
                said("an [[ignored]] entry of {name} is not complete", name=path.name),
                said("It needs text and reason, may have times."),
                first=str(entry),
            )
    return Paper(
        about["id"],
        about["title"],
        tuple(about["authors"]),
        about["year"],
        about.get("file", ""),
        records,
        ignored,
    )


_PAPER_REMEDY = said("It needs id, title, authors (a list) and year.")
_CLAIM_REMEDY = said(
    "A claim needs id, section, what and kind, and unless it is qualitative printed, value and unit."
)


def _shaped(table: object, kinds: Mapping[str, tuple[type, ...]], of: Text) -> None:
    """Refuse a table whose entries are of other kinds than a paper's."""
    if not isinstance(table, dict):
        raise DataError(
            said("{of} is no table", of=of),
            said("A paper has [paper], [[claim]] and [[ignored]]."),
            first=repr(table),
        )
    for key, value in table.items():
        allowed = kinds.get(key, (object,))
        number = isinstance(value, int | float) and not isinstance(value, bool)
        huge = number and not abs(value) < 1e100
        if not isinstance(value, allowed) or (isinstance(value, bool) and bool not in allowed) or huge:
            names = " or ".join(sorted(k.__name__ for k in allowed))
            raise DataError(
                said("{key} in {of} is no {form}", key=repr(key), of=of, form=names),
                said("Look at a paper shipped for the form."),
                first=repr(value),
            )


_TOP = {"paper": (dict,), "claim": (list,), "ignored": (list,)}
_ABOUT = {"id": (str,), "title": (str,), "authors": (list,), "year": (int,), "file": (str,)}
_ENTRY = dict.fromkeys(
    ("what", "printed", "unit", "kind", "bound", "quantity", "needs", "reading", "scope", "id"), (str,)
)
_CLAIM = {
    **_ENTRY,
    "value": (int, float),
    "section": (str, int, float),
    "period": (str, int),
    "check": (dict, list),
}


def _refuse_fields(raw: Mapping[str, Any], file: str) -> None:
    """Fields that no claim has, and those that are lacking."""
    name = str(raw.get("id", raw.get("what", said("a claim without id"))))
    unknown = sorted(set(raw) - set(FIELDS))
    if unknown:
        raise DataError(
            said(
                "the claim {name} of {file} has the unknown field {unknown}",
                name=repr(name),
                file=file,
                unknown=repr(unknown[0]),
            ),
            said("Allowed: {names}.", names=", ".join(FIELDS)),
        )
    needed = ["id", "section", "what", "kind"]
    if raw.get("kind") != "qualitative":
        needed += ["printed", "value", "unit"]
    missing = [k for k in needed if k not in raw]
    if missing:
        raise DataError(
            said(
                "the claim {name} of {file} lacks {names}",
                name=repr(name),
                file=file,
                names=", ".join(missing),
            ),
            _CLAIM_REMEDY,
        )


def _claim(raw: dict[str, Any], paper: str, file: str) -> Claim:
    _shaped(raw, _CLAIM, said("a claim of {file}", file=file))
    _refuse_fields(raw, file)
    one_of("kind", raw["kind"], KINDS)
    one_of("bound", raw.get("bound", ""), BOUNDS)
    unit(raw.get("unit", ""))
    checks = raw.get("check", [])
    claim = Claim(
        raw["id"],
        paper,
        str(raw["section"]),
        raw["what"],
        str(raw.get("printed", "")),
        raw.get("value"),
        raw.get("unit", ""),
        str(raw.get("period", "")),
        raw["kind"],
        raw.get("bound", ""),
        raw.get("quantity", ""),
        tuple(checks if isinstance(checks, list) else [checks]),
        raw.get("needs", ""),
        raw.get("reading", ""),
        raw.get("scope", ""),
    )
    _coherent(claim, file)
    return claim


def _coherent(claim: Claim, file: str) -> None:
    numbers = [float(n.replace(",", "")) for n in NUMBER.findall(claim.printed)]
    if len(numbers) == 1 and numbers[0] != claim.value:
        raise DataError(
            said(
                "the claim {id} of {file} prints {printed} but its value is {value}",
                id=repr(claim.id),
                file=file,
                printed=repr(claim.printed),
                value=repr(claim.value),
            ),
            said("The value repeats the printed figure; scale belongs into the unit (mn CNY, bn CNY, %)."),
        )
    if len(numbers) == 2 and not numbers[0] < numbers[1]:
        raise DataError(
            said(
                "the claim {id} of {file} prints the range {printed}",
                id=repr(claim.id),
                file=file,
                printed=repr(claim.printed),
            ),
            said("A range is printed low-high."),
        )
    if not (claim.checks or claim.needs or claim.quantity or claim.kind == "target"):
        raise DataError(
            said(
                "the claim {id} of {file} has no check and does not say what data would settle it",
                id=repr(claim.id),
                file=file,
            ),
            said('Give it a [claim.check] table, or needs = "...".'),
        )
    for operands in claim.checks:
        validate(operands, said("the claim {id} of {file}", id=repr(claim.id), file=file))


def _unique(records: tuple[Claim, ...], file: str) -> None:
    twice = [name for name, n in Counter(c.id for c in records).items() if n > 1]
    if twice:
        raise DataError(
            said("{file} gives an id twice", file=file), said("Every claim needs its own id."), first=twice[0]
        )
