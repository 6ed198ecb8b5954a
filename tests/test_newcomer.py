"""The path of someone who has read the README alone: own workbook, index, bloc, figures, event study, Word, report."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pages
import pandas as pd
import pytest

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
PARTNERS = {"Japan": 30.0, "South Korea": 20.0, "Vietnam": 10.0, "USA": 25.0, "Germany": 15.0}
YEARS = range(2018, 2024)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where the newcomer works: a wide workbook and a panel."""
    pytest.importorskip("openpyxl")
    pytest.importorskip("docx")
    rng = np.random.default_rng(3)
    wide = pd.DataFrame([[p, *[v] * len(YEARS)] for p, v in PARTNERS.items()], columns=["Partner", *YEARS])
    wide.to_excel(tmp_path / "exports.xlsx", index=False)
    cities = pd.DataFrame([(c, y) for c in range(8) for y in YEARS], columns=["city", "year"])
    cities["zone_since"] = cities["city"].map({0: 2020, 1: 2020, 2: 2020, 3: 2021, 4: 2021})
    cities["exports"] = cities["year"] - 2000.0 + cities["city"] + rng.normal(0, 0.1, len(cities))
    cities.to_csv(tmp_path / "cities.csv", index=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_twelve_lines_of_python(folder):
    import docx

    _, code = re.findall(r"```python\n(.+?)```", README, re.DOTALL)
    assert len([line for line in code.splitlines() if line.strip()]) <= 12
    printed = pages.stdout_of(code, "README.md", {})
    figures = [float(line.split()[-1]) for line in printed.splitlines() if "period" not in line]
    assert figures[:6] == [pytest.approx(0.225)] * 6  # .3, .2, .1, .25 and .15, squared
    assert figures[6:] == [0, 0, 0, 0, 0.6, 0.6]  # RCEP is in force from 2022
    made = {p.name for p in folder.iterdir()} - {"exports.xlsx", "cities.csv"}
    assert made == {"markets.png", "event_study.png", "event_study.docx", "report"}
    document = docx.Document(str(folder / "event_study.docx"))
    assert document.paragraphs[0].text == "Exports around the year of the zone"
    assert len(document.tables[0].rows) > 4
    page = (folder / "report" / "index.html").read_text(encoding="utf-8")
    assert "South Korea" in page
    assert "RCEP" in page


def test_three_commands(folder):
    import docx

    commands = re.search(r"```console\n(.+?)```", README, re.DOTALL)[1]
    assert len(commands.splitlines()) <= 4
    pages.console(commands, "README.md")
    head, first, *_ = docx.Document(str(folder / "concentration.docx")).tables[0].rows
    assert [c.text for c in head.cells] == ["period", "HHI", "cr3"]
    assert [c.text for c in first.cells] == ["2018", "0.225", "0.750"]
    assert 'lang="zh' in (folder / "pages" / "index.html").read_text(encoding="utf-8")
