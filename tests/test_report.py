"""The report: what it says from the embedded figures, what it makes of a customs download, and how it looks."""

from __future__ import annotations

import csv
import html
import re
import shutil
import zlib
from collections import Counter
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import get_args

import customs
import numpy as np
import pandas as pd
import patience
import pytest
from conftest import without_pictures

import exportlab as xl
from exportlab import words
from exportlab.classifications import hs_chapters, hs_sections
from exportlab.errors import DataError, ExportlabError, MissingDependency, OptionError, UnknownName
from exportlab.plots.claims import verdicts
from exportlab.readers import read_gacc
from exportlab.reporting import report
from exportlab.reporting.liaoning import ledger, official, policy
from exportlab.reporting.liaoning import page as published
from exportlab.reporting.own import intervals, naming
from exportlab.reporting.own import page as own_report
from exportlab.tables import document
from exportlab.tables.export import workbook, write
from exportlab.tables.headings import HEADINGS
from exportlab.tables.model import Page, Picture, Section, Table
from exportlab.tables.publication import latex
from exportlab.tables.render import grid
from exportlab.tables.writing import csv_text
from exportlab.uncertainty.methods import Kind
from exportlab.words import Said

pytestmark = pytest.mark.long
STEPS: list[str] = []


PICTURES: dict[Path, tuple[Picture, ...]] = {}  # of each page that is written


def written(*flows, **asked):
    """A report whose pictures are kept, for tests that look at them."""
    of = own_report if flows else published
    made, pages = of.page, []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(of, "page", lambda *given: pages.append(made(*given)) or pages[-1])
        path = report(*flows, **asked)
    PICTURES[path] = pages[0].pictures
    return path


@pytest.fixture(scope="module")
def embedded(tmp_path_factory):
    STEPS.clear()
    return written(out=tmp_path_factory.mktemp("report"), progress=STEPS.append)


@pytest.fixture(scope="module")
def download(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    file = customs.write(customs.draw(4000, 3, places=("21", "22")), folder / "download.csv", shuffle=1)
    return read_gacc(file, progress=False)


@pytest.fixture(scope="module")
def own(download, tmp_path_factory):
    return written(download, out=tmp_path_factory.mktemp("own_en"), exporter="辽宁省", home="CHN")


@pytest.fixture(scope="module")
def own_in_chinese(download, tmp_path_factory):
    return written(download, out=tmp_path_factory.mktemp("own_zh"), exporter="辽宁省", home="CHN", lang="zh")


@pytest.fixture
def no_pictures(monkeypatch):
    """For tests of what a page says."""
    without_pictures(monkeypatch)


def rows(page: Path, table: str) -> list[dict[str, str]]:
    """The rows of a CSV file, under the columns' own names in any language."""
    with words.speaking("zh"):
        names = {words._(said): name for name, said in reversed(HEADINGS.items())}
        names[words._("share")] = "share"  # as three columns are called
    with (page.parent / "tables" / f"{table}.csv").open(encoding="utf-8-sig") as file:
        return [{names.get(c, c): v for c, v in row.items()} for row in csv.DictReader(file)]


def test_the_figures_the_report_must_show(embedded):
    text = embedded.read_text(encoding="utf-8")
    assert "766.0 billion CNY" in text
    assert "107.4 billion USD" in text
    shares = {r["partner"]: round(float(r["share"]), 3) for r in rows(embedded, "partners_2023")}
    assert shares == {
        "EU": 0.172,
        "Japan": 0.118,
        "South Korea": 0.083,
        "ASEAN": 0.078,
        "Saudi Arabia": 0.075,
        "USA": 0.074,
        "Russia": 0.072,
    }
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


def test_each_step_is_told_of(embedded):
    sections = re.findall(r"<h2>([^<]+)</h2>", embedded.read_text(encoding="utf-8"))[1:-1]
    told = [html.unescape(s) for s in sections]
    assert [
        "Computing from the embedded figures",
        *(f"Computing: {s}" for s in told),
        "Drawing and writing the page",
    ] == STEPS


def test_the_page_stands_alone(embedded):
    text = embedded.read_text(encoding="utf-8")
    assert not re.search(r'(?:src|href)="(?:https?:)?//[^"]+\.(?:js|css|png|svg|woff)', text)
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))


def test_a_customs_download_is_analysed_in_full(own):
    text = own.read_text(encoding="utf-8")
    for title in (
        "Markets and their concentration",
        "The RCEP share",
        "Products and their concentration",
        "Revealed comparative advantage",
    ):
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
    assert csv_text(frame).split() == ["name,x", "<script>alert(1)</script>,-1.0", "'=cmd(),2.0", "'-1,3.0"]


@pytest.fixture(scope="module")
def chinese(tmp_path_factory):
    return written(
        out=tmp_path_factory.mktemp("zh"),
        lang="zh",
        also=("excel", "latex", "svg", "png", "word", "markdown"),
    )


HAN = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def used():
    return words.messages()


def test_every_english_string_has_a_translation(used):
    catalogue = words.catalogue("zh")
    assert len(used) > 250
    assert [m for m in used if not catalogue.get(m)] == []
    names = lambda text: sorted(re.findall(r"\{\w+\}", text))  # noqa: E731
    assert [m for m in used if set(names(m)) != set(names(catalogue[m]))] == []
    wordless = re.compile(r"(\{\w+\}|\w+=|[ ,])*")
    same = {m for m in used if catalogue[m] == m and not wordless.fullmatch(m)}
    assert same == set()


def test_a_catalogue_has_nothing_that_is_not_used(used, tmp_path, monkeypatch):
    (tmp_path / "locale").mkdir()
    file = tmp_path / "locale" / "zh.po"
    kept = (words.HERE / "locale" / "zh.po").read_bytes()
    file.write_bytes(kept + b'\nmsgid "no longer used"\nmsgstr "x"\n')
    monkeypatch.setattr(words, "messages", lambda: used)
    monkeypatch.setattr(words, "HERE", tmp_path)
    words.update("zh")
    lines = lambda data: [x for x in data.splitlines() if not x.startswith(b'"Generated-By')]  # noqa: E731
    assert lines(file.read_bytes()) == lines(kept)


