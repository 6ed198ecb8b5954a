"""
Zones, e-commerce zones and RCEP: which policy was it?
======================================================

Between 2013 and 2023 twenty-two provinces received a pilot free-trade zone. From 2015 on cities received zones for
cross-border e-commerce, until nearly every province had one. In January 2022 RCEP began for all of China at once. This
page asks how far total trade of the provinces, 2016 to 2024, can tell the three apart, and looks at a panel with known
truth first.

Which estimator a question needs: :doc:`/explain-overlapping-policies`; the figures and dates with their source:
:doc:`/generated/data`.
"""

from typing import Any

import numpy as np
import pandas as pd

from exportlab import datasets
from exportlab.errors import DataError
from exportlab.panel import PolicyPanel
from exportlab.panel.sources import attach_policy

SOURCE = "National Bureau of Statistics; dates from public announcements"
NOTE = "simulated, not data of any province"

# %%
# **Known truth.** Twenty-eight units. The zone brings .20, e-commerce .10, both together nothing beyond
# the sum; half of the units with a zone get e-commerce two or four years later, a few get it without a
# zone.
rng = np.random.default_rng(11)
zone = np.where(np.arange(28) < 7, 2012.0, np.where(np.arange(28) < 14, 2014.0, np.inf))
shop = np.where(
    (np.arange(28) % 2 == 0) & (np.arange(28) < 14), zone + 3, np.where(np.arange(28) >= 25, 2015.0, np.inf)
)
years = np.arange(2005, 2021)
made = pd.DataFrame(
    {
        "unit": np.repeat([f"u{i:02}" for i in range(28)], len(years)),
        "year": np.tile(years, 28),
        "zone_since": np.repeat(zone, len(years)),
        "shop_since": np.repeat(shop, len(years)),
    }
)
made["log_trade"] = (
    np.repeat(rng.normal(8, 1, 28), len(years))
    + 0.04 * (made["year"] - 2005)
    + 0.20 * (made["year"] >= made["zone_since"])
    + 0.10 * (made["year"] >= made["shop_since"])
    + rng.normal(0, 0.04, len(made))
)
KEYS: dict[str, Any] = {"unit": "unit", "period": "year", "outcome": "log_trade"}
known = PolicyPanel(made, policies={"zone": "zone_since", "shop": "shop_since"}, **KEYS)
print(known.overlaps())

# %%
# A study that looks at the zone only takes e-commerce for a part of it. Years with both left out, the zone
# alone is seen; given the zone, e-commerce is compared between units of the same zone date.
ignored = PolicyPanel(made, adopted="zone_since", **KEYS).att("imputation")
alone = known.policy("zone").att("switching")
given = known.policy("shop", given="zone").att("switching")
for name, truth, estimate in (
    ("zone, e-commerce ignored", 0.20, ignored),
    ("zone, years with both left out", 0.20, alone),
    ("e-commerce, given the zone", 0.10, given),
):
    row = estimate.table.iloc[0]
    print(f"{name:<32} true {truth:.2f}, estimate {row['estimate']:.3f} ({row['std_error']:.3f})")
print(given.randomization_test(n_draws=99, rng=1))

# %%
ax = known.policy("zone").event_study("switching").plot(y="log points, zone alone", source=NOTE)
ax.axhline(0.20, color="black", linestyle="--", linewidth=0.8)

