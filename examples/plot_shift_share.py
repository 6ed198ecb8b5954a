"""
Exposed to the world's demand: how sure is a shift-share estimate?
==================================================================

Cities that sell what the world wants more of grow faster, or not? Exposure is the sum of a city's shares of each
product at a base, times how each product's world trade grew. Two cities with like shares have like exposure, and like
errors, too. This page simulates cities on which the shocks have no effect at all, asks how often each kind of error
finds one, and looks then at a case with a known effect.

The methods, with their formulae: :doc:`/reference-panel-regressions`. This is not the accounting of growth into
national, structural and own parts, which is :func:`exportlab.shift_share`.
"""

import numpy as np
import pandas as pd

import exportlab as xl
from exportlab.plots.panel import coefficients

SOURCE = "simulated, not data of any city"
rng = np.random.default_rng(4)
cities, products = [f"city {i + 1:03}" for i in range(150)], [f"p{k + 1:02}" for k in range(40)]
held = rng.dirichlet(np.full(len(products), 0.3), len(cities))
growth = rng.normal(0.2, 0.3, len(products))
shares = pd.DataFrame(
    {
        "city": np.repeat(cities, len(products)),
        "sector": np.tile(products, len(cities)),
        "share": held.ravel(),
    }
)
shocks = pd.DataFrame({"sector": products, "shock": growth})

# %%
# **No effect.** Wages depend on what happened to each product at home, which is no part of the world's shock:
# cities with like shares have like wages, whatever the shocks are.
at_home = rng.normal(0, 0.3, len(products))
wages = held @ at_home + rng.normal(0, 0.02, len(cities))
imports = 0.8 * (held @ growth) + rng.normal(0, 0.05, len(cities))
table = pd.DataFrame({"city": cities, "wages": wages, "imports": imports})
table["jobs"] = 0.5 * table["imports"] + table["wages"]
design = xl.shift_share_design(table, shares=shares, shocks=shocks, unit="city")
print(design)

# %%
# The shocks in another order cannot have done anything. Errors by row call them real several times as often as
# they say; those that count shocks come near.
placebo = design.placebo_shocks("wages", draws=99, rng=1)
print(placebo)
ax = placebo.plot(
    title="Shocks in another order: errors by row find effects that are not there", source=SOURCE
)

# %%
# **A known effect** of .5 of imports on jobs, the exposure their instrument. The interval of each kind of error:
estimates = {kind: design.iv("jobs", "imports", errors=kind) for kind in ("robust", "akm", "akm0", "shock")}
ax = coefficients(estimates, title="One estimate, four kinds of error", source=SOURCE)
ax.axvline(0.5, color="black", linewidth=0.8, linestyle=":")

# %%
# Which products the estimate rests on: Rotemberg weights.
weights = design.rotemberg("jobs", "imports")
print(weights)
ax = weights.plot(source=SOURCE)
