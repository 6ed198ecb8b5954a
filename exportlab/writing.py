"""Files that appear whole or not at all, and text that no program runs, in one place for every writer."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

# What a spreadsheet takes for the beginning of a formula, also full-width and after blanks.
FORMULA = "^[\\s\ufeff]*[=+\\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]"
_FORMULA = re.compile(FORMULA)
_UNPRINTABLE = dict.fromkeys(
    [*range(9), 11, 12, *range(14, 32), *range(127, 160), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF], "\ufffd"
)
_TEX = str.maketrans({"&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
                      "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "\\": r"\textbackslash{}",
                      "<": r"\textless{}", ">": r"\textgreater{}", "\n": " ", "\r": " ", "\t": " "})  # fmt: skip


def atomic(target: Path, save: Callable[[Path], object]) -> Path:
    """Write beside the target under a name of its own and move it there, so that no half file takes its place."""
    beside = target.with_name(f".{target.stem[:100]}.{token_hex(4)}{target.suffix}")
    try:
        save(beside)
        beside.replace(target)
    except OSError as error:
        if error.errno is not None and error.filename in (
            None,
            str(beside),
        ):  # a full disk does not say where
            raise OSError(error.errno, error.strerror, str(target)) from error
        raise
    finally:
        beside.unlink(missing_ok=True)
    return target


def as_text(text: str, encoding: str = "utf-8") -> Callable[[Path], object]:
    """What `atomic` saves for a text: its characters as they stand, none that no program can show."""
    return lambda path: path.write_text(printable(text), encoding=encoding, newline="")


def csv_text(frame: pd.DataFrame) -> str:
    """A table as CSV (RFC 4180) that is safe to open in a spreadsheet."""
    return formula_safe(frame).to_csv(index=False, lineterminator="\r\n")


def is_formula(value: object) -> bool:
    """Whether a spreadsheet would take a value for a formula."""
    return isinstance(value, str) and _FORMULA.match(value) is not None


def formula_safe(frame: pd.DataFrame) -> pd.DataFrame:
    """Text that a spreadsheet would run as a formula gets a quote before it; numbers stay."""

    def quoted(value: Any) -> Any:
        return f"'{value}" if is_formula(value) else value

    texts = [c for c in frame.columns if frame[c].dtype.kind not in "iufb"]
    return frame.assign(**{c: frame[c].map(quoted) for c in texts}).rename(columns=quoted)


def printable(text: str) -> str:
    """The text with a replacement character for controls and lone surrogates."""
    return text.translate(_UNPRINTABLE)


def latex_text(text: str) -> str:
    """The text as LaTeX prints it: no command, no group, no formula."""
    return text.translate(_TEX)


def file_name(name: str) -> str:
    """A name that stays in its folder: letters, digits, hyphens and underscores."""
    return re.sub(r"[^\w-]+", "_", name)[:100]
