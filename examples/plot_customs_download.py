"""
What does a customs download give in ten minutes?
=================================================

The online query of China's customs gives monthly trade by eight-digit product, partner, trade regime and place.
Liaoning's record is not public at that detail in one file, so this page runs on a **generated file** in the
query's own format: its figures are drawn at random and say nothing about Liaoning. Put the path of your own
download in place of it, and every line below runs unchanged.

Formula, bounds and source of each index: :doc:`/generated/indicators`.
"""

# %%
# A file in the query's format
# ----------------------------
# Chinese column names, GB18030, thousands separators, an empty last column.
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

import exportlab as xl
from exportlab.classifications import countries
from exportlab.plots import structure

rng = np.random.default_rng(20231)
PARTNERS = ["JPN", "KOR", "USA", "DEU", "NLD", "RUS", "SGP", "VNM", "THA", "MYS", "IND", "AUS", "BRA", "GBR"]
REGIMES = ["一般贸易", "来料加工贸易", "进料加工贸易"]
CODES = [
    "27101210",
    "72083990",
    "72104900",
    "84082010",
    "84314999",
    "85414200",
    "87038000",
    "89012011",
    "61091000",
]


def generated(path):
    """Write a customs-format file; the weights make a few partners and products large."""
    size = np.outer(1 / np.arange(1, len(PARTNERS) + 1), 1 / np.arange(1, len(CODES) + 1))
    names = {c.iso3: c for c in countries()}
    rows = []
    for month in ("202301", "202302", "202303"):
        for (j, k), weight in np.ndenumerate(size):
            for regime in rng.choice(REGIMES, 2, replace=False):
                value = round(4e7 * weight * rng.lognormal(0, 0.8))
                partner = names[PARTNERS[j]]
                rows.append(
                    [month, CODES[k], partner.gacc, partner.name_zh, regime, "辽宁省", f"{value:,}", ""]
                )
    columns = [
        "数据年月",
        "商品编码",
        "贸易伙伴编码",
        "贸易伙伴名称",
        "贸易方式名称",
        "注册地名称",
        "人民币",
        "",
    ]
    pd.DataFrame(rows, columns=columns).to_csv(path, index=False, encoding="gb18030")


folder = tempfile.TemporaryDirectory()
download = Path(folder.name) / "generated.csv"
generated(download)

# %%
# Read it
# -------
flows = xl.read_gacc(download, progress=False)
flows

# %%
# Markets
# -------
NOTE = "generated figures in the format of a customs download"
quarter = xl.cells(flows, ["exporter", "market", "product"])
xl.measure(quarter, ["hhi", "effective_number", "cr4", "number_active"], over="market", by="exporter").round(
    3
)

# %%
shares = xl.share(flows, over="market", by="period")
markets = structure.market_shares(
    shares, period="数据年月", member="贸易伙伴名称", top=6, title="Markets by month", source=NOTE
)

# %%
# The RCEP share
# --------------
# Membership is looked up by date; ``home`` keeps China itself out of the bloc.
rcep = xl.bloc_share(flows, "RCEP", by="period", home="CHN")
bloc = structure.bloc_share(rcep, period="数据年月", title="RCEP share by month", source=NOTE)

# %%
# Products, and how unequal they are
# ----------------------------------
products = xl.share(quarter, over="product", by="exporter")
products.nlargest(5, "share").round(3)

# %%
lorenz = structure.lorenz(products["人民币"], member="products", title="Products", source=NOTE)

# %%
# Regimes
# -------
# Processing trade keeps less value added at home; its share is the first thing to know.
xl.share(flows, over="贸易方式名称", by="exporter").round(3)

# %%
# All of it as a page, with every table as CSV: ``exportlab report my_download.csv --exporter 辽宁省``.
folder.cleanup()
