"""Labels as this package writes them: months, and countries by the codes of UN Comtrade and CEPII."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Literal, TypeAlias

from exportlab.classifications import country
from exportlab.errors import UnknownName

CountryLabels: TypeAlias = Literal["iso3", "name", "code"]
COUNTRY_LABELS = ("iso3", "name", "code")


def period_label(text: str) -> str | None:
    """YYYYMM and YYYY-MM to YYYY-MM, YYYY to itself; None for anything else."""
    digits = text.replace("-", "", 1)
    if not (digits.isascii() and digits.isdigit()):
        return None
    if len(digits) == 6 and 1 <= int(digits[4:]) <= 12:
        return f"{digits[:4]}-{digits[4:]}"
    return digits if len(digits) == 4 and len(text) == 4 else None


def country_labels(
    codes: Iterable[str], labels: CountryLabels, *, others: Mapping[str, str]
) -> tuple[dict[str, str], list[str]]:
    """Comtrade's country codes to labels, and the codes that stand for no country.

    A code without a country ("899", areas not specified) gets its label from `others`, else stays as it is.
    """
    found: dict[str, str] = {}
    unknown = []
    pick: Callable[[str], str] = {
        "iso3": lambda code: country(int(code), scheme="comtrade").iso3,
        "name": lambda code: country(int(code), scheme="comtrade").name,
        "code": lambda code: code,
    }[labels]
    for code in dict.fromkeys(codes):
        try:
            found[code] = pick(code)
        except (UnknownName, ValueError):
            found[code] = others.get(code) or code
            unknown.append(code)
    return found, unknown
