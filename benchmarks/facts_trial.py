"""How wide bounds are, and how far off best guesses: full tables with members hidden as announcements hide them.

    python benchmarks/facts_trial.py --out benchmarks/results/facts_trial.csv [--exports exports.parquet]

Three sets of tables:

provinces
    Trade of China's 31 provinces, 2017 to 2024, of the embedded data. Priors: the year before, and even.
countries
    The world's exports by country, 2012 to 2020, of those that export in the year and the one before: BACI (CEPII),
    from a file with columns t, i_iso3c and v; without it the rows of the results are kept. Priors: the year before,
    and even.
partners
    Made-up exports to all countries: lognormal sizes with sigma 2, twenty tables. Priors: the table itself with every
    value changed by a factor (lognormal, sigma 0.3), as a year before would be; the same with sigma 1, as the nation's
    exports would be; and even.

Of each table so much is announced, as figures of four digits: the total and the largest members; that they are the
largest; sums of groups. Countries and partners are announced as Liaoning's customs did for 2023: the EU, ASEAN and
Africa by their sums, the five largest countries outside them, and that no country is above the EU.

Each row of the result: the median, over the tables, of both ends relative to the true value, and for each prior the
median distance of the best guess from it, in per cent of the true value. A table whose true value lies outside its
bounds, or whose ends are not proved, stops the script. About two minutes of one processor.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd

import exportlab as xl
from exportlab import classifications, datasets
from exportlab.facts import Facts

INDICES = ("hhi", "cr10", "theil")
REGIONS = {
    "Northeast": ["Liaoning", "Jilin", "Heilongjiang"],
    "Central": ["Shanxi", "Anhui", "Jiangxi", "Henan", "Hubei", "Hunan"],
    "West": [
        "Inner Mongolia",
        "Guangxi",
        "Chongqing",
        "Sichuan",
        "Guizhou",
        "Yunnan",
        "Tibet",
        "Shaanxi",
        "Gansu",
        "Qinghai",
        "Ningxia",
        "Xinjiang",
    ],
}
BLOCS = ("EU", "ASEAN", "Africa")
MADE = 20
Table = dict[str, float]
Announced = dict[str, Facts]
Trial = tuple[Table, Announced, dict[str, object]]


def digits(value: float) -> str:
    """A figure of four digits, as it would be printed."""
    return f"{value:.{max(3 - int(np.floor(np.log10(value))), 0)}f}"


def largest(table: Mapping[str, float], n: int) -> list[str]:
    """The n largest members."""
    return sorted(table, key=lambda m: -table[m])[:n]


def provinces() -> Iterator[Trial]:
    """Each year's table, what is announced of it, and the priors."""
    full = datasets.load("province_trade")
    full = full[full["measure"].str.contains("operating unit")]
    years = {int(y): dict(zip(t["province"], t["value"], strict=True)) for y, t in full.groupby("year")}
    for year in sorted(years)[1:]:
        table = years[year]
        start = xl.facts(digits(sum(table.values())), universe=sorted(table))
        for name, members in REGIONS.items():
            start = start.group(name, members)
        first = start.know({m: digits(table[m]) for m in largest(table, 5)})
        ranked = first
        for place, m in enumerate(largest(table, 5), 1):
            ranked = ranked.rank(m, place)
        sums = ranked.know(
            {name: digits(sum(table[m] for m in members)) for name, members in REGIONS.items()}
        )
        announced = {"total and five largest": first, "and that they are": ranked, "and three regions": sums}
        yield table, announced, {"year before": years[year - 1], "even": "even"}


def countries(file: Path) -> Iterator[Trial]:
    """Each year's table, what is announced of it, and the priors."""
    full = pd.read_parquet(file, columns=["t", "i_iso3c", "v"]).groupby(["t", "i_iso3c"])["v"].sum()
    names = {c.iso3: c.name for c in classifications.countries()}
    for year in range(2012, 2021):
        now, before = (full[t].rename(index=names).to_dict() for t in (year, year - 1))
        members = sorted(now.keys() & before.keys() & {*names.values()})
        table, last = ({m: t[m] for m in members} for t in (now, before))
        start = xl.facts(digits(sum(table.values())), universe=members)
        inside = {
            b: [names[c] for c in classifications.members(b, on=str(year)) if names[c] in table]
            for b in BLOCS
        }
        for b, its in inside.items():
            start = start.group(b, its)
        yield table, as_customs(start, table, inside), {"year before": last, "even": "even"}