def test_the_chinese_page_is_in_chinese(chinese):
    text = chinese.read_text(encoding="utf-8")
    assert '<html lang="zh-Hans-CN">' in text
    text = re.sub(r"<svg.*?</svg>", "", text, flags=re.DOTALL)
    for tag in ("h1", "h2", "caption", "p", "dt", "li", "button", "title"):
        found = re.findall(rf"<{tag}\b[^>]*>(.*?)</{tag}>", text, re.DOTALL)
        assert found
        assert [t for t in found if not HAN.search(t)] == []
    assert "2023年1—5月：32.7%" in text
    assert "机电产品" in text
    labels = re.findall(r'aria-label="([^"]+)"', text)
    assert all(HAN.search(label) for label in labels)


def test_words_of_the_embedded_data_are_translated():
    facts = xl.datasets.describe()
    terms = [
        *facts["title"],
        *facts["not_in"],
        *official.partners("2023-01", "2023-12")["partner"],
        *official.product_shares()["product"],
        *(s.title for s in hs_sections()),
    ]
    with words.speaking("zh"):
        assert [t for t in terms if not HAN.search(words.term(t))] == []
        assert words.term("2025 Jan-Oct") == "2025年1—10月"
        assert words.term("Feb") == "2月"
        assert words.term("May-Foo") == "May-Foo"
        assert words.term("Saudi Arabia") == "沙特阿拉伯"
    assert words.term("EU") == "EU"


SENTENCES = ["what", "claimed", "computed", "evidence", "source", "tolerance"]
ADDRESS = re.compile(r"(?:https?:|github:)[^\s；]+|论断[a-z0-9-]+")


def test_the_ledger_is_in_chinese_word_for_word():
    table = ledger.checked()
    with words.speaking("zh"):
        cells = [words.term(v) for c in SENTENCES for v in table[c]]
        assert not any("{" in c for c in cells)
    left = {w for c in cells for w in re.findall(r"[A-Za-z]+", ADDRESS.sub("", c))}
    assert left == {"RCEP", "HHI", "Rauch", "D"}
    assert all(isinstance(v, Said) for c in SENTENCES for v in table[c])


def test_the_ledger_counts_in_the_units_of_the_language():
    table = ledger.checked().set_index("id")
    with words.speaking("zh"):
        said = {i: words.term(table.loc[i, "claimed"]) for i in table.index}
        assert said["marine-ftz-trade"] == "1,264.3亿元"
        assert said["marine-ftz-fdi"] == "7.40亿美元"
        assert said["marine-port-containers"] == "超过1,200万标准箱"
        assert said["marine-coastal-cities"] == "六个城市"
        assert said["marine-shipbuilding-rank"] == "前三位"
        assert words.term(table.loc["marine-ftz-trade", "computed"]) == "1,259.9至1,267.7亿元"
    assert str(table.loc["marine-ftz-trade", "claimed"]) == "126.43 bn CNY"
    assert words.term(table.loc["marine-shipbuilding-rank", "claimed"]) == "top three"


def test_numbers_as_each_language_writes_them():
    for language in ("en", "zh"):
        with words.speaking(language):
            assert words.number(12345.678, ",.1f") == "12,345.7"
            assert words.number(0.12345, ".3f") == "0.123"
            assert words.number(0.0525, "share") == "5.2%"  # halves to even, as the CLDR says
            assert words.number(-3.5, ",.0f") == "-4"
            assert words.percent(0.5) == "50.0%"


def test_figures_are_in_chinese_and_have_its_glyphs(chinese):
    from matplotlib.text import Text

    assert len(PICTURES[chinese]) >= 9
    for picture in PICTURES[chinese]:
        said = [t.get_text() for t in picture.axes.findobj(Text) if t.get_visible()]
        left = [t for t in said if re.search(r"[a-z]{3,} [a-z]{2,}", t) and not HAN.search(t)]
        assert left == [], picture.name
        assert HAN.search(picture.axes.get_title(loc="left") or picture.axes.get_title()), picture.name


def test_tables_in_excel_are_numbers_and_text_never_formulas(chinese, tmp_path):
    openpyxl = pytest.importorskip("openpyxl", reason="needs openpyxl")
    book = openpyxl.load_workbook(chinese.parent / "tables" / "report.xlsx")
    assert book.sheetnames[0] == "目录"
    sheet = book["partners_2023"]
    assert [c.value for c in sheet[1]] == ["贸易伙伴", "值", "占比", "发布日期", "来源"]
    assert sheet["A2"].value == "欧盟"
    assert sheet["B2"].value == 1317.1
    assert sheet["C2"].number_format == "0.0%"
    frame = pd.DataFrame({"=name": ["=1+1", "a\x00b", "@x"], "x": [1.0, float("nan"), float("inf")]})
    page = Page("P", "S", (Section("a", "T", (), (Table("t/[x]", "t", frame, "u", "s"),) * 2),))
    made = workbook(page)
    assert made.sheetnames[1:] == ["t__x_", "t__x_~1"]
    cells = list(made["t__x_"].values)
    assert cells == [("=name", "x"), ("=1+1", 1.0), ("a\N{REPLACEMENT CHARACTER}b", None), ("@x", "inf")]
    assert {c.data_type for row in made["t__x_"] for c in row} == {"s", "n"}
    assert made["t__x_"]["A2"].quotePrefix


def test_tables_in_latex_are_escaped_and_aligned(chinese):
    text = (chinese.parent / "tables" / "partners_2023.tex").read_text(encoding="utf-8")
    assert r"\begin{tabular}{lrrll}" in text
    assert r"欧盟 & 1,317.1 & 17.2\% & 2024-01-18 & " in text
    assert "longtable" in (chinese.parent / "tables" / "claims_open.tex").read_text(encoding="utf-8")
    frame = pd.DataFrame({"a_b": ["50% & #1 {x}~^\\", "$"]})
    made = latex(grid(Table("t", "A & B", frame, "u", "s")))
    assert r"a\_b" in made
    assert r"50\% \& \#1 \{x\}\textasciitilde{}\textasciicircum{}\textbackslash{}" in made
    assert r"\caption{A \& B}" in made


