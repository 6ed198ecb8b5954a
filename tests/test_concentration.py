"""Concentration against numbers from outside; where the inputs are large they are read from ../shared."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd
import pytest

import exportlab as xl

CASES = list(
    csv.DictReader((Path(__file__).parent / "reference" / "concentration.csv").open(encoding="utf-8"))
)


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c['indicator']}: {c['values']}")
def test_published_and_worked_numbers(case):
    values = [float(v) for v in case["values"].split()]
    flows = xl.flows(pd.DataFrame({"market": [f"m{i}" for i in range(len(values))], "value": values}))
    options = {k: float(v) for k, v in (o.split("=") for o in case["options"].split())}
    universe = int(case["universe"]) if case["universe"] else "active"
    found = xl.measure(flows, {"it": (case["indicator"], options)}, over="market", by=[], universe=universe)
    assert round(found["it"].item(), int(case["digits"])) == float(case["expected"])


CHINA = {  # SITC rev. 2 at 4 digits, mean of 1998-2000; R economiccomplexity's data, indices from the shares there
    "hhi": 0.010116,
    "hhi_normalised_active": 0.008847,
    "hhi_normalised": 0.008854,
    "unctad_concentration": 0.067291,
    "theil": 1.207688,
    "gini": 0.740273,
    "cr3": 0.115592,
    "effective_number": 98.849,
}


def check_china(trade):
    flows = xl.flows(trade[trade["country"] == "chn"], exporter="country", product="product", value="value")
    found = xl.measure(flows, list(CHINA), over="product", universe=785)
    for name, value in CHINA.items():
        assert found[name].item() == pytest.approx(value, abs=5e-7 if value < 2 else 5e-4), name


def check_angola(trade):
    """By the forms called normalised: WITS by the active, econcomplex by all, UNCTAD by square roots."""
    table = trade[trade["country"] == "ago"]
    made = xl.flows(table, exporter="country")
    names = ["hhi", "hhi_normalised_active", "hhi_normalised", "unctad_concentration", "number_active"]
    found = xl.measure(made, names, over="product", by=[], universe=785).iloc[0]
    assert found[names].round(3).tolist() == [0.444, 0.443, 0.443, 0.654, 397]


def test_every_exporter_of_the_world_in_sitc(shared):
    """R economiccomplexity's world of 226 exporters and 785 products: all of them, China and Angola as printed."""
    folder = shared / "reference" / "indices"
    trade = pd.read_parquet(folder / "economiccomplexity_world_trade_1998_2000.parquet")
    expected = pd.read_csv(folder / "validation_r_data_indices.csv").set_index("country")
    flows = xl.flows(trade, exporter="country", product="product", value="value")
    shown = {
        "n": "number_active",
        "HHI": "hhi",
        "HHI_norm_n": "hhi_normalised_active",
        "HHI_norm_N": "hhi_normalised",
        "UNCTAD_sqrt_N": "unctad_concentration",
        "Theil_N": "theil",
        "Entropy": "shannon",
        "eff_num_H": "effective_number",
        "CR3": "cr3",
        "Gini_N": "gini",
    }
    found = xl.measure(flows, shown, over="product", universe=785).set_index("country")
    assert len(found) == len(expected) == 226
    for column in shown:
        pd.testing.assert_series_equal(
            found[column], expected[column].loc[found.index], check_dtype=False, check_names=False, rtol=2e-9
        )
    check_china(trade)
    check_angola(trade)
