"""Numbers of the report and the examples, computed again from the raw CSV files in plain Python."""

from __future__ import annotations

import csv
from collections import defaultdict
from math import exp, log
from pathlib import Path

import numpy as np
import pytest

import exportlab
from exportlab.reporting.liaoning import content, official, page, policy, products

DATA = Path(exportlab.__file__).parent / "datasets"
TABLES = Path(exportlab.__file__).parent / "classifications" / "tables"


def read(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def row(table, column, value):
    return table[table[column] == value].iloc[0]


def test_bounds_of_market_concentration_in_2023():
    kept = ("2023-01", "2023-12", "total", "100m CNY")
    trade = [
        r
        for r in read(DATA / "liaoning_trade_by_partner.csv")
        if (r["start"], r["end"], r["flow"], r["unit"]) == kept
    ]
    value = {r["partner"]: float(r["value"]) for r in trade if r["value"] and r["partner"] != "BRI"}
    total = 7659.6
    rest = total - sum(value.values())
    size = {"EU": 27, "ASEAN": 10, "Africa": 57}
    others = len(read(TABLES / "countries.csv")) - 1 - sum(size.get(p, 1) for p in value)  # without China
    named = sum(v**2 for v in value.values())
    low = (sum(v**2 / size.get(p, 1) for p, v in value.items()) + rest**2 / others) / total**2
    unranked, high = (
        named + rest**2,
        named + value["EU"] ** 2 + (rest - value["EU"]) ** 2,
    )  # none above the EU
    shown = row(page.market_bounds(), "period", "2023")
    found = (shown.hhi_low, shown.hhi_high, shown.hhi_high_unranked)
    assert found == pytest.approx(
        (low, high / total**2, unranked / total**2), abs=1e-4
    )  # digits: half a unit each
    assert [round(x, 4) for x in found] == [0.0393, 0.1213, 0.1685]
    assert (shown.effective_number_low, shown.effective_number_high) == (
        1 / shown.hhi_high,
        1 / shown.hhi_low,
    )


def test_exports_to_a_market_are_at_most_the_trade_with_it():
    shown = official.export_bounds()
    high = shown[shown["period"] == "2023"].set_index("market")["high"]
    assert high["Japan"] == pytest.approx(901.2 / 3535.6, abs=1e-4)
    low = shown[shown["period"] == "2023"].set_index("market")["low"]
    assert (low["Russia"], high["Russia"]) == pytest.approx((144 / 3535.6,) * 2, abs=2e-4)
    rest = (
        7659.6 - 1317.1 - 901.2 - 634.1 - 595.4 - 575.7 - 567.2 - 549 - 153.2
    )  # the most that one unnamed could trade
    left = 3535.6 - 144 - 1317.1 - min(rest, 1317.1) - 757.4
    assert left == pytest.approx(0, abs=0.2)
    most = (144**2 + 2 * 1317.1**2 + 757.4**2) / 3535.6**2
    assert official.export_concentration("2023").high == pytest.approx(most, abs=1e-3)


def test_ranks_are_those_of_the_notes():
    """What an announcement calls the largest partner is the first in the data, and the others follow in its order."""
    rows = read(DATA / "liaoning_trade_by_partner.csv")
    ranked = defaultdict(dict)
    for r in rows:
        if r["rank"]:
            ranked[r["start"], r["end"]][int(r["rank"])] = r["partner"]
    noted = {
        (r["start"], r["end"]): (r["partner"], r["note"]) for r in rows if r["note"].startswith("largest")
    }
    assert {(s, e): partner for (s, e), (partner, _) in noted.items()} == {
        k: places[1] for k, places in ranked.items() if k != ("2012-01", "2012-09")
    }
    for when, places in ranked.items():
        assert sorted(places) == list(range(1, len(places) + 1))
        if len(places) > 1:
            named = noted[when][1].split("then ")[1].split(", ")
            assert [p.removeprefix("South ") for n, p in sorted(places.items()) if n > 1] == named


def test_shares_of_rcep():
    trade = {
        (r["start"], r["end"]): float(r["value"])
        for r in read(DATA / "liaoning_trade_by_partner.csv")
        if r["partner"] == "RCEP" and r["flow"] == "total" and r["value"] and r["unit"] == "100m CNY"
    }
    whole = {
        (r["start"], r["end"]): float(r["value"])
        for r in read(DATA / "liaoning_trade_totals.csv")
        if r["flow"] == "total" and r["unit"] == "100m CNY" and r["value"]
    }
    shown = page.rcep_share().set_index("start")["bloc_share"]
    for (start, end), value in trade.items():
        if (start, end) in whole:
            assert shown[start] == pytest.approx(value / whole[start, end])
    assert shown.round(3).tolist() == [0.327, 0.383]


def test_advantage_against_china_and_its_rounding():
    shown = products.advantage().iloc[0]
    assert shown.rca == pytest.approx(50.3 / 59.5)
    assert (shown.rca_low, shown.rca_high) == pytest.approx((50.25 / 59.55, 50.35 / 59.45))


def test_provinces_of_2024():
    value = {
        r["province"]: float(r["value"])
        for r in read(DATA / "province_trade.csv")
        if r["year"] == "2024" and r["nbs_indicator"] == "A060101"
    }
    total = sum(value.values())
    largest = sorted(value.values(), reverse=True)
    shown = row(products.provinces(), "year", 2024)
    assert shown.share == pytest.approx(value["Liaoning"] / total)
    assert shown["rank"] == 1 + largest.index(value["Liaoning"]) == 12
    assert shown.hhi == pytest.approx(sum((v / total) ** 2 for v in largest))
    assert shown.cr4 == pytest.approx(sum(largest[:4]) / total)
    assert [round(float(shown[c]), 4) for c in ("share", "hhi", "cr4")] == [0.0174, 0.1019, 0.5532]


def table_of_china(path):
    """Blocks of a non-competitive table: domestic and imported inputs, final uses, exports, output."""
    rows = read(path)
    codes = [f"{i:02}" for i in range(1, 43)]

    def block(origin, columns):
        return np.array(
            [
                [float(r[c] or 0) for c in columns]
                for r in rows
                if r["Origin"] == origin and r["Code"] in codes
            ]
        )

    uses = ["TC", "FU201", "FU202"]
    home, abroad = block("Domestic", codes), block("Imports", codes)
    return (home, abroad, block("Domestic", uses), block("Imports", uses), block("Domestic", ["EX"])[:, 0])


def test_domestic_content_of_chinas_exports(shared):
    for year, printed in ((2017, 0.790), (2018, 0.788), (2020, 0.805)):
        check_domestic_content(shared, year, printed)


def check_domestic_content(shared, year, printed):
    home, abroad, final, _, exports = table_of_china(shared / "data" / f"china_io_{year}_42.csv")
    output = home.sum(axis=1) + final.sum(axis=1) + exports
    scale = np.where(output > 0, output, 1)
    inverse = np.linalg.inv(np.eye(42) - home / scale)
    imported = (abroad / scale).sum(axis=0) @ inverse @ exports / exports.sum()
    shown = row(content.china(), "year", year)
    assert shown.imported == pytest.approx(imported, abs=2e-7)
    assert shown.domestic == pytest.approx(1 - imported, abs=2e-7)
    assert 1 - imported == pytest.approx(printed, abs=5e-4)


def test_bounds_of_value_added_in_liaonings_exports():
    """Each class takes the sector with the least or most value added; classes that may overlap do."""
    million = {
        r["product"]: float(r["value"])
        for r in read(DATA / "liaoning_exports_by_product.csv")
        if (r["start"], r["end"], r["flow"]) == ("2023-01", "2023-05", "export") and r["value"]
    }
    multipliers = read(DATA / "china_io_multipliers.csv")
    kept = {r["sector"]: float(r["domestic"]) for r in multipliers if r["year"] == "2020"}
    total, machines, cloth = 1452.9, million["mechanical & electrical"], million["textiles & garments"]
    cars, electrical = (
        million["electric passenger vehicles"],
        million["electrical equipment (dian gong qi cai)"],
    )
    assert (
        million["auto parts"] < electrical
    )  # car parts, batteries and solar cells can all be electrical equipment
    anything = [kept[s] for s in kept if s <= "22" and s not in ("16", "17", "18", "19", "20", "21")]
    shown = content.liaoning().table.iloc[0]
    for pick, end, sector in ((min, shown.low, "20"), (max, shown.high, "15")):
        assert kept[sector] == pick(kept[s] for s in ("10", "15", "16", "17", "18", "19", "20", "21"))
        made = electrical * kept["19"] + cars * kept["18"] + (machines - electrical - cars) * kept[sector]
        made += cloth * pick(kept["07"], kept["08"]) + (total - machines - cloth) * pick(anything)
        assert end == pytest.approx(made / total, abs=1e-9)
    assert (round(shown.low, 3), round(shown.high, 3)) == (0.650, 0.902)


@pytest.fixture(scope="module")
def zones():
    """Logs of provincial trade, and the year from which a zone counts (after June: the next year)."""
    y = defaultdict(dict)
    for r in read(DATA / "province_trade.csv"):
        if r["nbs_indicator"] == "A060101":
            y[r["province"]][int(r["year"])] = log(float(r["value"]))
    first = {}
    for r in read(DATA / "policy_dates.csv"):
        if r["policy"] == "pilot_ftz":
            year, *month = map(int, (r["opened"] or r["signed"] or r["public"]).split("-")[:2])
            first[r["province"]] = year + (bool(month) and month[0] > 6)
    return y, first


def test_callaway_and_santanna_for_the_pilot_zones(zones):
    y, first = zones
    years = sorted(y["Liaoning"])
    cohorts = defaultdict(list)
    for province in y:
        cohorts[first.get(province, 9999)].append(province)
    effects, weights = [], []
    for g, members in cohorts.items():
        if not years[0] < g <= years[-1]:
            continue
        for t in range(g, years[-1] + 1):
            others = [p for p in y if first.get(p, 9999) > t]
            own = np.mean([y[p][t] - y[p][g - 1] for p in members])
            effects.append(own - np.mean([y[p][t] - y[p][g - 1] for p in others]))
            weights.append(len(members))
    found = float(np.average(effects, weights=weights))
    shown = row(policy.estimates().table, "method", "Callaway-Sant'Anna")
    assert shown.estimate == pytest.approx(found, abs=1e-10)
    assert round(found, 3) == 0.189
    assert round(exp(found) - 1, 2) == 0.21


def test_two_way_effects_for_the_pilot_zones(zones):
    y, first = zones
    years = sorted(y["Liaoning"])
    outcome = np.array([[y[p][t] for t in years] for p in y])
    treated = np.array([[float(first.get(p, 9999) <= t) for t in years] for p in y])

    def within(m):
        return m - m.mean(1, keepdims=True) - m.mean(0) + m.mean()

    d, e = within(treated), within(outcome)
    slope = (d * e).sum() / (d * d).sum()
    scores = (d * (e - slope * d)).sum(axis=1)
    n, clusters, k = (
        d.size,
        len(y),
        1 + len(years),
    )  # province effects are nested in the clusters: not counted
    factor = clusters / (clusters - 1) * (n - 1) / (n - k)
    error = (factor * (scores**2).sum()) ** 0.5 / (d * d).sum()
    shown = row(policy.estimates().table, "method", "Two-way fixed effects")
    assert (shown.estimate, shown.std_error) == pytest.approx((slope, error), abs=1e-10)
    assert (round(slope, 3), round(error, 3)) == (0.220, 0.058)