def test_figures_in_files(chinese):
    folder = chinese.parent / "figures"
    kinds = {"png": b"\x89PNG", "pdf": b"%PDF", "svg": b"<?xml"}
    names = {p.stem for p in folder.iterdir()}
    assert {"rcep_share", "hhi_bounds", "liaoning_content", "verdicts"} <= names
    for kind, start in kinds.items():
        made = list(folder.glob(f"*.{kind}"))
        assert {p.stem for p in made} == names
        assert all(p.read_bytes().startswith(start) for p in made)


def test_word_and_markdown_have_the_whole_report(chinese):
    docx = pytest.importorskip("docx", reason="needs python-docx")
    made = docx.Document(str(chinese.parent / "report.docx"))
    heads = [p.text for p in made.paragraphs if p.style.name == "Heading 1"]
    pictures = len(list((chinese.parent / "figures").glob("*.svg")))
    text = (chinese.parent / "report.md").read_text(encoding="utf-8")
    assert heads == re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert len(made.inline_shapes) == text.count("](figures/") == pictures
    tables = len(list((chinese.parent / "tables").glob("*.csv")))
    assert len(made.tables) == tables == len(re.findall(r"^\|[ :|-]+\|$", text, re.MULTILINE))
    assert "| 欧盟 | 1,317.1 | 17.2% |" in text
    held = next(
        [c.paragraphs[0] for c in r.cells] for t in made.tables for r in t.rows if r.cells[0].text == "欧盟"
    )
    sides = [(p.text, getattr(p.alignment, "name", None), p.runs[0].font.size.pt) for p in held[:3]]
    assert sides == [("欧盟", None, 8), ("1,317.1", "RIGHT", 8), ("17.2%", "RIGHT", 8)]
    assert all((chinese.parent / f).is_file() for f in re.findall(r"\]\((figures/[^)]+)\)", text))


def test_a_browser_prints_the_report_as_one_pdf(tmp_path):
    if document.browser() is None:
        pytest.skip("needs Chromium (Debian: chromium)")
    table = pd.DataFrame({"market": ["Japan", "USA"], "value": [1.0, 2.0]})
    report(xl.flows(table, unit="USD"), out=tmp_path, also="pdf")
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")


def test_what_prints_without_a_browser_gets_the_page_as_its_script_leaves_it(embedded, tmp_path, monkeypatch):
    given = []

    class Html:
        def __init__(self, *, string, base_url):
            given.append(string)

        def write_pdf(self):
            return b"%PDF-"

    monkeypatch.setattr(document, "printer", lambda: "weasyprint")
    monkeypatch.setattr(document, "needed", lambda *names: SimpleNamespace(HTML=Html))
    page = tmp_path / "index.html"
    page.write_bytes(embedded.read_bytes())
    assert document.pdf(page).read_bytes() == b"%PDF-"
    (text,) = given
    body, before = (t.partition("<body")[2] for t in (text, embedded.read_text(encoding="utf-8")))
    assert "<button" not in body
    assert body.count("<th ") == before.count("<th ") > 20
    assert body.count('class="brief"') == before.count("data-brief=") > 2


def test_what_cannot_print_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(document, "browser", lambda: None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingDependency, match=r"needs weasyprint: pip install 'exportlab\[pdf\]'"):
        report(out=tmp_path / "r", also="pdf")
    assert not (tmp_path / "r").exists()
    broken = tmp_path / "chromium"
    broken.write_text("#!/bin/sh\necho no display >&2\n")
    broken.chmod(0o755)
    monkeypatch.setattr(document, "browser", lambda: str(broken))
    (tmp_path / "index.html").write_text("<p>x")
    with pytest.raises(ExportlabError, match="did not print index.html: no display"):
        document.pdf(tmp_path / "index.html")


def test_heads_and_words_of_csv_files_are_in_one_language(chinese):
    heads = (chinese.parent / "tables" / "totals.csv").read_text(encoding="utf-8-sig").splitlines()
    assert heads[0] == "年份,时期,流向,值,单位,同比，%,发布日期,来源"
    assert ",进出口," in heads[1]
    assert "亿元" in heads[1]


def test_only_the_folder_named_is_written(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "tables").symlink_to(outside)
    page = Page("P", "S", (Section("a", "T", ("x",)),))
    with pytest.raises(OptionError, match="outside the folder of the report"):
        write(page, tmp_path / "out")
    assert list(outside.iterdir()) == []


def test_options_are_refused_before_anything_is_written(tmp_path, monkeypatch):
    with pytest.raises(OptionError, match="lang='fr' is not allowed. Allowed: 'en', 'zh'"):
        report(out=tmp_path / "r", lang="fr")
    with pytest.raises(OptionError, match="also='exel' is not allowed.*Did you mean 'excel'"):
        report(out=tmp_path / "r", also="exel")
    monkeypatch.setattr("exportlab.tables.export.find_spec", lambda name: None)
    with pytest.raises(MissingDependency, match=r"needs openpyxl: pip install 'exportlab\[excel\]'"):
        report(out=tmp_path / "r", also=["excel"])
    assert not (tmp_path / "r").exists()


def test_the_summary_has_at_most_six_figures_and_how_sure_they_are(embedded, own):
    known = ("107.4 billion USD", "0.039 to 0.121", "38.3%", "0.845", "65% to 90%", "1.74%")
    for page, figures in ((embedded, known), (own, ())):
        text = page.read_text(encoding="utf-8")
        summary = re.search(r'<section id="summary">(.+?)</section>', text, re.DOTALL)[1]
        assert summary.count('class="value"') == summary.count('class="sure"') == (len(figures) or 5)
        assert all(f'class="value">{f}<' in summary for f in figures)
        targets = re.findall(r'href="#(\w+)"', summary)
        assert all(f'<section id="{t}">' in text for t in targets)
    counts = xl.claims.check()["verdict"].value_counts()
    text = embedded.read_text(encoding="utf-8")
    assert all(f"{n} {verdict}" in text for verdict, n in counts.items())


