"""One page a family of indicators: which to use, an example with its figure, outside numbers, each in full."""

from __future__ import annotations

import csv
import inspect
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from rst import code, plain, table, title, write

import exportlab as xl
from exportlab.indices.catalogue import NOT_APPLICABLE

ROOT = Path(__file__).parents[2]
SHOWN = 3  # outside numbers of one indicator on the page; the tests hold them all
NAMING = ("indicator", "index", "quantity", "measure")
NUMBER = ("expected", "printed", "value")
ASIDE = ("digits", "tolerance", "source", *NAMING, *NUMBER)


@cache
def notes() -> dict[str, Any]:
    """What is written by hand of each family: its title, example, and when each indicator is the one to use."""
    return tomllib.loads((ROOT / "docs" / "families.toml").read_text(encoding="utf-8"))


def families() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for indicator in xl.CATALOGUE.values():
        found.setdefault(indicator.family, []).append(indicator.name)
    return found


def pages(out: Path) -> None:
    """Write the pages of all families, and the page that lists them."""
    listed = families()
    rows = []
    for family, names in listed.items():
        write(out / f"indicators_{family}.rst", page(out, family, names))
        rows.append(
            [
                f":doc:`{heading(family)} <indicators_{family}>`",
                ", ".join(f":func:`~exportlab.{n}`" for n in names),
            ]
        )
    tree = "\n".join(f"   indicators_{f}" for f in listed)
    write(
        out / "indicators.rst",
        f"{title('Indicators')}\n{INTRODUCTION}\n{table(['family', 'indicators'], rows, widths='25 75')}\n"
        f".. toctree::\n   :maxdepth: 1\n   :hidden:\n\n{tree}\n",
    )


INTRODUCTION = """
Every indicator is one function over :func:`exportlab.flows`. Its title, formula, bounds, source and laws stand beside
it in the code, and these pages are drawn from there. Many are computed at once by :func:`exportlab.measure`. Matrix
methods (ECI, fitness, the product space) are on the page of :doc:`complexity </reference-complexity>`.
"""


def heading(family: str) -> str:
    return str(notes().get(family, {}).get("title", family.replace("_", " ").capitalize()))


def page(out: Path, family: str, names: list[str]) -> str:
    """One family: what each is in a table, an example, outside numbers, then each in full."""
    said = notes().get(family, {})
    module = inspect.getmodule(xl.CATALOGUE[names[0]].function)
    parts = [
        title(heading(family)),
        f"{(module.__doc__ or '').strip()}\n",
        which(names, said.get("when", {})),
    ]
    for k, one in enumerate(examples(family)):
        heads = title("Example" if k == 0 else f"Example: {one['title'].lower()}", "-")
        parts += [heads, code(example(one)), figure(out, f"{family}_{k + 1}", example(one))]
    outside = [row for n in names for row in outside_numbers(n)]
    if outside:
        parts += [title("Numbers from outside", "-"), OUTSIDE, table(["", "of", "number", "source"], outside)]
    also = [
        f".. auto{'class' if n[0].isupper() else 'function'}:: exportlab.{n}\n" for n in said.get("also", ())
    ]
    return "\n".join([*parts, in_full(names), *also, laws(names)])


OUTSIDE = "Reproduced by the tests to the digits printed here; the tests hold more.\n"


def examples(family: str) -> list[dict[str, Any]]:
    """The family's example, and those of the subjects that came to it."""
    said = notes().get(family, {})
    return [e for e in (said, *said.get("more", ())) if "example" in e]


def example(said: dict[str, Any]) -> str:
    """The family's example, after the made-up figures where it asks for them."""
    return (notes()["made_up"].strip() + "\n\n\n" if said.get("made_up") else "") + str(said["example"])


def in_full(names: list[str]) -> str:
    """Indices of a distribution take the same arguments, said once; others have their docstring in full."""
    parts = [title("In full", "-")]
    if any(xl.CATALOGUE[n].is_distribution for n in names):
        parts.append(ARGUMENTS)
    parts += [
        entry(n) if xl.CATALOGUE[n].is_distribution else f".. autofunction:: exportlab.{n}\n" for n in names
    ]
    return "\n".join(parts)


ARGUMENTS = """
The indices of a distribution take the same arguments: ``flows``; ``over``, the role the index is spread over ("market",
"product", or both); ``by``, the roles it is computed for (by default every other role present); ``universe``, the
categories that could have been exported to, for those that depend on it; and options of their own. They give one row
per group, in the caller's frame type and column names. :func:`exportlab.measure` computes several in one pass.
"""


def entry(name: str) -> str:
    """Signature, sentence, formula, bounds and source of an index of a distribution."""
    i = xl.CATALOGUE[name]
    own = "".join(f", {k}={v!r}" for k, v in i.options.items())
    universe = ', universe="observed"' if i.uses_universe else ""
    sentence = (i.function.__doc__ or "").split("\n\n")[1].strip()
    also = f" Also found as {', '.join(f'``{a}``' for a in i.aliases)}." if i.aliases else ""
    rises = f" Rises with {i.rises_with}." if i.rises_with else ""
    lines = [
        f"**{i.title}.** {' '.join(sentence.split())}",
        f".. math:: {i.formula}",
        f"Range {span(i)}.{rises} Unit: {i.unit}. NaN where {i.undefined}.{also}",
        f"Source: {i.source}.",
    ]
    body = "\n\n".join(f"   {line}" for line in lines)
    return f".. py:function:: exportlab.{name}(flows, *, over, by=None{universe}{own})\n\n{body}\n"