def as_customs(start: Facts, table: Table, blocs: Mapping[str, list[str]]) -> Announced:
    """The five largest outside blocs; the blocs' sums too; and that the EU is the largest, where it is."""
    sums = {b: sum(table[m] for m in members) for b, members in blocs.items()}
    outside = {m: v for m, v in table.items() if not any(m in members for members in blocs.values())}
    first = start.know({m: digits(table[m]) for m in largest(outside, 5)})
    blocs_too = first.know({b: digits(v) for b, v in sums.items()})
    announced = {"total and five largest outside blocs": first, "and three blocs": blocs_too}
    if sums["EU"] == max(sums["EU"], *outside.values()):
        announced["and the EU is the largest"] = blocs_too.rank("EU", 1)
    return announced


def partners() -> Iterator[Trial]:
    """Each made-up table, what is announced of it, and the priors."""
    names = [c.name for c in classifications.countries()]
    codes = {c.name: c.iso3 for c in classifications.countries()}
    blocs = {b: [m for m in names if codes[m] in classifications.members(b, on="2023")] for b in BLOCS}
    for seed in range(MADE):
        rng = np.random.default_rng(seed)
        table = dict(zip(names, rng.lognormal(0, 2, len(names)).tolist(), strict=True))
        announced = as_customs(xl.facts(digits(sum(table.values())), period=2023), table, blocs)
        changed = {
            f"changed by {s:g}": {m: v * rng.lognormal(0, s) for m, v in table.items()} for s in (0.3, 1.0)
        }
        yield table, announced, {**changed, "even": "even"}


def measured(tables: str, trials: Iterable[Trial]) -> Iterator[dict[str, object]]:
    """One row for each set of facts and each index."""
    found: dict[tuple[str, str], list[dict[str, float]]] = {}
    for table, announced, priors in trials:
        for said, facts in announced.items():
            for name in INDICES:
                true = float(xl.evaluate(name, list(table.values())))
                guess = facts.estimate(name, prior=priors)
                bounds = guess.bounds
                if not (bounds.proved and bounds.low <= true <= bounds.high):
                    raise SystemExit(f"{said}: {name} of {true:g} beside {bounds.title}")
                off = {prior: 100 * abs(value / true - 1) for prior, value, _ in guess.rows}
                ends = {"low": bounds.low / true, "high": bounds.high / true}
                found.setdefault((said, name), []).append({**ends, **off})
    for (said, name), rows in found.items():
        medians = {key: round(median(r[key] for r in rows), 3) for key in rows[0]}
        kept = {"tables": tables, "facts": said, "indicator": name, "n": len(rows)}
        priors = {f"off, {key}" if key not in ("low", "high") else key: v for key, v in medians.items()}
        yield {**kept, **priors}


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--exports", type=Path)
    parser.add_argument("--only", choices=["provinces", "countries", "partners"])
    asked = parser.parse_args()
    old = list(csv.DictReader(asked.out.open(encoding="utf-8"))) if asked.out.exists() else []
    sets: dict[str, Iterable[Trial]] = {"provinces": provinces(), "partners": partners()}
    if asked.exports:
        sets = {
            "provinces": sets["provinces"],
            "countries": countries(asked.exports),
            "partners": sets["partners"],
        }
    rows: list[Mapping[str, object]] = []
    for name in ("provinces", "countries", "partners"):
        again = name in sets and asked.only in (None, name)
        rows += measured(name, sets[name]) if again else [r for r in old if r["tables"] == name]
    columns = list(dict.fromkeys(key for row in rows for key in row))
    with asked.out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
