"""CPU of the variance of a portfolio of 300 markets x 5,000 products over 20 years, after the door.

    python benchmarks/risk.py [--markets 300] [--products 5000] [--years 20] [--full 1.0] [--engine polars]

Every cell is traded with probability --full; codes are text, as files have them. Printed: rows, CPU s and wall s of
`risk.portfolio` over market x product (the door is not counted), and its CPU with a held table of codes.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

import exportlab as xl


def table(engine: str, markets: int, products: int, years: int, full: float) -> object:
    """Flows by year, market and product, drawn; in files' usual order."""
    rng = np.random.default_rng(28)
    size = years * markets * products
    kept = np.flatnonzero(rng.random(size) < full) if full < 1 else np.arange(size)
    year, rest = np.divmod(kept, markets * products)
    market, product = np.divmod(rest, products)
    value = rng.lognormal(2, 1, len(kept))
    names = [f"M{m:03d}" for m in range(markets)]
    codes = [f"{k:06d}" for k in range(products)]
    if engine == "polars":
        import polars as pl

        text = pl.Series(names).gather(market), pl.Series(codes).gather(product)
        return pl.DataFrame({"year": 2000 + year, "market": text[0], "product": text[1], "value": value})
    import pandas as pd

    if engine == "pandas-categories":
        kinds = pd.Categorical.from_codes(market, names), pd.Categorical.from_codes(product, codes)
    else:
        kinds = np.array(names, dtype=object)[market], np.array(codes, dtype=object)[product]
    return pd.DataFrame({"year": 2000 + year, "market": kinds[0], "product": kinds[1], "value": value})


def main() -> None:
    """Print what it costs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--markets", type=int, default=300)
    parser.add_argument("--products", type=int, default=5000)
    parser.add_argument("--years", type=int, default=20)
    parser.add_argument("--full", type=float, default=1.0)
    parser.add_argument("--engine", default="polars", choices=["polars", "pandas", "pandas-categories"])
    asked = parser.parse_args()
    warm = xl.flows(table("pandas", 3, 3, 8, 1.0), period="year")
    xl.risk.portfolio(warm, over=["market", "product"])  # what is imported is not counted
    made = table(asked.engine, asked.markets, asked.products, asked.years, asked.full)
    flows = xl.flows(made, period="year", validate="schema")
    for covariance in ("sample", "ledoit_wolf"):
        cpu, wall = time.process_time(), time.perf_counter()
        found = xl.risk.portfolio(flows, over=["market", "product"], covariance=covariance)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        print(
            f"{asked.engine} {covariance}: {len(made):,} rows, {cpu:.2f} CPU s, {wall:.2f} s wall", end="; "
        )
        print(f"members {found.table['members'][0]:,}, sd {found.table['sd'][0]:.6f}")


if __name__ == "__main__":
    main()