@pytest.mark.parametrize(
    ("p", "says"), [(0.049, "faster before the zones"), (0.07, "differs by +0.19 in logs")]
)
def test_a_policy_is_titled_by_its_effect_unless_trends_differed_before(p, says):
    found = policy.estimates()
    assert found is not None
    assert says in policy._title(replace(found, pretrend_p=p))


def test_value_added_and_policy_sections(embedded):
    china = {r["year"]: r for r in rows(embedded, "china_content")}
    known = pd.read_csv(Path(__file__).parent / "reference" / "valueadded_single_china.csv")
    for row in known[known["year"].isin([2017, 2018, 2020])].to_dict("records"):
        own = china[str(row["year"])]
        assert round(100 * float(own["domestic_share"]), 1) == row["dva_pct"]
        assert round(100 * float(own["imported_share"]), 1) == row["vs_pct"]
    zones = {r["method"]: r for r in rows(embedded, "zones")}
    assert float(zones["Callaway-Sant'Anna"]["estimate"]) == pytest.approx(0.189, abs=5e-4)
    text = embedded.read_text(encoding="utf-8")
    assert "What the design cannot show" in text
    assert "grew faster before the zones already (test of equal trends: p " in text


def test_claims_fold_their_evidence(embedded):
    text = embedded.read_text(encoding="utf-8")
    table = re.search(r'<table[^>]*id="table-claims_checked".+?</table>', text, re.DOTALL)[0]
    heads = re.findall(r'<button type="button">([^<]+)</button>', table)
    assert heads == ["what", "claimed", "computed", "verdict"]
    assert table.count("<details>") == table.count("<tr>") - 1
    assert "evidence: " in table


def test_structure_by_section_where_products_are_hs_codes(no_pictures, tmp_path):
    table = pd.DataFrame({"product": ["270112", "870380", "850760", "010121"], "value": [1.0, 6, 2, 1]})
    page = report(xl.flows(table, unit="USD"), out=tmp_path)
    sections = [(r["hs_section"][:4].strip(), r["share"]) for r in rows(page, "hs_sections")]
    assert sections == [("XVII", "0.6"), ("XVI", "0.2"), ("V Mi", "0.1"), ("I Li", "0.1")]
    page = report(xl.flows(table.assign(product=list("abcd")), unit="USD"), out=tmp_path / "b")
    assert not (page.parent / "tables" / "hs_sections.csv").exists()


def test_markets_that_are_no_countries_have_no_bloc_share_and_the_page_says_why(no_pictures, tmp_path):
    table = xl.flows(pd.DataFrame({"market": ["north", "Japan"], "value": [1.0, 2.0]}), unit="USD")
    text = report(table, out=tmp_path).read_text(encoding="utf-8")
    assert "The share of RCEP is left out: 1 markets are no known country or bloc" in text
    assert rows(tmp_path / "index.html", "market_concentration")[0]["number_active"] == "2.0"
    assert not (tmp_path / "tables" / "rcep_share.csv").exists()
    with pytest.raises(UnknownName, match="no bloc named 'RECP'"):
        report(table, out=tmp_path, bloc="RECP")


def test_products_have_their_names(own, download):
    table = rows(own, "product_shares")
    known = {c.code: c.title for c in hs_chapters()}
    assert all(r["product_name"] == known.get(r["商品编码"][:2], r["商品编码"]) for r in table)
    code = table[0]["商品编码"]
    with words.speaking("zh"):  # the file's own names, for those who read them
        assert naming.products(download, [code]) == {code: f"第{code}号商品, 未列名（{code}）"}
        assert naming.products(download, [code], coded=False) == {code: f"第{code}号商品, 未列名"}


# How sure: intervals, and what the data allow.
def test_the_figures_on_top_have_the_intervals_of_the_library(own, download):
    flows = own_flows(download)
    last = xl.flows(
        flows.table.query("数据年月 == '2023-03'").drop(columns="贸易方式名称"), **ROLES, aggregate="sum"
    )
    found = {
        "market_sure": xl.interval(
            last, "hhi", over="market", by="period", resample="product", scale="logit"
        ),
        "product_sure": xl.interval(
            last, "hhi", over="product", by="period", resample="market", scale="logit"
        ),
        "rcep_sure": xl.interval(
            last, "bloc_share", bloc="RCEP", home="CHN", by="period", resample="product", scale="logit"
        ),
    }
    text = own.read_text(encoding="utf-8")
    for name, made in found.items():
        row, expected = rows(own, name)[0], made.table.iloc[0]
        for column in ("estimate", "conf_low", "conf_high"):
            assert float(row[column]) == pytest.approx(expected[column], rel=1e-9)
        assert 0 < float(row["conf_low"]) < float(row["conf_high"]) < 1
        form = "{:.1%}" if name == "rcep_sure" else "{:.4f}"
        assert (
            f"95 % interval {form.format(expected['conf_low'])} to {form.format(expected['conf_high'])}"
            in text
        )
    assert len(rows(own, "market_sure")) == 1  # of three months no change is told
    assert text.count("No change is told: the table has no earlier year to compare 2023-03 with.") == 2


ROLES = {"period": "数据年月", "market": "贸易伙伴名称", "product": "商品编码", "value": "美元"}


def own_flows(flows):
    table = flows.table
    return xl.flows(
        table[table["注册地名称"] == "辽宁省"].drop(columns="注册地名称"), **ROLES, keys="贸易方式名称"
    )


