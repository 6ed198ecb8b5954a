"""CPU of the interval of an index beside the index alone, after the door.

    python benchmarks/interval_cost.py [--rows 2000000] [--markets 200] [--products 10000] [--engine pandas]

Rows of market and product are drawn at random, codes are text; the index is over markets, products are drawn
(jackknife). Printed for HHI and Theil: CPU s of the index, of its interval, and their ratio, the best of --repeat.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import exportlab as xl


def table(rows: int, markets: int, products: int, engine: str) -> Any:
    """Flows by market and product, drawn."""
    rng = np.random.default_rng(24)
    names = np.array([f"M{m:04d}" for m in range(markets)], dtype=object)
    codes = np.array([f"{k:06d}" for k in range(products)], dtype=object)
    drawn = {
        "market": names[rng.integers(0, markets, rows)],
        "product": codes[rng.integers(0, products, rows)],
    }
    made = pd.DataFrame({**drawn, "value": rng.lognormal(0, 1, rows)})
    if engine == "polars":
        import polars as pl

        return pl.from_pandas(made)
    return made


def cost(made: Any, asked: Callable[[xl.Flows], Any], repeat: int) -> float:
    """The least CPU s of a question to flows that just came in."""
    spent = []
    for _ in range(repeat):
        flows = xl.flows(made, aggregate="sum")
        start = time.process_time()
        asked(flows)
        spent.append(time.process_time() - start)
    return min(spent)


def main() -> None:
    """Print what an interval costs."""
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("--rows", type=int, default=2_000_000)
    ask.add_argument("--markets", type=int, default=200)
    ask.add_argument("--products", type=int, default=10_000)
    ask.add_argument("--engine", choices=["pandas", "polars"], default="pandas")
    ask.add_argument("--repeat", type=int, default=3)
    ask.add_argument("--out", type=Path)
    given = ask.parse_args()
    made = table(given.rows, given.markets, given.products, given.engine)
    rows = []
    for name in ("hhi", "theil"):
        index = cost(made, lambda f, n=name: xl.measure(f, n, over="market", by=[]), given.repeat)  # type: ignore[misc]
        whole = cost(
            made,
            lambda f, n=name: xl.interval(f, n, over="market", by=[], resample="product"),  # type: ignore[misc]
            given.repeat,
        )
        print(
            f"{given.engine} {name}: index {index:.3f} CPU s, interval {whole:.3f}, {whole / index:.1f} times"
        )
        size = {"index": name, "engine": given.engine, "rows": f"{given.rows:,}"}
        rows.append({**size, "index_cpu": round(index, 3), "interval_cpu": round(whole, 3)})
    if given.out:
        pd.DataFrame(rows).to_csv(given.out, index=False)


if __name__ == "__main__":
    main()
