"""
What is the usual table of a regional paper?
============================================

Location quotients, likeness to the province, entropy weights, a coupling-coordination degree and Moran's
I: many papers on China's regions print these five. Here they come from one spreadsheet in ten lines, for
Liaoning's fourteen cities. All figures are made up.

Formulae and sources: :func:`exportlab.location_quotient`, :func:`exportlab.finger_kreinin`,
:doc:`/reference-composite`, :doc:`/reference-space`.
"""

from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pandas as pd

import exportlab as xl
from exportlab.space import places

# %%
# **The spreadsheet**: a sheet of exports by city and industry, and a sheet with indicators of each city.
rng = np.random.default_rng(32)
names, industries = places("liaoning")["name"], ["machinery", "chemicals", "food", "metals"]
exports = pd.DataFrame([(c, k, round(rng.lognormal(3, 1), 2)) for c in names for k in industries])
indicators = pd.DataFrame(
    rng.uniform(1, 9, (14, 5)).round(2), columns=["gdp", "patents", "fdi", "forest", "waste"]
)
book = Path(mkdtemp()) / "liaoning.xlsx"
with pd.ExcelWriter(book) as file:
    exports.set_axis(["city", "industry", "usd"], axis=1).to_excel(file, sheet_name="exports", index=False)
    indicators.assign(city=names).to_excel(file, sheet_name="indicators", index=False)

# %%
# **Ten lines.** A cost is marked by a minus; shift= keeps the logarithms of entropy weights off zero.
sheets = pd.read_excel(book, sheet_name=None, engine="openpyxl")
flows = xl.flows(sheets["exports"], exporter="city", product="industry", value="usd", unit="USD")
lq = xl.location_quotient(flows)
likeness = xl.finger_kreinin(flows, over="product", unit="exporter", against="world")
how = {"unit": "city", "weights": "entropy", "shift": 0.01}
economy = xl.composite(sheets["indicators"], indicators={"gdp": "+", "patents": "+", "fdi": "+"}, **how)
ecology = xl.composite(sheets["indicators"], indicators={"forest": "+", "waste": "-"}, **how)
both = xl.coupling({"economy": economy, "ecology": ecology})
nearby = xl.spatial_weights("liaoning")
moran = xl.spatial_autocorrelation(both.table, value="coordination", unit="city", weights=nearby, rng=1)

# %%
# **The table**, a row a city, and the weights and Moran's I below it.
quotients = lq.pivot(index="city", columns="industry", values="location_quotient").add_prefix("LQ ")
table = quotients.join(likeness.set_index("city")["finger_kreinin"]).join(
    both.table.set_index("city")[["economy", "ecology", "coupling", "coordination"]]
)
print(table.round(3).to_string())
print(
    pd.concat([economy.weights, ecology.weights])[["indicator", "direction", "weight"]]
    .round(3)
    .to_string(index=False)
)
print(moran)

# %%
ax = xl.plots.tile_map(
    lq[lq["industry"] == "machinery"], unit="city", value="location_quotient", of="liaoning",
    title="Machinery: location quotient", source="made up",
)  # fmt: skip

# %%
local = xl.local_clusters(both.table, value="coordination", unit="city", weights=nearby)
print(local.title)
ax = local.map(of="liaoning", title="Coordination: where neighbours are alike", source="made up")