def test_advantage_has_its_intervals(own, download):
    """Against all exporters of the table, markets drawn on both sides."""
    expected = xl.interval(
        download, "rca", by=["period", "exporter"], resample="market", method="delta", scale="log"
    ).table
    expected = expected.set_index(["数据年月", "注册地名称", "商品编码"])
    table = rows(own, "rca")
    assert len(table) == 20
    for row in table:
        known = expected.loc[row["数据年月"], row["注册地名称"], row["商品编码"]]
        assert float(row["rca"]) == pytest.approx(known["estimate"])
        assert float(row["conf_low"]) == pytest.approx(known["conf_low"])
    last = expected.loc["2023-03"].loc["辽宁省"]
    said = f"Of {int((last['conf_low'] > 1).sum())} the whole 95 % interval is above 1 (delta method, markets drawn)."
    assert said in own.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def world():
    """Twelve countries with incomes, products in SITC, and a province's exports by market."""
    rng = np.random.default_rng(1)
    codes = sorted(xl.lall().links)[:120]
    cells = [
        (y, f"C{i:02d}", k, rng.lognormal())
        for y in ("2021", "2023")
        for i in range(12)
        for k in codes
        if rng.random() < 0.7
    ]
    table = pd.DataFrame(cells, columns=["year", "country", "sitc", "usd"])
    known = set(table.groupby("sitc")["year"].nunique().loc[lambda n: n == 2].index)
    mine = [
        (y, m, k, rng.lognormal(0, 1))
        for y in ("2021", "2023")
        for m in ("Japan", "USA", "Germany", "Vietnam")
        for k in codes
        if k in known and rng.random() < 0.4
    ]
    own = pd.DataFrame(mine, columns=["year", "partner", "sitc", "usd"])
    reference = xl.flows(table, period="year", exporter="country", product="sitc", value="usd")
    flows = xl.flows(own, period="year", market="partner", product="sitc", value="usd", unit="USD")
    return flows, reference, {f"C{i:02d}": 1000.0 * (i + 1) for i in range(12)}


@pytest.fixture(scope="module", params=["en", "zh"])
def placed(request, world, tmp_path_factory):
    flows, reference, income = world
    with pytest.MonkeyPatch.context() as patch:
        without_pictures(patch)
        return report(
            flows,
            out=tmp_path_factory.mktemp(f"placed_{request.param}"),
            reference=reference,
            income=income,
            technology="sitc3",
            lang=request.param,
        )


def test_sophistication_is_the_library_s(placed, world):
    flows, reference, income = world
    shares = xl.lall_shares(flows, products="sitc3", level="group", by="period").query("year == '2023'")
    found = {r["class"]: float(r["share"]) for r in rows(placed, "lall") if r["year"] == "2023"}
    assert found == pytest.approx(dict(zip(shares["class"], shares["lall_shares"], strict=True)))
    assert len(rows(placed, "lall_sure")) == len(found)
    table, own = reference.table, flows.table  # EXPY by hand: PRODY with shares of shares as weights
    level = {}
    for year in ("2021", "2023"):
        x = table[table["year"] == year].pivot_table(
            index="country", columns="sitc", values="usd", fill_value=0.0
        )
        s = x.div(x.sum(axis=1), axis=0)
        prody = s.mul(pd.Series(income), axis=0).sum() / s.sum()
        mine = own[own["year"] == year].groupby("sitc")["usd"].sum()
        level[year] = (mine * prody.reindex(mine.index)).sum() / mine.sum()
    assert {r["year"]: float(r["expy"]) for r in rows(placed, "expy")} == pytest.approx(level)


def test_complexity_is_read_off_the_reference(placed, world):
    flows, reference, _income = world
    at = lambda f, **roles: xl.flows(f.table.query("year == '2023'"), period="year", value="usd", **roles)  # noqa: E731
    solved = xl.complexity(at(reference, exporter="country", product="sitc"))
    mine = at(flows, market="partner", product="sitc").table.assign(region="own")
    place = solved.project(
        xl.flows(mine, period="year", exporter="region", market="partner", product="sitc", value="usd")
    )
    assert f"{place.table['eci'].item():.2f}" in placed.read_text(encoding="utf-8")
    pairs = place.pairs[~place.pairs["present"].astype(bool)].nlargest(15, "density")
    assert [float(r["density"]) for r in rows(placed, "near")] == pytest.approx(pairs["density"].tolist())


def test_six_figures_where_all_can_be_told(placed):
    text = placed.read_text(encoding="utf-8")
    summary = re.search(r'<section id="summary">(.+?)</section>', text, re.DOTALL)[1]
    assert summary.count('class="value"') == summary.count('class="sure"') == 6
    assert 'href="#sophistication"' in summary
    assert 'href="#totals"' in summary
    assert "hs_sections" not in text  # SITC is not read as HS


@pytest.mark.parametrize("placed", ["zh"], indirect=True)
def test_nothing_on_the_chinese_page_is_left_in_english(placed):
    text = placed.read_text(encoding="utf-8")
    for tag in ("h2", "caption", "p", "dt", "li", 'dd class="sure"'):
        found = re.findall(rf"<{tag}\b[^>]*>(.*?)</{tag.split()[0]}>", text, re.DOTALL)
        assert [t for t in found if not HAN.search(t)] == []
    notes = {r["note"] for name in ("market_sure", "lall_sure", "rca") for r in rows(placed, name)} - {""}
    assert notes
    assert all(HAN.search(n) for n in notes)


