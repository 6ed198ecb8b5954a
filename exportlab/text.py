"""Text as it leaves the program: for terminals, spreadsheets, pages, LaTeX and names of files, each in one place.

No control and no mark that turns the direction of reading goes out: U+FFFD (�) stands where it was.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from html import escape
from numbers import Number

CELL = 32_767  # characters that a cell of Excel holds
HIDDEN = (
    *range(9),
    *range(11, 32),
    *range(127, 160),  # controls, save the tab and the line end
    0x61C,
    0x200E,
    0x200F,
    *range(0x202A, 0x202F),
    *range(0x2066, 0x206A),  # Bidi_Control of Unicode
    0x2028,
    0x2029,
    *range(0xFFF9, 0xFFFC),  # further line ends, marks of annotations
    *range(0xD800, 0xE000),
    0xFFFE,
    0xFFFF,  # halves of characters, and no characters at all
)
_WIDE = {c: c - 0xFEE0 for c in range(0xFF01, 0xFF5F)} | {0x3000: " "}
_SHOWN = dict.fromkeys(HIDDEN, "\ufffd")
# What a spreadsheet takes for the beginning of a formula, also full-width and after blanks.
_FORMULA = re.compile("[\\s\ufeff]*[=+\\-@\uff1d\uff0b\uff0d\uff20]|[\t\n]")
_TEX = str.maketrans({"&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
                      "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "\\": r"\textbackslash{}",
                      "<": r"\textless{}", ">": r"\textgreater{}", "\n": " ", "\t": " ", "\ufffd": "?"})  # fmt: skip
_MARKDOWN = re.compile(r"[\\`*{}\[\]<>|~$&]|(?<!\w)_|_(?!\w)")
_BLOCK = re.compile(r"^(?:(#+|[+-])(?=\s|$)|(\d+)(?=[.)](?:\s|$)))")  # what begins a heading or a list
_DEVICES = re.compile("(con|prn|aux|nul|com\\d|lpt\\d)", re.IGNORECASE)


def visible(text: str) -> str:
    """The text as it is read: letters and figures of one width, and none of the marks that have no width."""
    if text.isascii():
        return text
    narrow = unicodedata.normalize(
        "NFC", text.translate(_WIDE)
    )  # NFKC would make a figure of a footnote's mark
    return "".join(c for c in narrow if unicodedata.category(c) != "Cf")


def blank(label: object) -> bool:
    """Whether a label is a text in which nothing is to be seen."""
    return isinstance(label, str) and not visible(label).strip()


def look_alike(labels: Iterable[object]) -> tuple[str, str] | None:
    """The first two texts that differ in what no reader sees: blanks, marks without width, letters of full width."""
    texts = [x for x in labels if isinstance(x, str)]
    if all(x.isascii() and x == " ".join(x.split()) for x in texts):
        return None
    read: dict[str, str] = {}
    for x in texts:
        before = read.setdefault(" ".join(visible(x).split()), x)
        if before != x:
            return before, x
    return None


def printable(text: str) -> str:
    """The text with U+FFFD for what no terminal, file or page may be given; line ends of Windows become plain."""
    return text if text.isascii() and text.isprintable() else text.replace("\r\n", "\n").translate(_SHOWN)


def html_text(text: str) -> str:
    """The text as HTML shows it: no mark-up."""
    return escape(printable(text))


def latex_text(text: str) -> str:
    """The text as LaTeX prints it: no command, no group, no formula; '?' for what could not be shown.

    By hand: pandas has the same table of marks, but under a private name and without line ends.
    """
    return printable(text).translate(_TEX)


def markdown_text(text: str) -> str:
    """The text as Markdown prints it, in one line: no emphasis, link, HTML, formula, list or cell begins in it."""
    escaped = _MARKDOWN.sub(r"\\\g<0>", " ".join(printable(text).split()))
    return _BLOCK.sub(lambda found: f"\\{found[1]}" if found[1] else f"{found[2]}\\", escaped)


def is_formula(value: object) -> bool:
    """Whether a spreadsheet would take a value for a formula."""
    return isinstance(value, str) and _FORMULA.match(value) is not None


def csv_cell(value: object) -> object:
    """A value as a cell of CSV: a number as it is, all else as text, with a quote before what would be a formula."""
    if isinstance(value, Number):
        return value
    text = printable(str(value))
    return f"'{text}" if is_formula(text) else text


def excel_text(text: str) -> str:
    """The text as a cell of Excel can hold it."""
    kept = printable(text)
    return kept if len(kept) <= CELL else f"{kept[: CELL - 3]}..."


def file_name(name: str) -> str:
    """A name that stays in its folder on any system: letters, digits, hyphens and underscores, at most 200 bytes."""
    kept = beginning(re.sub(r"[^\w-]+", "_", name), 200) or "_"
    return f"{kept}_" if _DEVICES.fullmatch(kept) else kept


def beginning(name: str, most: int) -> str:
    """As much of a name as `most` bytes of a file system hold."""
    return name.encode(errors="ignore")[:most].decode(errors="ignore")