def which(names: list[str], when: dict[str, str]) -> str:
    head = ["indicator", "what it is", "range", "rises with", "use it when"]
    rows = []
    for name in names:
        i = xl.CATALOGUE[name]
        what = i.title + (" (depends on ``universe=``)" if i.uses_universe else "")
        rows.append([f":func:`~exportlab.{name}`", what, span(i), i.rises_with, when.get(name, "")])
    return table(head, rows, widths="18 22 15 15 30")


def span(i: Any) -> str:
    low, high = i.low or r"-\infty", i.high or r"\infty"
    return f":math:`[{low},\\ {high}]`"


def figure(out: Path, family: str, example: str) -> str:
    """Run the example in a namespace of its own and save the Axes it leaves in `ax`."""
    from exportlab.plots.style import context

    names: dict[str, Any] = {}
    exec(compile(example, f"families.toml [{family}]", "exec"), names)
    with context():
        names["ax"].figure.savefig(out / f"indicators_{family}.png", dpi=150, bbox_inches="tight")
    said = names["ax"].get_title(loc="left") or heading(family)
    return f".. image:: indicators_{family}.png\n   :width: 75%\n   :alt: {said}\n"


@cache
def reference_rows() -> tuple[dict[str, str], ...]:
    found = []
    for path in sorted((ROOT / "tests" / "reference").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            found += list(csv.DictReader(file))
    return tuple(found)


def outside_numbers(name: str) -> list[list[str]]:
    """Rows of tests/reference that name the indicator, or have a column of its name."""
    i = xl.CATALOGUE[name]
    known = {name, *i.aliases}
    rows = []
    for row in reference_rows():
        if any(row.get(c) in known for c in NAMING):
            number = next((row[c] for c in NUMBER if row.get(c)), "")
            of = "; ".join(f"{c} {v}" for c, v in row.items() if v and c not in ASIDE)
        elif row.get(name):
            number, of = row[name], next(iter(row.values()))
        else:
            continue
        if number and row.get("source"):
            rows.append([f":func:`~exportlab.{name}`", plain(of), plain(number), plain(row["source"])])
    return rows[:SHOWN]


@cache
def counter_examples() -> tuple[dict[str, str], ...]:
    with (ROOT / "tests" / "counter_examples.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def laws(names: list[str]) -> str:
    """How each law is decided for each indicator; where it fails, the kept counter-example; where it is silent, why."""
    rows = [[f":func:`~exportlab.{n}`", *(decided(n, law) for law in xl.catalogue.LAWS)] for n in names]
    kept = [row for row in counter_examples() if row["indicator"] in names]
    silent = [[f":func:`~exportlab.{n}`", law, why] for (n, law), why in NOT_APPLICABLE.items() if n in names]
    parts = [title("Laws", "-"), LAWS_TEXT, table(["", *xl.catalogue.LAWS], rows)]
    if kept:
        parts += ["Where a law fails:\n", table(FAILS_HEAD, [counter_example(row) for row in kept])]
    if silent:
        parts += [
            "Where a law cannot be stated:\n",
            table(["indicator", "law", "why"], silent, widths="20 12 68"),
        ]
    return "\n".join(parts)


LAWS_TEXT = """
What each law says, of one distribution and of a two-way table: :doc:`/explain-laws`. Those that hold are checked on
random data; where one fails, a counter-example is kept.
"""
FAILS_HEAD = ["indicator", "law", "where", "should be", "is"]


def decided(name: str, law: str) -> str:
    """Holds, perhaps but for some options; fails; or not applicable."""
    if (name, law) in NOT_APPLICABLE:
        return "n/a"
    if law not in xl.CATALOGUE[name].laws:
        return "fails"
    kept = [r["option"] for r in counter_examples() if (r["indicator"], r["law"]) == (name, law)]
    return "holds" + (f"; not with {', '.join(f'``{o}``' for o in kept)}" if kept else "")


def counter_example(row: dict[str, str]) -> list[str]:
    """A kept counter-example in words: members' values, or a row of the specimen, after a move of value if need be."""
    name, law = f":func:`~exportlab.{row['indicator']}`", row["law"]
    own = xl.CATALOGUE[row["indicator"]]
    if own.is_distribution:
        where = f"members {row['where'].replace(' ', ', ')}"
    else:
        where = ", ".join(f"{k} {v}" for k, v in (part.split("=") for part in row["where"].split()))
        where += f"; ``{row['figure']}``" if row["figure"] != own.name else ""
    where = f"``{row['option']}``: {where}" if row["option"] else where
    if row["move"]:
        cells, _, amount = row["move"].partition(": ")
        where += f", when {amount} moves from {' to '.join(cells.split(' > '))}"
    return [name, law, where, *(row[c].replace("nan", "undefined") for c in ("before", "after"))]