@pytest.mark.parametrize(("lang", "between"), [("en", True), ("zh", False)])
def test_what_stands_behind_exports(no_pictures, tmp_path, lang, between):
    """Jobs and carbon of an input-output table: the library's figures, by market or by sector."""
    flows = xl.flows(pd.DataFrame({"market": ["Japan", "USA"], "value": [1.0, 2.0]}))
    sectors = ["farm", "mill"]
    index = pd.MultiIndex.from_product([["AUS", "CHN", "USA"], sectors]) if between else pd.Index(sectors)
    n = len(index)
    Z = pd.DataFrame(np.arange(1.0, n * n + 1).reshape(n, n) / n, index, index)
    beside = pd.DataFrame([np.arange(1.0, n + 1), np.arange(n, 0.0, -1)], ["employment", "CO2"], index)
    if between:
        Y = pd.DataFrame(np.full((n, 3), 30.0), index, ["AUS", "CHN", "USA"])
        t = xl.valueadded.InterCountryTable.from_frames(Z, Y, satellites=beside, unit="million USD")
    else:
        t = xl.valueadded.IOTable.from_frames(
            Z,
            final=pd.Series([9.0, 8.0], index),
            exports=[5.0, 3.0],
            imported=0.5 * Z,
            satellites=beside,
            unit="million CNY",
        )
    page = report(flows, out=tmp_path, table=t, home="China", lang=lang)
    for k, name in enumerate(beside.index):
        found = (
            pd.DataFrame(rows(page, f"behind_{k + 1}"))
            .set_index("market" if between else "sector")
            .astype(float)
        )
        if between:
            known = t.embodied(name, by=("exporter", "importer"), code="X").query("exporter == 'CHN'")
            known = known.set_index("importer")
            assert found["abroad"].to_dict() == pytest.approx(known["EXGR_FX"].to_dict())
            assert found["content_per_unit"].to_dict() == pytest.approx(known["EXGR_TXINT"].to_dict())
            assert found["content"].sum() == pytest.approx(known["EXGR_TX"].sum())
            continue
        known = t.embodied(name).set_index("sector")
        for ours, theirs in (("own_sector", "direct"), ("content", "domestic"), ("arisen", "forward")):
            assert found[ours].to_dict() == pytest.approx(known[theirs].to_dict())
    text = page.read_text(encoding="utf-8")
    section = re.search(r'<section id="behind">.*?</section>', text, re.DOTALL)[0]
    if between:
        feet = t.footprint("CO2", code="X").set_index("country").loc["CHN"]
        assert f"final demand at home causes {feet['DFD_FX']:.3f} abroad" in section
    else:
        assert all(HAN.search(p) for p in re.findall(r"<(?:p|th|caption)\b[^>]*>(.*?)</", section, re.DOTALL))


def test_a_province_is_told_within_bounds_and_what_cannot_be_told_is_refused(no_pictures, tmp_path):
    names = ["farm", "mill"]
    Z = pd.DataFrame([[10.0, 20.0], [5.0, 30.0]], names, names)
    given = {
        "final": pd.Series([30.0, 60.0], names),
        "exports": [40.0, 25.0],
        "imports": [12.0, 9.0],
        "inflow": [5.0, 3.0],
    }
    jobs = pd.Series([50.0, 12.0], names, name="jobs")
    t = xl.valueadded.IOTable.from_frames(Z, **given, satellites=jobs)
    page = report(xl.flows(pd.DataFrame({"market": ["Japan"], "value": [1.0]})), out=tmp_path, table=t)
    bounds = t.province_bounds(satellite="jobs").iloc[0]
    (row,) = rows(page, "behind_bounds")
    assert (float(row["low"]), float(row["high"])) == pytest.approx((bounds["low"], bounds["high"]))
    assert (
        f"between {65 * bounds['low']:.2f} and {65 * bounds['high']:.2f} in the province"
        in page.read_text(encoding="utf-8")
    )
    with pytest.raises(OptionError, match="table= has no satellites"):
        report(out=tmp_path, table=xl.valueadded.IOTable.from_frames(Z, **given))
    with pytest.raises(OptionError, match="table= is a DataFrame, not an input-output table"):
        report(out=tmp_path, table=Z)


def test_a_section_that_is_left_out_says_why(no_pictures, tmp_path):
    text = report(
        xl.flows(pd.DataFrame({"market": ["Japan", "USA"], "value": [1.0, 2.0]})), out=tmp_path / "a"
    )
    said = text.read_text(encoding="utf-8")
    assert "Left out: no column of the table was named as the product." in said
    assert "No interval: the table has no products to draw." in said
    frame = pd.DataFrame(
        {"exporter": ["A", "B"] * 4, "product": ["0101", "0102", "7208", "8703"] * 2, "value": range(1, 9)}
    )
    several = report(
        xl.flows(frame, aggregate="sum"), out=tmp_path / "b", income={"A": 1.0}, technology="sitc3"
    )
    said = several.read_text(encoding="utf-8")
    for why in (
        "Left out: no column of the table was named as the market.",
        "No interval: the table has no markets to draw.",
        "The income level of exports (EXPY) is left out: no exporter was named",
        "Left out: complexity is read off who exports what together, which takes at least 10 exporters.",
    ):
        assert why in said
    one = report(xl.flows(frame[frame["exporter"] == "A"], aggregate="sum"), out=tmp_path / "c")
    said = one.read_text(encoding="utf-8")
    assert "Left out: advantage compares exporters, and the table has one." in said
    assert "technology classes are left out: they are defined on SITC rev.3" in said
    assert "EXPY) is left out: it needs the income per head" in said


def test_a_figure_at_its_end_has_no_interval(no_pictures, tmp_path):
    table = pd.DataFrame({"market": "Japan", "product": ["1", "2", "3"], "value": [1.0, 2.0, 3.0]})
    text = report(xl.flows(table), out=tmp_path).read_text(encoding="utf-8")
    assert text.count("No interval: the figure does not depend on which products are drawn.") == 1  # HHI 1
    low = f"{100 * 0.05 ** (14 / 36):.1f}"  # RCEP 100 %: of three products, which count as 36/14 of one size
    assert f"95 % interval {low}% to 100.0% (" in text


def test_periods_that_do_not_follow_each_other(no_pictures, tmp_path):
    table = pd.DataFrame(
        {
            "period": ["2019", "2019", "2023", "2023"],
            "market": ["Japan", "USA"] * 2,
            "value": [1.0, 2.0, 3.0, 4.0],
        }
    )
    page = report(xl.flows(table), out=tmp_path)
    text = page.read_text(encoding="utf-8")
    assert (
        "What growth was made of is left out: the table has nothing of the year before 2023 to compare it with."
        in text
    )
    assert not (tmp_path / "tables" / "market_growth.csv").exists()


def test_every_note_against_an_interval_has_its_words():
    assert set(get_args(Kind)) == {*intervals.NOTES, "at the boundary", "no interval"}  # where there is none


