"""Labels as this package writes them: months, and countries by the codes of UN Comtrade and CEPII."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from exportlab.classifications import meaning, meanings
from exportlab.classifications.labels import last_day

if TYPE_CHECKING:
    import pandas as pd

CountryLabels: TypeAlias = Literal["iso3", "name", "code", "as written"]
COUNTRY_LABELS = ("iso3", "name", "code", "as written")


def period_label(text: str) -> str | None:
    """YYYYMM and YYYY-MM to YYYY-MM, YYYY to itself; None for anything else."""
    digits = text.replace("-", "", 1)
    if not (digits.isascii() and digits.isdigit()):
        return None
    if len(digits) == 6 and 1 <= int(digits[4:]) <= 12:
        return f"{digits[:4]}-{digits[4:]}"
    return digits if len(digits) == 4 and len(text) == 4 else None


@dataclass(frozen=True)
class Labelled:
    """Comtrade's country codes with their labels.

    Attributes
    ----------
    labels : mapping of str to str
    unknown : tuple of str
        The codes that stand for no country of today.
    residual : mapping of str to str
        Codes of what is left over ("899", areas not specified), and what they are.
    notes : tuple of str
        Codes of states that are gone, and which label they have.
    """

    labels: Mapping[str, str]
    unknown: tuple[str, ...]
    residual: Mapping[str, str]
    notes: tuple[str, ...]

    def alike(self) -> list[str]:
        """Codes that have one label, in words: one country under two codes."""
        by_label: dict[str, list[str]] = {}
        for code, label in self.labels.items():
            by_label.setdefault(label, []).append(code)
        return [f"{' and '.join(codes)} are both {x}" for x, codes in by_label.items() if len(codes) > 1]


def country_labels(
    codes: Iterable[str],
    labels: CountryLabels,
    *,
    others: Mapping[str, str],
    names: Mapping[str, str] = MappingProxyType({}),
) -> Labelled:
    """Comtrade's country codes to labels.

    What is left over, and what is not known, has its label from the file (`others`, or else its `names`) unless that is
    today's country, else the code itself. A state that is gone has its own label, which no country of today has.
    """
    found, unknown, residual, notes = {}, [], {}, []
    for code, m in meanings(list(dict.fromkeys(codes)), scheme="comtrade").items():
        of_file = next(
            (x for x in (others.get(code, ""), names.get(code, "")) if x and meaning(x).kind != "country"),
            code,
        )
        if labels in ("code", "as written"):
            found[code] = code
        elif m.kind in ("country", "former"):
            found[code] = m.code if labels == "iso3" else m.name
        else:
            found[code] = of_file
        if m.kind == "residual":
            residual[code] = m.code
        if m.kind == "former":
            notes.append(f"{code} is {found[code]} ({m.name}, to {last_day(m.code)}), no country of today")
        if m.kind not in ("country", "former", "bloc"):
            unknown.append(code)
    return Labelled(found, tuple(unknown), residual, tuple(notes))


def left_over(column: pd.Series[Any], value: pd.Series[Any], labels: Iterable[str]) -> str:
    """The rows and the share of value that labels have, in words; "" where they have none."""
    rows = column.isin(list(labels))
    if not rows.any():
        return ""
    count, share = int(rows.sum()), 100 * float(value[rows].sum()) / float(value.sum())
    return (
        f"{count:,} row{'s'[: count != 1]}, {share:.1f}% of the value, left over: in the total, and no member"
    )