# %%
# **The provinces.** The first city with an e-commerce zone dates a province. Batches of 2015, 2016, 2018
# and 2020 are complete in the data; the zones of Ningxia and Tibet came in batches that are not, and so
# these two are left out.
FIRST = {
    "Hangzhou": "Zhejiang", "Chengdu": "Sichuan", "Chongqing": "Chongqing", "Dalian": "Liaoning",
    "Guangzhou": "Guangdong",
    "Hefei": "Anhui", "Qingdao": "Shandong", "Shanghai": "Shanghai", "Suzhou": "Jiangsu", "Tianjin": "Tianjin",
    "Zhengzhou": "Henan", "Beijing": "Beijing", "Changchun": "Jilin", "Changsha": "Hunan", "Guiyang": "Guizhou",
    "Haikou": "Hainan", "Harbin": "Heilongjiang", "Hohhot": "Inner Mongolia", "Kunming": "Yunnan", "Lanzhou": "Gansu",
    "Nanchang": "Jiangxi", "Nanning": "Guangxi", "Tangshan": "Hebei", "Wuhan": "Hubei", "Xi'an": "Shaanxi",
    "Xiamen": "Fujian", "Datong": "Shanxi", "Urumqi": "Xinjiang", "Xining": "Qinghai",
}  # fmt: skip
trade = datasets.load("province_trade")
trade = trade[(trade["nbs_indicator"] == "A060101") & trade["province"].isin(FIRST.values())]
shops = datasets.policy("cbec_zone")
shops = shops[shops["unit_name"].isin(FIRST)]
shops = shops.assign(province=shops["unit_name"].map(FIRST))
zones = datasets.policy("pilot_ftz")
table = trade[["province", "year", "value"]].reset_index(drop=True)
for dates, into in ((zones, "zone_since"), (shops, "shop_since")):
    table = attach_policy(
        table, dates, unit="province", period="year", dates_unit="province", first="half", into=into
    )
table["rcep_since"] = 2022.0
DOOR: dict[str, Any] = {"unit": "province", "period": "year", "outcome": "value", "transform": "log"}
three = PolicyPanel(
    table, policies={"zone": "zone_since", "e-commerce": "shop_since", "RCEP": "rcep_since"}, **DOOR
)
print(three.overlaps())
print(three.overlaps().together)

# %%
# **RCEP** has no variation of its own: it began everywhere at once, and effects of years take it whole. No
# regression on provinces can estimate it, whatever it prints. The call is refused.
try:
    three.together()
except DataError as refused:
    print(str(refused).split(". ")[0])

# %%
# **Zones and e-commerce** can be told apart in principle. One regression of both asks much: that each did
# the same everywhere and at all times since.
two = PolicyPanel(table, policies={"zone": "zone_since", "e-commerce": "shop_since"}, **DOOR)
both = two.together()
print(both)
print(both.randomization_test(term="e-commerce", n_draws=99, interval=False, rng=1))

# %%
# Without that assumption little is left. The zone alone, in years without e-commerce, is seen in two
# provinces only, which got it in 2017 and e-commerce in 2019. What e-commerce did given the zone is seen
# nowhere. The zone where e-commerce is on already is seen in thirteen provinces, against those of the same
# e-commerce date that got no zone yet: nothing shows.
for name, other in (("zone", None), ("e-commerce", "zone"), ("zone", "e-commerce")):
    said = name if other is None else f"{name}, given {other}"
    try:
        estimate = two.policy(name, given=other).att("switching")
        told = estimate.parts["switchers"]["unit"].nunique()
        print(f"{said}: {estimate.table['estimate'][0]:.3f} from {told} provinces; {estimate.sample}")
    except DataError as refused:
        print(f"{said}: {str(refused).split('. ')[0]}")

# %%
given_shop = two.policy("zone", given="e-commerce")
study = given_shop.event_study("switching")
print(study)
print(study.pretrend_test())
ax = study.plot(y="log points, zone where e-commerce is on", source=SOURCE)

# %%
# **Shared shocks.** Provinces carry the world's swings unequally. The test before the first policy has too
# few years here, and interactive effects have no more: rank one is tried beside two-way effects on the
# zone, and neither is to be quoted without the other.
zone_only = PolicyPanel(table, adopted="zone_since", **DOOR)
for rank in (0, 1):
    shared = zone_only.att("interactive", rank=rank)
    print(
        f"rank {rank}: {shared.table['estimate'][0]:.3f} ({shared.table['std_error'][0]:.3f}), {shared.sample}"
    )

# %%
# **What can be said.** RCEP cannot be studied on provinces: what all have at once is told apart only by
# who trades with whom. For the zone, one regression says nineteen log points, two provinces alone
# twenty-two, and thirteen that had e-commerce before it nothing. These are not noise around one number but
# answers to different questions, each from other provinces; and twelve provinces that had a policy before
# 2016 teach nothing of either. The table of overlaps is the honest result. A study of one policy that does
# not name the others in its window reports their sum.
