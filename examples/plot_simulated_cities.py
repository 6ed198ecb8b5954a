"""
Simulated cities: what a 14-city design can find
================================================

**Everything here is simulated.** Fourteen cities carry the names of Liaoning's cities, but the figures
are drawn at random, with an effect that is known: 0.25 log points for those that join a (made-up) programme.

Estimators with formula and source: :doc:`/reference-panel`; which errors to believe: :doc:`/explain-few-clusters`.
"""

import numpy as np
import pandas as pd

from exportlab.panel import PolicyPanel
from exportlab.panel.tables import compare
from exportlab.plots import panel as pictures

CITIES = [
    "Shenyang",
    "Dalian",
    "Anshan",
    "Fushun",
    "Benxi",
    "Dandong",
    "Jinzhou",
    "Yingkou",
    "Fuxin",
    "Liaoyang",
    "Panjin",
    "Tieling",
    "Chaoyang",
    "Huludao",
]
TRUTH = 0.25
NOTE = "simulated, not observed"


def simulate(joined: dict[str, int], rng: np.random.Generator) -> pd.DataFrame:
    """Log exports with city and year effects and AR(1) shocks, 2005-2024."""
    years = np.arange(2005, 2025)
    shock = rng.normal(0, 0.12, (14, 20))
    for t in range(1, 20):
        shock[:, t] += 0.6 * shock[:, t - 1]
    path = rng.normal(8, 1, (14, 1)) + 0.05 * (years - 2005) + rng.normal(0, 0.05, 20) + shock
    table = pd.DataFrame(
        {"city": np.repeat(CITIES, 20), "year": np.tile(years, 14), "log_exports": path.ravel()}
    )
    table["joined"] = table["city"].map(joined)
    table["log_exports"] += TRUTH * (table["year"] >= table["joined"])
    return table


def panel_of(table: pd.DataFrame) -> PolicyPanel:
    return PolicyPanel(table, unit="city", period="year", outcome="log_exports", adopted="joined")


# %%
# **Six cities, two dates.**
six = {"Shenyang": 2013, "Dalian": 2013, "Anshan": 2013, "Yingkou": 2017, "Jinzhou": 2017, "Dandong": 2017}
panel = panel_of(simulate(six, np.random.default_rng(2024)))
print(panel.check())
estimates = {
    "TWFE": panel.twfe(),
    "Callaway-Sant'Anna": panel.att(),
    "Imputation": panel.att("imputation"),
    "Synthetic DiD": panel.synthetic_did(draws=100, rng=1),
}
print(compare(estimates, caption=f"True effect {TRUTH}, {NOTE}"))

# %%
ax = pictures.event_study(
    {
        "Callaway-Sant'Anna": panel.event_study(),
        "Imputation": panel.event_study("imputation", leads=7),
        "Sun-Abraham": panel.event_study("sun_abraham"),
    },
    y="log points",
    source=NOTE,
)
ax.axhline(TRUTH, color="black", linestyle="--", linewidth=0.8)

# %%
# Clustered errors take 14 cities for many. All 2^14 sign changes and permutations of the dates take them
# as they are.
print(estimates["TWFE"].wild_bootstrap())
print(estimates["TWFE"].randomization_test(n_draws=999, rng=1))

# %%
# **One city.** Any program prints a tight standard error here. The summary does not star it: of 14
# placements of the date one is the true one, and no honest p-value is below 1/14.
one = panel_of(simulate({"Dalian": 2015}, np.random.default_rng(7)))
print(one.twfe())
synthetic = one.synthetic_control()
print(synthetic)
ax = pictures.synthetic(synthetic, y="log exports", source=NOTE)

# %%
# **Before the study: what could be found?** Power on this very panel, serial correlation kept, with 1, 3
# and 6 cities.
power = panel.power(treated=[1, 3, 6], start=2015, effect=[0.0, 0.1, 0.2, 0.3, 0.4], draws=100, rng=1)
print(power)
ax = power.plot(source=NOTE)
