"""What is installed, in which version, and what each part gives."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from exportlab.words import N_, NOTHING, Said, said

PURPOSE = {
    "": N_("the core: indicators, value added, policy panels, report"),
    "polars": N_("tables of Polars, eager and lazy"),
    "duckdb": N_("files larger than memory, DuckDB relations, Parquet"),
    "spark": N_("tables of Spark, on one machine or a cluster (needs Java 17 or newer)"),
    "excel": N_("Excel files in, report --also excel out"),
    "fast": N_("other programs' estimators, to compare with"),
    "tables": N_("tables of a paper and reports as Word documents"),
    "pdf": N_("report --also pdf where there is no Chromium or Chrome"),
    "interactive": N_("charts to point at in a notebook (Altair)"),
    "space": N_("spatial regressions by two stages or moments (those by likelihood need no extra)"),
}
_REQUIREMENT = re.compile(
    r"(?P<name>[\w.-]+)[^>;]*(?:>=\s*(?P<least>[\w.]+))?[^;]*(?:;.*extra == ['\"](?P<extra>\w+)['\"])?"
)


@dataclass(frozen=True)
class Part:
    """A library or program: the version found ("" for none), the least that is needed, what it gives, what is wrong."""

    extra: str
    name: str
    found: str
    least: str
    gives: str
    wrong: Said = NOTHING

    @property
    def state(self) -> Said:
        """``ok``, ``missing``, ``too old`` or what else is wrong."""
        if self.wrong != NOTHING:
            return self.wrong
        if not self.found:
            return said("missing")
        return said("too old") if self.least and _numbers(self.found) < _numbers(self.least) else said("ok")


def examine() -> list[Part]:
    """Every library of the core and the extras that give something to users, Java, a browser, fonts for Chinese."""
    return [*_libraries(), _java(), _browser(), *_fonts()]


def _libraries() -> Iterator[Part]:
    try:
        declared = requires("exportlab") or []
    except PackageNotFoundError:  # a checkout on the path, not installed
        declared = []
    for line in declared:
        found = _REQUIREMENT.match(line)
        if found and (found["extra"] or "") in PURPOSE:
            extra = found["extra"] or ""
            yield Part(extra, found["name"], _version(found["name"]), found["least"] or "", PURPOSE[extra])


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _java() -> Part:
    """The Java that Spark would start: of JAVA_HOME, else the first on the path."""
    home = os.environ.get("JAVA_HOME")
    program = shutil.which("java", path=os.path.join(home, "bin") if home else None)  # noqa: PTH118
    text = ""
    if program:
        try:
            done = subprocess.run(
                [program, "-version"], capture_output=True, text=True, timeout=120, check=False
            )
            text = done.stderr + done.stdout
        except (OSError, subprocess.TimeoutExpired):
            text = ""
    found = re.search(r'version "?([\d.]+)', text)
    return Part("spark", "Java", found[1] if found else "", "17", N_("runs Spark"))


def _browser() -> Part:
    from exportlab.tables.document import browser

    return Part("pdf", "Chromium", browser() or "", "", N_("report --also pdf"))


def _fonts() -> Iterator[Part]:
    """The font that draws Chinese, by the signs that reports write, and whether matplotlib's list knows it."""
    from exportlab.plots.style import fonts, lacking, list_of_fonts

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        name = (*fonts()[1:], "")[0]
    boxes = lacking(name) if name else []
    wrong = said("draws {n} signs as boxes: {signs}", n=len(boxes), signs="".join(boxes[:12]))
    gives = N_("figures of report --lang zh (Debian: fonts-noto-cjk)")
    yield Part("", N_("font with 中文"), name, "", gives, wrong if boxes else NOTHING)
    file = list_of_fonts()
    known = file.is_file() and name in {"", *_names_in(file)}
    late = said("was out of date, knows the font now") if told else NOTHING
    unkept = said("cannot be kept in {folder}: every run looks for fonts anew", folder=file.parent)
    yield Part(
        "", N_("list of fonts"), file.name, "", N_("what matplotlib draws with"), late if known else unkept
    )


def _names_in(file: Path) -> set[str]:
    """The fonts that matplotlib's list has."""
    return {font["name"] for font in json.loads(file.read_text(encoding="utf-8"))["ttflist"]}


def system() -> str:
    """Python, the system and exportlab, in one line."""
    from exportlab import __version__

    return f"exportlab {__version__}, Python {platform.python_version()}, {platform.platform(terse=True)}"


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(n) for n in re.findall(r"\d+", text)[:3])
