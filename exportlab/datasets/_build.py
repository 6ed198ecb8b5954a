"""Build the shipped tables and their manifest from a folder of compiled facts.

Run with ``python -m exportlab.datasets._build FOLDER``. A row stays out where its year or period is marked
with a question mark, where the facts call it inferred, or where it has no source; the manifest counts the
rows left out by reason. Figures are copied digit by digit; notes lose their quotations. Rows found later are kept
in ``found/``. Two columns are computed: what kind of source a row has, from its address, and whether its growth
follows from the levels.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from exportlab.datasets.chained import marked

Row = dict[str, str]

HERE = Path(__file__).parent
FIGURES = ["value", "unit", "yoy_pct", "share_pct", "rank", "source", "source_kind", "published", "note"]
NBS = "National Bureau of Statistics of China, indicator {nbs_indicator}, by way of {source}"
MONTHS = {
    m: i
    for i, m in enumerate(
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"], 1
    )
}
REASONS: dict[str, Callable[[Row], bool]] = {
    "year or period marked with ?": lambda r: "?" in r.get("year", "") + r.get("period", ""),
    "no source": lambda r: not r["source"] or r["source"].startswith("(no url"),
    "called inferred": lambda r: "infer" in r.get("note", "").lower() + r["source"].lower(),
    "flow read from the level, not printed": lambda r: "read as total" in r.get("note", ""),
    "source not to be cited": lambda r: "do not cite" in r.get("note", ""),
    "no period stated": lambda r: r.get("period", "annual") in ("", "-"),
}
REWRITES = [
    (r"\(see from_memory\.csv\)|\(excerpt without url\)|, CHECK", ""),
    (
        r"year from the url; day and areas \(([^)]*)\) from a search excerpt without url \(.*\)",
        r"year from the source, day from a report without url; areas \1",
    ),
    (r"Fushun and the other 20 were NOT named in anything seen", "4 of them named here"),
    (r"only these were named in the excerpt", "4 of them named here"),
    (r"only these six were named in the excerpt", "6 of them named here"),
    (r"; sixth-anniversary press conference.*", ""),
    (r"excerpt is cut right after .*integer part only \(most likely 803\.6\)", "integer part only"),
    (r"WEAK site", "weak source"),
    (r"\"([A-Za-z ]{1,9})\"", r"\1"),  # a printed 'about' or 'over' is a fact about the figure
    (r"\(?\"[^\"]*\"\)?", ""),  # anything longer is a quotation
    (r"\s+([;,.)])", r"\1"),
    (r"^[;,\s]+|[;,\s]+$", ""),
    (r"\s{2,}", " "),
]


def span(year: str, period: str) -> tuple[str, str]:
    """First and last month of a published period, YYYY-MM; empty where it is not whole months."""
    if period.startswith("annual"):
        return f"{year}-01", f"{year}-12"
    if period == "five-year sum":
        first, last = year.split("-")
        return f"{first}-01", f"{last}-12"
    first, _, last = period.partition("-")
    if first in MONTHS and (last or first) in MONTHS:
        return f"{year}-{MONTHS[first]:02d}", f"{year}-{MONTHS[last or first]:02d}"
    return "", ""


def clean(note: str) -> str:
    """A note without quotations and without remarks on how it was found."""
    for pattern, replacement in REWRITES:
        note = re.sub(pattern, replacement, note)
    return note


def figures(row: Row, keys: list[str]) -> Row:
    """A row of published figures, with the months of its period."""
    start, end = span(row["year"], row.get("period", "annual"))
    head = {"year": row["year"]}
    if "period" in row:
        head |= {"period": row["period"], "start": start, "end": end}
    tail = {c: row[c] for c in ["flow", *FIGURES] if c in row}
    return head | {k: row[k] for k in keys} | tail


def read(path: Path) -> list[Row]:
    """The rows of one file of facts, with `source` named alike everywhere and notes cleaned last."""
    with path.open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    return [{("source" if k == "source_url" else k): v for k, v in r.items()} for r in table]


def sift(table: list[Row]) -> tuple[list[Row], Counter[str]]:
    """The rows that may be shipped, and how many are left out by reason."""
    kept, out = [], Counter[str]()
    for row in table:
        reason = next((name for name, test in REASONS.items() if test(row)), None)
        if reason:
            out[reason] += 1
        else:
            kept.append(row | {"note": clean(row["note"])} if "note" in row else row)
    return kept, out


def write(path: Path, table: list[Row]) -> str:
    """Write a table; returns its sha256."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(table[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(table)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def entry(name: str, about: dict[str, object], columns: list[str], facts: dict[str, object]) -> str:
    """One data set of the manifest, as TOML."""
    texts: dict[str, str] = about["columns"]  # type: ignore[assignment]
    lines = [f"[{name}]"]
    lines += [f"{k} = {json.dumps(v, ensure_ascii=False)}" for k, v in facts.items() if k != "left_out"]
    lines += ["", f"[{name}.left_out]"]
    left_out: Counter[str] = facts["left_out"]  # type: ignore[assignment]
    lines += [f"{json.dumps(k)} = {v}" for k, v in sorted(left_out.items())]
    lines += ["", f"[{name}.columns]"]
    return "\n".join([*lines, *(f"{c} = {json.dumps(texts[c], ensure_ascii=False)}" for c in columns), ""])