def test_verdicts_are_drawn_by_paper_and_kind():
    table = pd.DataFrame(
        {
            "paper": ["a", "a", "b"],
            "kind": "level",
            "verdict": ["reproduced", "cannot be checked", "reproduced"],
        }
    )
    ax = verdicts(table, title="T", source="S")
    assert [t.get_text() for t in ax.get_yticklabels()] == ["b", "a"]
    bars = {c.get_label(): [b.get_width() for b in c] for c in ax.containers}
    assert bars == {"reproduced": [1.0, 1.0], "cannot be checked": [0.0, 1.0]}
    assert [t.get_text() for t in verdicts(table, by="kind").get_yticklabels()] == ["level"]
    legend = verdicts(table, names={"reproduced": "R"}).get_legend()
    assert [t.get_text() for t in legend.get_texts()] == ["R", "cannot be checked"]
    with pytest.raises(UnknownName, match="no column named 'chapter'"):
        verdicts(table, by="chapter")
    with pytest.raises(UnknownName, match="no verdict named 'true'"):
        verdicts(table.assign(verdict="true"))
    with pytest.raises(DataError, match="no rows"):
        verdicts(table.head(0))


CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        pytest.skip("needs Chromium (Debian: chromium)")
    api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    flags = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
    ]
    with api.sync_playwright() as running:
        started = running.chromium.launch(
            executable_path=CHROMIUM, args=flags, timeout=1000 * patience.SECONDS
        )
        yield partial(patient_page, started)
        started.close()


def patient_page(browser, **options):
    page = browser.new_page(**options)
    page.set_default_timeout(1000 * patience.SECONDS)
    return page


CUT = """() => [...document.querySelectorAll('figure, figure:not(.broad) svg, .facts > div, p, h1, h2')].filter(x => {
  if (x.closest('.wide')) return false;
  const box = x.getBoundingClientRect(); return box.right > innerWidth + 1 || box.left < -1; }).length"""
OVER = """() => {
  const boxes = [...document.querySelectorAll('figure, .facts > div')].map(x => x.getBoundingClientRect());
  return boxes.some((a, i) => boxes.some((b, j) => i < j && a.left < b.right - 1 && b.left < a.right - 1 &&
    a.top < b.bottom - 1 && b.top < a.bottom - 1)); }"""


# The letters of each picture as they are seen: matplotlib's glyphs are 100 units to the size.
LETTERS = """() => [...document.querySelectorAll('figure svg')].map(svg => {
  const seen = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
  const sizes = [...svg.querySelectorAll('g[id*="text_"] g[transform*="scale("]')].map(g =>
    100 * seen * parseFloat(g.getAttribute('transform').split('scale(')[1]));
  return Math.min(...sizes); })"""
