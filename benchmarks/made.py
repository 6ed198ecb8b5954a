"""Made-up inputs of the benchmarks, the same in every run: flows of BACI's shape, and an exporter-product table.

    python benchmarks/made.py flows FOLDER [--years 1995 2022] [--rows 9.5]
    python benchmarks/made.py complexity FILE.parquet [--years 2022 2022]

`flows` writes a Parquet file a year (t, i, j, k, v, q), some 9.5 million distinct cells each of 230 exporters, as
many markets and 5,200 products, sorted as BACI's files are. `complexity` writes year, exporter, hs6 and value of 230
exporters and 5,000 products, 35 % of the pairs filled, the able exporters in nearly all products.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from exportlab import classifications

SEED, PLACES, CODES = 20261130, 230, 5200
RCEP = [36, 96, 116, 156, 360, 392, 410, 418, 458, 104, 554, 608, 702, 764, 704]


def world(rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Codes of places and products, and how much each exports, imports and is traded: heavy-tailed."""
    countries = [n for n in range(4, 895) if classifications.meaning(f"{n:03d}").kind == "country"]
    others = rng.choice(np.setdiff1d(countries, RCEP), PLACES - len(RCEP), replace=False)
    places = np.sort(np.concatenate([RCEP, others])).astype(np.int16)
    codes = np.array(
        [f"{k:06d}" for k in np.sort(rng.choice(np.arange(10110, 970699), CODES, replace=False))]
    )
    sells, buys, goods = (rng.lognormal(0, s, n) for s, n in ((1.6, PLACES), (1.0, PLACES), (0.9, CODES)))
    able = rng.lognormal(0, 1.2, (PLACES, CODES)).astype(np.float32)
    return places, codes, sells / sells.mean(), buys / buys.mean(), goods / goods.mean(), able


def chance(rate: float, drawn: tuple[np.ndarray, ...], i: int) -> np.ndarray:
    """The probability that exporter i sells each product in each market, (markets, products)."""
    _, _, sells, buys, goods, able = drawn
    out = 1 - np.exp(
        -(rate * sells[i]) * np.outer(buys.astype(np.float32), goods * able[i]).astype(np.float32)
    )
    out[i] = 0  # not to itself
    return out


def rate_of(rows: float, drawn: tuple[np.ndarray, ...]) -> float:
    """The rate at which so many cells are filled, by bisection over every tenth exporter."""
    some = range(0, PLACES, 10)
    low, high = 0.0, 10.0
    while high - low > 1e-3 * high:
        middle = (low + high) / 2
        filled = sum(float(chance(middle, drawn, i).sum()) for i in some) * PLACES / len(some)
        low, high = (middle, high) if filled < rows else (low, middle)
    return (low + high) / 2


def year(t: int, rate: float, drawn: tuple[np.ndarray, ...]) -> pa.Table:
    """One year's flows."""
    places, codes, sells, buys, goods, able = drawn
    rng = np.random.default_rng([SEED, t])
    found = []
    for i in range(PLACES):
        j, k = np.nonzero(rng.random((PLACES, CODES), np.float32) < chance(rate, drawn, i))
        v = np.sqrt(sells[i] * buys[j] * goods[k]) * able[i, k] * rng.lognormal(3, 1.7, len(j))
        found.append(
            (np.full(len(j), places[i]), places[j], k.astype(np.int32), np.maximum(np.round(v, 3), 0.001))
        )
    i, j, k, v = (np.concatenate(part) for part in zip(*found, strict=True))
    q, unknown = np.round(v / rng.lognormal(1, 1, len(v)), 3), rng.random(len(v)) < 0.04
    named = pa.DictionaryArray.from_arrays(pa.array(k), pa.array(codes)).cast(pa.string())
    return pa.table(
        {
            "t": pa.array(np.full(len(v), t, np.int16)),
            "i": pa.array(i),
            "j": pa.array(j),
            "k": named,
            "v": pa.array(v),
            "q": pa.array(q, mask=unknown),
        }
    )


def flows(folder: Path, first: int, last: int, rows: float) -> None:
    """Write a file a year where there is none yet."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = world(np.random.default_rng(SEED))
    rate = rate_of(rows, drawn)
    for t in range(first, last + 1):
        path = folder / f"flows_{t}.parquet"
        if not path.exists():
            pq.write_table(year(t, rate, drawn), path, compression="zstd", row_group_size=1_000_000)


def complexity(path: Path, first: int, last: int, exporters: int = 230, products: int = 5000) -> None:
    """Write the exporter-product table: nested, 35 % full."""
    rng = np.random.default_rng(SEED)
    ability, need = np.sort(rng.normal(0, 1.4, exporters))[::-1], rng.normal(0, 1.0, products)
    depth = ability[:, None] - need + rng.normal(0, 0.8, (exporters, products))
    cut = np.quantile(depth, 0.65)
    names = rng.permutation([c.iso3 for c in classifications.countries()])[:exporters]
    codes = np.array(
        [f"{k:06d}" for k in np.sort(rng.choice(np.arange(10111, 970691), products, replace=False))]
    )
    parts = []
    for t in range(first, last + 1):
        i, k = np.nonzero(depth + rng.normal(0, 0.2, depth.shape) > cut)
        v = np.round(np.exp(8 + ability[i] + 0.5 * depth[i, k] + rng.normal(0, 1.8, len(i))), 0) + 1
        table = {"year": np.full(len(i), t, np.int16), "exporter": names[i], "hs6": codes[k], "value": v}
        parts.append(pa.table(table))
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.concat_tables(parts), path)


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("what", choices=["flows", "complexity"])
    ask.add_argument("target", type=Path)
    ask.add_argument("--years", type=int, nargs=2, default=(2022, 2022), metavar=("FIRST", "LAST"))
    ask.add_argument("--rows", type=float, default=9.5, help="millions of rows a year of flows")
    given = ask.parse_args()
    if given.what == "flows":
        flows(given.target, *given.years, given.rows * 1e6)
    else:
        complexity(given.target, *given.years)


if __name__ == "__main__":
    main()
