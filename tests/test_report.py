"""The report: what it says from the embedded figures, what it makes of a customs download, and how it looks."""

from __future__ import annotations

import csv
import re
import shutil
from pathlib import Path

import customs
import pandas as pd
import pytest

import exportlab as xl
from exportlab.errors import UnknownName
from exportlab.readers import read_gacc
from exportlab.reporting import report
from exportlab.reporting.model import Page, Section, Table
from exportlab.reporting.render import safe, write


@pytest.fixture(scope="module")
def embedded(tmp_path_factory):
    return report(out=tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    file = customs.write(customs.draw(4000, 3, places=("21", "22")), folder / "download.csv", shuffle=1)
    flows = read_gacc(file, progress=False)
    return report(flows, out=folder / "report", exporter="辽宁省", home="CHN")


def rows(page: Path, table: str) -> list[dict[str, str]]:
    with (page.parent / "tables" / f"{table}.csv").open(encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def test_the_figures_the_report_must_show(embedded):
    text = embedded.read_text(encoding="utf-8")
    assert "7,659.6" in text
    shares = {r["partner"]: round(float(r["share"]), 3) for r in rows(embedded, "partners_2023")}
    assert shares == {"EU": 0.172, "Japan": 0.118, "South Korea": 0.083, "ASEAN": 0.078, "Saudi Arabia": 0.075,
                      "USA": 0.074, "Russia": 0.072}  # fmt: skip
    rcep = {r["period"]: f"{float(r['bloc_share']):.1%}" for r in rows(embedded, "rcep_share")}
    assert rcep == {"2023 Jan-May": "32.7%", "2025 Jan-May": "38.3%"}
    assert "32.7%" in text
    assert "38.3%" in text
    advantage = {(r["product"], r["year"]): f"{float(r['rca']):.2f}" for r in rows(embedded, "rca_china")}
    assert advantage["mechanical & electrical", "2020"] == "0.85"
    bounds = {r["period"]: r for r in rows(embedded, "market_bounds")}["2023"]
    assert 0 < float(bounds["hhi_low"]) < float(bounds["hhi_high"]) < 1


def test_every_table_has_unit_source_and_csv(embedded, own):
    for page in (embedded, own):
        text = page.read_text(encoding="utf-8")
        tables = re.findall(r'id="table-([^"]+)"', text)
        assert len(tables) == len(set(tables)) > 5
        assert len(re.findall(r"Unit: .+ Source: .+", text)) == len(tables)
        assert all((page.parent / "tables" / f"{t}.csv").is_file() for t in tables)


def test_the_page_stands_alone(embedded):
    text = embedded.read_text(encoding="utf-8")
    assert not re.search(r'(?:src|href)="(?:https?:)?//[^"]+\.(?:js|css|png|svg|woff)', text)
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))


def test_a_customs_download_is_analysed_in_full(own):
    text = own.read_text(encoding="utf-8")
    for title in ("Markets and their concentration", "The RCEP share", "Products and their concentration",
                  "Revealed comparative advantage"):  # fmt: skip
        assert text.count(title) >= 2  # in the contents list and as a heading
    index = rows(own, "market_concentration")
    assert [r["数据年月"] for r in index] == ["2023-01", "2023-02", "2023-03"]
    assert len(rows(own, "rcep_share")) == 6


def test_an_exporter_that_is_not_there(tmp_path):
    flows = xl.flows(pd.DataFrame({"exporter": ["Dalian"], "market": ["Japan"], "value": [1.0]}))
    with pytest.raises(UnknownName, match="There is no exporter named 'Dallian'. Did you mean 'Dalian'"):
        report(flows, out=tmp_path, exporter="Dallian")


def test_text_from_data_is_escaped_and_formulas_are_quoted(tmp_path):
    frame = pd.DataFrame({"name": ["<script>alert(1)</script>", "=cmd()", "-1"], "x": [-1.0, 2.0, 3.0]})
    section = Section("a", "T", ("x",), (Table("t", "<b>", frame, "u", "s"),))
    text = write(Page("P", "S", (section,)), tmp_path).read_text(encoding="utf-8")
    assert "<script>alert" not in text
    assert "&lt;b&gt;" in text
    assert safe(frame)["name"].tolist() == ["<script>alert(1)</script>", "'=cmd()", "'-1"]
    assert safe(frame)["x"].tolist() == [-1.0, 2.0, 3.0]


CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        pytest.skip("needs Chromium (Debian: chromium)")
    api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
             "--disable-sync", "--no-first-run"]  # fmt: skip
    with api.sync_playwright() as running:
        started = running.chromium.launch(executable_path=CHROMIUM, args=flags, timeout=60_000)
        yield started
        started.close()


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1100])
@pytest.mark.parametrize("which", ["embedded", "own"])
def test_the_page_in_a_browser(browser, request, which, width):
    page = browser.new_page(viewport={"width": width, "height": 900})
    problems = []
    page.on("pageerror", lambda e: problems.append(str(e)))
    page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
    page.goto(request.getfixturevalue(which).as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    sizes = page.eval_on_selector_all("figure svg", "all => all.map(x => [x.clientWidth, x.clientHeight])")
    assert len(sizes) >= 4
    assert all(w > 200 and h > 80 for w, h in sizes)
    assert page.evaluate(
        "[...document.querySelectorAll('figure svg')].every(s => s.querySelectorAll('path').length > 5)"
    )
    assert problems == []
    page.close()


@pytest.mark.browser
def test_tables_sort_by_number_and_back(browser, embedded):
    page = browser.new_page()
    page.goto(embedded.as_uri())
    cell = "#table-partners_2023 tbody tr td:nth-child(2)"
    values = lambda: [float(t.replace(",", "")) for t in page.locator(cell).all_inner_texts()]  # noqa: E731
    button = page.locator("#table-partners_2023 thead th:nth-child(2) button")
    button.click()
    assert values() == sorted(values())
    button.click()
    assert values() == sorted(values(), reverse=True)
    page.close()
