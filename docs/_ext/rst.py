"""Small pieces of reStructuredText that the generated pages are made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from unicodedata import east_asian_width


def write(path: Path, text: str) -> None:
    """Write only what changed, so that a second build is quick."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def title(text: str, mark: str = "=") -> str:
    width = sum(2 if east_asian_width(c) in "WF" else 1 for c in text)
    return f"{text}\n{mark * width}\n"


def table(head: Sequence[str], rows: Iterable[Sequence[object]], *, widths: str = "") -> str:
    """A list-table, which takes cells of any text."""
    lines = [".. list-table::", "   :header-rows: 1"]
    lines += [f"   :widths: {widths}"] if widths else []
    lines += ["   :class: compact", ""]
    for row in [head, *rows]:
        cells = [" ".join(str(cell).split()) for cell in row]
        lines += [f"   {'* -' if k == 0 else '  -'} {cell}".rstrip() for k, cell in enumerate(cells)]
    return "\n".join(lines) + "\n"


def code(text: str, language: str = "python") -> str:
    body = "\n".join(f"   {line}".rstrip() for line in text.strip("\n").splitlines())
    return f".. code-block:: {language}\n\n{body}\n"


def plain(text: object) -> str:
    """Text in which no character is markup."""
    out = str(text)
    for mark in ("\\", "*", "`", "|", "_"):
        out = out.replace(mark, "\\" + mark)
    return out
