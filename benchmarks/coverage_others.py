"""Coverage of the intervals that are computed anew without each unit, in blocks, under noise, and of whole curves.

    python benchmarks/coverage_others.py --out benchmarks/results/coverage_others.csv

measures of a world, markets drawn
    Twelve exporters sell thirty products to 30 markets. A market's size is lognormal (sigma 0.7), its mix varies
    about the expected one by a gamma law (shape 1 a cell). The truth is the measure of the expected flows.
months in blocks
    A share of exports whose monthly log-odds are an AR(1) of 0 or 0.6 about its mean; months drawn one by one, and in
    blocks of the rule of Politis and White. The truth is the share of a million months.
value added under noise
    A national table of eight sectors, its cells drawn about the true ones with errors of 20 % and scaled to the sums.
survival
    The whole curve of 50 or 200 exponential durations, a fifth of them censored, between the band's ends.
places
    Of ten groups whose values are a hundredth of a standard error apart, the true place of each, and of all.

Each row: how many of 100 intervals of nominal 95 % hold the truth, over all the values of a table; of months also how
many of 100 have a note.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import exportlab as xl
from exportlab.uncertainty import blocks, nesting, statistics
from exportlab.uncertainty.methods import estimate
from exportlab.valueadded import IOTable, table_noise
from exportlab.valueadded.noise import scaled

Rng = np.random.Generator
Row = dict[str, Any]
EXPORTERS, PRODUCTS = 12, 30
INCOME = {f"E{e:02}": 5.0 + 3 * e for e in range(EXPORTERS)}
MEASURES: dict[str, tuple[Any, str]] = {
    "expy": (lambda f: xl.expy(f, INCOME, by="exporter"), "expy"),
    "prody": (lambda f: xl.prody(f, INCOME, by="exporter"), "prody"),
    "eci": (lambda f: xl.complexity(f).exporters, "eci"),
    "pci": (lambda f: xl.complexity(f).products, "pci"),
    "fitness": (lambda f: xl.complexity(f).exporters, "fitness"),
    "density": (lambda f: xl.complexity(f).pairs, "density"),
}


def expected() -> Any:
    """Flows of every exporter and product: each exporter has more of some, the last ones of few products."""
    rng = np.random.default_rng(7)
    base = rng.lognormal(0, 1, (EXPORTERS, PRODUCTS))
    place = np.arange(EXPORTERS)[:, None] / EXPORTERS - np.arange(PRODUCTS)[None, :] / PRODUCTS
    return base * np.exp(-4 * place**2)


def opened(cells: Any) -> xl.Flows:
    """Flows of exporter, product and market."""
    e, p, m = np.indices(cells.shape)
    names = {"exporter": np.char.add("E", np.char.zfill(e.ravel().astype(str), 2))}
    names["product"] = np.char.add("P", np.char.zfill(p.ravel().astype(str), 2))
    names["market"] = np.char.add("M", m.ravel().astype(str))
    return xl.flows(pd.DataFrame({**names, "value": cells.ravel()}))


def measures(rng: Rng, runs: int) -> Iterator[Row]:
    """Of every measure of a world, with markets drawn."""
    mean = expected()
    whole = opened(mean[..., None])
    for name, (measure, value) in MEASURES.items():
        true = measure(whole)[value].to_numpy(float)
        for markets, method in ((30, "jackknife"), (30, "percentile")):
            if method == "percentile" and name not in ("eci", "density"):
                continue
            hits = []
            for _ in range(runs // 10):
                size = rng.lognormal(0, 0.7, markets)
                flows = opened(mean[..., None] * size * rng.standard_gamma(1.0, (*mean.shape, markets)))
                asked = {"resample": "market", "method": method, "draws": 39, "rng": rng}
                made = xl.resampled(flows, measure, value, **asked).table
                known = made["conf_low"].notna().to_numpy()
                hits += ((made["conf_low"] <= true) & (true <= made["conf_high"]))[known].tolist()
            yield told(f"{name}, markets drawn", f"{markets} markets", method, hits)


def months(rng: Rng, runs: int) -> Iterator[Row]:
    """A share by months that hang together."""
    for rho in (0.0, 0.6):
        long = share_of(rng, rho, 1_000_000)
        true = float(long[:, 0].sum() / long.sum())
        for n in (60, 120, 240):
            hits: dict[str, list[bool]] = {"months one by one": [], "blocks": []}
            alike: list[bool] = []
            for seed in np.random.SeedSequence(int(rng.integers(2**31))).spawn(runs):
                flows = share_of(rng, rho, n)
                alone = statistics.part(flows[:, 0], flows.sum(axis=1))
                alike.append(bool(nesting.following(alone, np.arange(n))[0][0] > nesting.ALIKE))
                for name, held in hits.items():
                    sample = blocks.in_blocks(alone, np.arange(n), "auto") if name == "blocks" else alone
                    found = estimate(sample, "basic", draws=399, seed=seed)
                    held.append(bool(found.low[0] <= true <= found.high[0]))
            for name, held in hits.items():  # of few blocks each has a note
                yield told(f"share, AR(1) of {rho:g}", f"{n} months", f"basic, {name}", held) | {
                    "noted": f"{100 * np.mean(alike):.0f}" if name != "blocks" else "100"
                }


def share_of(rng: Rng, rho: float, n: int) -> Any:
    """What months send to a market, and elsewhere."""
    from scipy.signal import lfilter

    odds = lfilter([np.sqrt(1 - rho**2)], [1, -rho], rng.standard_normal(n + 200))[200:]
    part = 1 / (1 + np.exp(0.5 - 0.7 * odds))
    size = rng.lognormal(0, 0.2, n)
    return np.stack([size * part, size * (1 - part)], axis=1)


def noise(rng: Rng, runs: int) -> Iterator[Row]:
    """The domestic share of exports, where the cells of the table are known up to a fifth."""
    names = [f"s{i}" for i in range(8)]
    Z, imported = rng.lognormal(1.5, 0.8, (8, 8)), rng.lognormal(0, 0.8, (8, 8))
    final, exports = rng.lognormal(5, 0.5, 8), rng.lognormal(4, 0.5, 8)
    cells = np.vstack([Z, imported])

    def table(made: Any) -> IOTable:
        return IOTable.from_numpy(made[:8], sectors=names, final=final, imported=made[8:], exports=exports)

    def share(t: IOTable) -> Any:
        found = t.domestic_content()
        return pd.Series([found.domestic_share, *found.table["domestic_share"]])

    true = share(table(cells)).to_numpy()
    hits: list[bool] = []
    for _ in range(runs // 4):
        seen = table(scaled(cells * rng.lognormal(0, 0.2, cells.shape), cells))
        made = table_noise(seen, share, error=0.2, draws=199, rng=rng).table
        hits += ((made["conf_low"] <= true) & (true <= made["conf_high"])).tolist()
    yield told("domestic share of exports", "8 sectors, errors of 20 %", "percentile", hits)


def curves(rng: Rng, runs: int) -> Iterator[Row]:
    """The whole survival curve."""
    for n in (50, 200):
        hits = []
        for _ in range(runs):
            last, end = rng.exponential(1, n), rng.exponential(4, n)
            band = xl.kaplan_meier(np.minimum(last, end), last <= end).bands().dropna()
            true = np.exp(-band["time"])
            hits.append(bool(((band["band_low"] <= true) & (true <= band["band_high"])).all()))
        yield told("survival curve, whole", f"{n} spells", "equal precision", hits)


def places(rng: Rng, runs: int) -> Iterator[Row]:
    """Places of ten groups."""
    true, place = np.arange(10.0) / 100, 10 - np.arange(10)
    for together in (False, True):
        hits: list[bool] = []
        for _ in range(runs):
            table = pd.DataFrame(
                {"exporter": true, "estimate": true + rng.standard_normal(10), "std_error": 1.0}
            )
            made = xl.Intervals(
                table.assign(corrected=table["estimate"]), "hhi", (), "product", "jackknife", 0.95, 0
            )
            found = xl.ranks(made, together=together, draws=999, rng=rng)
            held = (found["rank_low"] <= place) & (place <= found["rank_high"])
            hits += [bool(held.all())] if together else held.tolist()
        yield told(
            "places of ten groups", "0.01 standard errors apart", "all at once" if together else "each", hits
        )


def told(what: str, size: str, method: str, hits: list[bool]) -> Row:
    return {
        "what": what,
        "size": size,
        "method": method,
        "coverage": f"{100 * np.mean(hits):.1f}",
        "intervals": len(hits),
        "noted": "",
    }


def main() -> None:
    """Run every setting and write the table."""
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("--runs", type=int, default=100, help="tables of a world, and of noise")
    ask.add_argument(
        "--fast", type=int, default=1000, help="runs of the cheaper ones: places, curves, months"
    )
    ask.add_argument("--seed", type=int, default=20260401)
    ask.add_argument("--out", type=Path, required=True)
    given = ask.parse_args()
    rows: list[Row] = []
    for part in (places, curves, noise, months, measures):
        runs = given.fast if part in (places, curves, months) else given.runs
        for row in part(np.random.default_rng(given.seed), runs):
            rows.append({**row, "seed": given.seed})
            print(row, flush=True)
            with given.out.open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
                writer.writeheader()
                writer.writerows(rows)


if __name__ == "__main__":
    main()