def compiled(
    name: str, text: dict[str, object], facts: Path, kinds: dict[str, list[str]]
) -> tuple[list[Row], Counter[str]]:
    """The rows of one data set; those marked `here` are kept by hand beside this file, not built from facts."""
    if text.get("here"):
        return [sourced(r, kinds) for r in read(HERE / f"{name}.csv")], Counter()
    kept, left_out = sift(read(facts / f"{text.get('source_file', name)}.csv"))
    later = HERE / "found" / f"{name}.csv"
    kept += read(later) if later.exists() else []
    if name == "province_trade":
        kept = [r | {"source": NBS.format(**r)} for r in kept]
    ranked = {"rank": ""} if text.get("ranks") else {}
    keys: list[str] = text["keys"]  # type: ignore[assignment]
    made = [figures(sourced(ranked | r, kinds), keys) for r in kept]
    return marked(made) if "yoy_pct" in made[0] else made, left_out


def sourced(row: Row, kinds: dict[str, list[str]]) -> Row:
    """The row with the kind of its source, by the host of its address; computed figures have none."""
    if "source_kind" not in row and not re.search(r"https?://|github:", row["source"]):
        return row
    host = re.search(r"https?://([^/:]+)|(github:[^/]+/[^@]+)", row["source"])
    assert host is not None
    name = host[1] or host[2]
    kind = next((k for k, hosts in kinds.items() if any(name.endswith(h) for h in hosts)), "other")
    where = list(row).index("source") + 1
    items = [(c, v) for c, v in row.items() if c != "source_kind"]
    return dict([*items[:where], ("source_kind", kind), *items[where:]])


def build(facts: Path, out: Path = HERE) -> None:
    """Write every table and ``manifest.toml`` into `out`."""
    about = tomllib.loads((HERE / "about.toml").read_text(encoding="utf-8"))
    manifest = ["# Written by _build.py: edit about.toml, not this file.\n"]
    for name, text in about["datasets"].items():
        table, left_out = compiled(name, text, facts, about["source_kinds"])
        stated = {
            "title": text["title"],
            "rows": len(table),
            "sha256": write(out / f"{name}.csv", table),
            "units": sorted({r["unit"] for r in table if r.get("unit")}),
            **{k: text[k] for k in ("licence", "not_in", "disagreements")},
            "left_out": left_out,
        }
        manifest.append(entry(name, about, list(table[0]), stated))
    (out / "manifest.toml").write_text("\n".join(manifest), encoding="utf-8")


if __name__ == "__main__":
    build(Path(sys.argv[1]))