# Pictures wider than their frame: whether they move in it, and are said to.
MOVES = """() => [...document.querySelectorAll('.frame')].filter(f => f.scrollWidth > f.clientWidth + 1).map(f =>
  getComputedStyle(f).overflowX == 'auto' && f.tabIndex == 0 && f.nextElementSibling.offsetHeight > 9)"""


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("which", ["embedded", "own", "chinese", "own_in_chinese"])
def test_the_page_in_a_browser(browser, request, which, width):
    page = browser(viewport={"width": width, "height": 900})
    problems = []
    page.on("pageerror", lambda e: problems.append(str(e)))
    page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
    page.goto(request.getfixturevalue(which).as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    sizes = page.eval_on_selector_all("figure svg", "all => all.map(x => [x.clientWidth, x.clientHeight])")
    assert len(sizes) >= 4
    assert all(w > 200 and h > 80 for w, h in sizes)
    assert page.evaluate(CUT) == 0
    assert not page.evaluate(OVER)
    assert 9 <= min(page.evaluate(LETTERS)) < 16
    widths = page.eval_on_selector_all("figure svg", "all => all.map(x => x.viewBox.baseVal.width)")
    assert not [
        w for w in widths if 267 < w < 380
    ]  # points: a column with the white around it, or what is broad
    moves = page.evaluate(MOVES)
    assert all(moves)
    assert len(moves) > 0 or width > 390 or "own" not in which  # the map of markets
    text = page.inner_text("body")
    assert not re.search(r"\bnan\b|\ufffd|\u25a1", text, re.IGNORECASE)
    assert len(page.query_selector_all("figure svg title")) > 20  # texts on hover, without a script
    assert page.evaluate(
        "[...document.querySelectorAll('figure svg')].every(s => s.querySelectorAll('path').length > 5)"
    )
    page.evaluate("document.querySelectorAll('td details').forEach(d => { d.open = true })")
    assert (
        page.evaluate("Math.max(0, ...[...document.querySelectorAll('td details')].map(d => d.clientWidth))")
        < 640
    )
    assert problems == []
    page.close()


POINTS = 72 / 25.4  # in a millimetre
ABOVE, BELOW = 16 * POINTS, 18 * POINTS  # margins of a page in print
# What moves in a drawing of a PDF: what is kept and given back, the scale and shift upwards, texts and ends of lines.
MOVE = re.compile(rb"^(?:(q|Q)|.* (\S+) \S+ (\S+) (cm|Tm)|\S+ (\S+) l)$", re.MULTILINE)


def filled(pdf: bytes) -> list[float]:
    """How far down each page is used, as a part of the height between its margins, in a PDF that Chromium wrote."""
    found = []
    for page in re.findall(rb"/Type\s*/Page\b.*?endobj", pdf, re.DOTALL):
        number = re.search(rb"/Contents (\d+) 0 R", page)[1]
        stream = re.search(rb"\n%b 0 obj.*?stream\r?\n" % number, pdf, re.DOTALL).end()
        high = float(re.search(rb"/MediaBox \[\S+ \S+ \S+ (\S+)\]", page)[1])
        at = heights(zlib.decompressobj().decompress(pdf[stream:]))
        low = min(y for y in at if y > BELOW)
        found.append((high - ABOVE - low) / (high - ABOVE - BELOW))
    return found


def heights(drawn: bytes) -> list[float]:
    """Where the texts and lines of a page stand, above its foot."""
    scale, shift, kept, found = 1.0, 0.0, [], []
    for state, factor, up, what, end in MOVE.findall(drawn):
        if state == b"q":
            kept.append((scale, shift))
        elif state == b"Q":
            scale, shift = kept.pop()
        elif what == b"cm":
            scale, shift = scale * float(factor), shift + scale * float(up)
        else:
            found.append(shift + scale * float(up or end))
    return found


@pytest.mark.browser
@pytest.mark.parametrize(("which", "most"), [("embedded", 16), ("own", 18), ("chinese", 16)])
def test_the_page_in_print(browser, request, which, most):
    """Nothing is wider than the paper, and no heading or picture leaves most of a page empty."""
    page = browser(viewport={"width": 690, "height": 980})  # A4 within its margins
    page.goto(request.getfixturevalue(which).as_uri())
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") <= 690
    assert page.evaluate(CUT) == 0
    used = filled(page.pdf(prefer_css_page_size=True, format="A4"))
    assert 5 < len(used) <= most
    assert min(used[:-1]) > 0.65  # the last page ends where the report does
    page.close()


@pytest.mark.browser
def test_the_page_is_read_without_script(browser, embedded):
    page = browser(java_script_enabled=False)
    page.goto(embedded.as_uri())
    assert page.locator("#table-totals tbody tr").count() > 50
    assert (
        page.locator(".headline")
        .inner_text()
        .startswith("In 2024 Liaoning's trade, exports and imports together")
    )
    page.close()


def titles_and_feet(pictures):
    for picture in pictures:
        title = picture.axes.get_title(loc="left") or picture.axes.get_title()
        notes = [a.get_text() for a in picture.axes.texts]
        axes = picture.axes.get_xlabel().strip() + picture.axes.get_ylabel().strip()
        yield title, [n for n in notes if "Source: " in n or "来源：" in n], axes + " ".join(notes)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_picture_says_its_finding_unit_and_source(request, language):
    both = ("embedded", "own") if language == "en" else ("chinese", "own_in_chinese")
    pictures = [p for page in both for p in PICTURES[request.getfixturevalue(page)]]
    assert len(pictures) > 15
    for title, sources, unit in titles_and_feet(pictures):
        assert re.search(r"\d", title), title  # a number: no title says what kind of picture it is
        assert len(sources) == 1, title
        assert unit, title


@pytest.fixture(scope="module")
def long_names(tmp_path_factory):
    long = "n" * 20_000
    table = pd.DataFrame(
        {"p" * 20_000: [2021, 2021, 2022, 2022], "market": [long, "Japan"] * 2, "value": [1.0, 2.0, 3.0, 4.0]}
    )
    flows = xl.flows(table, period="p" * 20_000, unit="u" * 20_000, source="s" * 20_000)
    return report(flows, out=tmp_path_factory.mktemp("long"), outside=[long])


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1100])
def test_no_name_widens_the_page(browser, long_names, width):
    page = browser(viewport={"width": width, "height": 900})
    page.goto(long_names.resolve().as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    widest = "Math.max(...[...document.querySelectorAll('table')].map(t => t.scrollWidth))"
    assert page.evaluate(widest) < 3_000
    page.close()


@pytest.mark.browser
def test_tables_sort_by_number_and_back(browser, embedded):
    page = browser()
    page.goto(embedded.as_uri())
    cell = "#table-partners_2023 tbody tr td:nth-child(2)"
    values = lambda: [float(t.replace(",", "")) for t in page.locator(cell).all_inner_texts()]  # noqa: E731
    button = page.locator("#table-partners_2023 thead th:nth-child(2) button")
    button.click()
    assert values() == sorted(values())
    button.click()
    assert values() == sorted(values(), reverse=True)
    page.close()


def test_markets_said_to_lie_outside_keep_the_bloc_section(no_pictures, tmp_path):
    frame = pd.DataFrame({"market": ["Others", "Japan"], "value": [1.0, 3.0]})
    page = report(xl.flows(frame, unit="USD", residual=["Others"]), out=tmp_path, outside=["Others"])
    assert "share of RCEP is left out" not in page.read_text(encoding="utf-8")
    assert rows(page, "rcep_share")[0]["bloc_share"] == "0.75"


def test_every_computed_number_leads_to_its_formula(embedded, own):
    """Summary -> table -> formula: two clicks, and no entry that no table leads to."""
    for page in (embedded, own):
        text = page.read_text(encoding="utf-8")
        anchors = set(re.findall(r'id="how-([^"]+)"', text))
        assert anchors == set(re.findall(r'href="#how-([^"]+)"', text))
        feet = re.findall(r'id="table-([^"]+)".*?<p class="foot">(Unit.*?)</p>', text, re.DOTALL)
        plain = {name for name, foot in feet if "#how-" not in foot}
        assert plain <= {"datasets", "data", "totals", "claims_open"}  # as published: nothing is computed
        entries = re.findall(r'<div id="how-[^"]+">(.*?)</div>', text, re.DOTALL)
        assert len(entries) == len(anchors)
        assert all("<svg" in e and "Source: " in e for e in entries)


def test_every_entry_of_the_methods_is_drawn_and_used():
    from exportlab.reporting import methods
    from exportlab.tables.drawing import formula

    for name in methods.KNOWN:
        entry = methods.method(name)
        assert formula(entry.formula).startswith("<svg")
        assert entry.source


def test_a_point_lies_within_the_interval_printed_beside_it(embedded):
    for row in rows(embedded, "rca_china"):
        low, point, high = (round(float(row[c]), 3) for c in ("rca_low", "rca", "rca_high"))
        assert low <= point <= high
        assert f"{point:.3f}" in embedded.read_text(encoding="utf-8")
    for row in rows(embedded, "zones"):
        assert float(row["conf_low"]) <= float(row["estimate"]) <= float(row["conf_high"])


def test_claims_that_fail_and_hold_are_counted_by_their_verdicts(embedded, chinese):
    found = Counter(row["verdict"] for row in rows(embedded, "claims_checked"))
    fail = sum(found[v] for v in ("contradicted by a source", "inconsistent within the paper", "implausible"))
    hold = found["reproduced"] + found["consistent"]
    assert f"cannot be checked; {fail} fail, {hold} hold" in embedded.read_text(encoding="utf-8")
    for name in ("claims_checked", "claims_open"):
        assert not {
            r["verdict"] for r in rows(chinese, name) if "verdict" in r and not HAN.match(r["verdict"])
        }
    text = (chinese.parent / "report.md").read_text(encoding="utf-8")
    assert not re.search(r"implausible|out of date|in tension", text)
