"""Countries, blocs, totals and the HS tree: what labels mean, from outside lists and known dates."""

from __future__ import annotations

import csv
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exportlab import classifications as cl
from exportlab.classifications import _build
from exportlab.classifications._tables import key, rows
from exportlab.classifications.countries import _codes, _names
from exportlab.errors import OptionError, UnknownName

SPELLINGS = {
    "KOR": [
        "South Korea",
        "Korea, Rep.",
        "Republic of Korea",
        "韩国",
        "Rep. of Korea",
        "KOR",
        "kr",
        410,
        "410",
    ],
    "PRK": ["North Korea", "Korea, Dem. People's Rep.", "朝鲜"],
    "VNM": ["Viet Nam", "Vietnam", "越南", "vietnam ", 704],
    "HKG": [
        "Hong Kong",
        "中国香港",
        "香港",
        "Hong Kong SAR, China",
        "中国香港特别行政区",
        "China, Hong Kong SAR",
    ],
    "TWN": ["Taiwan", "中国台湾", "台湾", "Chinese Taipei", "Other Asia, nes", "台澎金马关税区"],
    "MAC": ["Macao", "Macau", "中国澳门", "澳门"],
    "USA": ["USA", "United States", "United States of America", "美国", "U.S.", 840],
    "RUS": ["Russia", "Russian Federation", "俄罗斯", "俄罗斯联邦"],
    "GBR": ["UK", "United Kingdom", "英国", "GB"],
    "ARE": ["UAE", "United Arab Emirates", "阿联酋", "阿拉伯联合酋长国"],
    "LAO": ["Laos", "Lao PDR", "Lao People's Dem. Rep.", "老挝"],
    "BRN": ["Brunei", "Brunei Darussalam", "文莱"],
    "TLS": ["Timor-Leste", "East Timor", "东帝汶"],
    "CZE": ["Czechia", "Czech Republic", "捷克"],
    "CIV": ["Côte d'Ivoire", "Cote d’Ivoire", "Ivory Coast", "科特迪瓦"],
    "LCA": ["Saint Lucia", "St. Lucia", "圣卢西亚"],
    "COD": ["Congo, Dem. Rep.", "DR Congo", "刚果(金)", "刚果（金）"],
    "COG": ["Congo, Rep.", "Congo", "刚果（布）"],
    "BHS": ["Bahamas", "The Bahamas", "Bahamas, The"],
}


@pytest.mark.parametrize(("code", "label"), [(c, x) for c, xs in SPELLINGS.items() for x in xs])
def test_spellings(code: str, label: str | int) -> None:
    assert cl.country(label).iso3 == code
    assert cl.resolve(label) == {code}


def test_record() -> None:
    assert cl.country("china") == cl.Country("CHN", "CN", "156", "China", "中国", "142")
    assert cl.country("XKX").m49 == ""


def test_every_code_and_name_finds_its_own_country() -> None:
    assert len(cl.countries()) == 250  # 249 of ISO 3166-1, and Kosovo
    for c in cl.countries():
        for label in (c.iso3, c.iso2, c.name, c.name_zh, *([c.m49, int(c.m49)] if c.m49 else [])):
            assert cl.country(label) == c
        if c.gacc:
            assert cl.country(c.gacc, scheme="gacc") == c


def test_no_spelling_stands_for_two_countries() -> None:
    meaning: dict[str, str] = {}
    for label, code in _names():
        assert meaning.setdefault(key(label), code) == code, label
    for scheme in ("iso2", "iso3"):
        for label, code in _codes(scheme).items():
            assert meaning.get(key(label), code) == code, label


@given(st.sampled_from(sorted({n for n, _ in _names()})), st.sampled_from(["upper", "lower", "title"]))
def test_case_and_spaces_do_not_matter(name: str, case: str) -> None:
    assert cl.country(f"  {getattr(name, case)()} ") == cl.country(name)


def test_customs_codes_are_read_only_on_request() -> None:
    for code, expected in {"116": "JPN", "133": "KOR", "502": "USA", "344": "RUS", "143": "TWN"}.items():
        assert cl.country(code, scheme="gacc").iso3 == expected
    assert cl.country("116").iso3 == "KHM"  # M49
    assert cl.country(341, scheme="gacc").iso3 == "KAZ"  # the code before 145
    assert cl.country("KAZ").gacc == "145"
    assert cl.country("842", scheme="comtrade").iso3 == "USA"
    assert cl.country(156, scheme="comtrade").iso3 == "CHN"
    with pytest.raises(UnknownName, match=r"no country \(m49\) named '842'"):
        cl.country("842", scheme="m49")


def test_iso3_of_many() -> None:
    assert cl.iso3(["Japan", "日本", 410, "Japan"]) == {"Japan": "JPN", "日本": "JPN", 410: "KOR"}
    assert cl.iso3([np.int64(156)]) == {156: "CHN"}
    with pytest.raises(UnknownName) as e:
        cl.iso3(["Japan", "Japn", "Atlantis Isle", "Frnace"])
    assert str(e.value).startswith(
        "3 labels name no country: 'Japn' (did you mean 'Japan'?), 'Atlantis Isle'"
    )
    assert "'Frnace' (did you mean 'France'?)." in str(e.value)


def test_unknown_country() -> None:
    with pytest.raises(UnknownName, match=r"There is no country named 'Japn'. Did you mean 'Japan'"):
        cl.country("Japn")
    with pytest.raises(UnknownName, match="There is no country named True"):
        cl.country(True)
    with pytest.raises(OptionError, match=r"scheme='gac' is not allowed.*Did you mean 'gacc'"):
        cl.country("133", scheme="gac")
    assert cl.resolve("Atlantis") is None
    assert cl.resolve("Middle East") is None


def test_country_table_is_what_the_script_writes() -> None:
    assert [dict(r) for r in rows("countries")] == _build.build() or _babel_differs()


def _babel_differs() -> bool:
    import babel

    return babel.__version__ not in rows("countries")[0]["source"]


TOTALS = """World|TOTAL|Total|All|All countries|全部|合计|总计|总值|世界"""
TOTALS += """|WLD|All products|所有国家|全球|W00|000| world """


@pytest.mark.parametrize("label", TOTALS.split("|"))
def test_totals(label: str) -> None:
    assert cl.is_total(label)


def test_what_is_no_total() -> None:
    assert cl.is_total(0)
    assert not cl.is_total("0", role="product")  # SITC section 0, food and live animals
    assert cl.is_total("Total", role="product")
    for c in cl.countries():
        assert not any(cl.is_total(x) for x in (c.iso3, c.iso2, c.name, c.name_zh))
    assert not any(cl.is_total(b.name) for b in cl.blocs())
    assert not any(cl.is_total(s.title) for s in cl.hs_chapters())
    with pytest.raises(OptionError, match="role='partner' is not allowed"):
        cl.is_total("World", role="partner")


SIZES = {  # known sizes on known days
    "RCEP": "2022-01-01:10 2022-02:11 2022:12 2023-01:13 latest:14",
    "RCEP signatories": "latest:15",
    "ASEAN": "1967:5 1999-04-29:9 2024:10 2025-10:11",
    "EU": "1958:6 1973:9 1981:10 1986:12 1995:15 2004-04-30:15 2004-05:25 2007:27 "
    "2013:28 2020-01-31:28 2020-02-01:27 ever:28",
    "CPTPP": "2018:6 latest:12",
    "APEC": "latest:21",
    "GCC": "latest:6",
    "EAEU": "latest:5",
    "BRICS": "2009:4 2011:5 2024:9 2025:10",
    "USMCA": "latest:3",
    "G7": "1975:6 latest:7",
    "Northeast Asia": "1990:6",
    "Africa": "latest:57",
    "Asia": "latest:48",
    "Europe": "latest:49",
    "Latin America": "latest:44",
    "North America": "latest:4",
    "Oceania": "latest:19",
}


@pytest.mark.parametrize(("bloc", "known"), [(b, x) for b, known in SIZES.items() for x in known.split()])
def test_sizes(bloc: str, known: str) -> None:
    on, size = known.split(":")
    assert len(cl.members(bloc, on=on)) == int(size)


def test_continents_part_the_countries_that_customs_code() -> None:
    names = ("Africa", "Asia", "Europe", "Latin America", "North America", "Oceania")
    inside = [c for name in names for c in cl.members(name)]
    assert len(inside) == len(set(inside)) == sum(bool(c.gacc) for c in cl.countries())
    assert cl.resolve("非洲") & cl.resolve("Egypt") == {"EGY"}
    assert cl.resolve("拉美") & cl.resolve("Mexico") == {"MEX"}


def test_times_mean_the_same_however_written() -> None:
    korea_in = cl.members("RCEP", on="2022-02-01")
    assert "KOR" in korea_in
    assert (
        korea_in == cl.members("RCEP", on=date(2022, 2, 1)) == cl.members("RCEP", on=datetime(2022, 2, 1, 9))
    )
    assert cl.members("RCEP", on="202202") == cl.members("RCEP", on="20220201") == korea_in
    assert cl.members("RCEP", on=2022) == cl.members("RCEP", on="2022") == cl.members("RCEP", on="2022-12-31")
    assert cl.members("RCEP", on="2022-03", within="start") == korea_in
    assert "MYS" in cl.members("RCEP", on="2022-03")


def test_members_are_sorted_and_can_be_left_out() -> None:
    assert cl.members("G7") == ("CAN", "DEU", "FRA", "GBR", "ITA", "JPN", "USA")
    assert "CHN" not in cl.members("RCEP", exclude=["中国"])
    assert cl.members("USMCA", exclude="Mexico") == ("CAN", "USA")
    with pytest.raises(UnknownName, match="no country named 'Chinna'"):
        cl.members("RCEP", exclude=["Chinna"])


def test_bloc_names() -> None:
    for alias in ("东盟", "asean", "Association of Southeast Asian Nations"):
        assert cl.bloc(alias).name == "ASEAN"
    assert cl.bloc("欧盟").name == cl.bloc("European Union").name == "EU"
    assert cl.bloc("区域全面经济伙伴关系协定").name == "RCEP"
    assert cl.resolve("RCEP") & cl.resolve("Japan") == {"JPN"}
    assert not cl.resolve("EU") & cl.resolve("UK")
    assert cl.resolve("EU", on=2019) & cl.resolve("UK") == {"GBR"}
    assert [b.name for b in cl.blocs() if cl.resolve(b.name) is None] == []


def test_bloc_errors() -> None:
    with pytest.raises(UnknownName, match=r"no bloc named 'RCPE'. Did you mean 'RCEP'"):
        cl.members("RCPE")
    with pytest.raises(OptionError, match=r"no members on 2019-12-31. Its first date is 2022-01-01"):
        cl.members("RCEP", on=2019)
    for bad in ("soon", "2022-13", "2022-02-30", "22"):
        with pytest.raises(OptionError, match=r"is not a time. Allowed: a date, 'YYYY-MM-DD'"):
            cl.members("RCEP", on=bad)
    with pytest.raises(OptionError, match="within='middle' is not allowed"):
        cl.members("RCEP", on=2022, within="middle")


def test_membership_records() -> None:
    uk = next(m for m in cl.membership("EU") if m.member == "GBR")
    assert (uk.start, uk.end) == (date(1973, 1, 1), date(2020, 1, 31))
    assert uk.covers(date(2020, 1, 31))
    assert not uk.covers(date(2020, 2, 1))
    assert cl.membership("BRICS")[-1].member == "IDN"
    assert cl.membership("Northeast Asia")[0].start is None
    assert [m.member for m in cl.membership("RCEP signatories") if m not in cl.membership("RCEP")].count(
        "MMR"
    ) == 1
    known = {c.iso3 for c in cl.countries()}
    for b in cl.blocs():
        assert b.definition
        assert b.source
        records = cl.membership(b.name)
        assert len({(m.member, m.start) for m in records}) == len(records)
        assert all(m.member in known and m.source for m in records)
        assert all(m.end is None or m.start is None or m.start <= m.end for m in records)


RCEP = {  # entry into force, as announced
    # CGTN, 3 November 2021, on China's Ministry of Commerce
    date(
        2022, 1, 1
    ): "China, Japan, Australia, New Zealand, Brunei, Cambodia, Laos, Singapore, Thailand, Vietnam",
    date(2022, 2, 1): "South Korea",  # mtown.my, 20 January 2022
    date(2022, 3, 18): "Malaysia",  # The Malaysian Reserve, 21 January 2022
    date(2023, 1, 2): "Indonesia",  # portal-worlds.com, news 29182
    date(2023, 6, 2): "Philippines",  # pheconomist.com, 80302
}


def test_rcep_dates_agree_with_the_announcements() -> None:
    announced = {cl.country(name).iso3: day for day, names in RCEP.items() for name in names.split(", ")}
    assert {m.member: m.start for m in cl.membership("RCEP")} == announced
    assert len(announced) == 14


def test_hs_tree() -> None:
    assert cl.hs_chapter("870323") == cl.HSChapter("87", "Motor vehicles", "XVII")
    assert cl.hs_section("0101.21").number == "I"
    assert cl.hs_section("xvi").chapters == ("84", "85")
    assert cl.hs_section("9801").number == "-"
    assert len(cl.hs_sections()) == 22
    assert len(cl.hs_chapters()) == 98  # 97 without the reserved 77, and 98, 99
    assert [c.code for c in cl.hs_chapters()] == sorted(c.code for c in cl.hs_chapters())
    assert sorted(k for s in cl.hs_sections() for k in s.chapters) == [c.code for c in cl.hs_chapters()]


def test_hs_sections_agree_with_the_nomenclature(reference: Path) -> None:
    with (reference / "hs_sections.csv").open(encoding="utf-8") as file:
        official = {r["chapter"]: r["section"] for r in csv.DictReader(file)}
    ours = {c.code: c.section for c in cl.hs_chapters() if c.section != "-"}
    assert ours == {k: v for k, v in official.items() if k in ours}
    assert len(ours) == 96
    assert set(official) - set(ours) <= {"98", "99"}


def test_hs_errors() -> None:
    for bad in (1, 10121, "", "x", "1", "01-21"):
        with pytest.raises(OptionError, match=r"is not an HS code. Allowed: text of 2 to 10 digits"):
            cl.hs_chapter(bad)  # type: ignore[arg-type]
    with pytest.raises(UnknownName, match="no HS chapter named '77'"):
        cl.hs_section("7701")


@pytest.mark.parametrize(
    ("label", "code", "name", "name_zh"),
    [
        ("日本", "030", "Eastern Asia", "东亚"),
        ("Mexico", "013", "Central America", "中美洲"),
        ("Iran", "034", "Southern Asia", "南亚"),
        ("CYP", "145", "Western Asia", "西亚"),
        (729, "015", "Northern Africa", "北非"),
        ("Romania", "151", "Eastern Europe", "东欧"),
        ("Greenland", "021", "Northern America", "北美"),
        ("Timor-Leste", "035", "South-eastern Asia", "东南亚"),
    ],
)
def test_regions_of_the_united_nations(label: str | int, code: str, name: str, name_zh: str) -> None:
    found = cl.region(label)
    assert (found.m49, found.name, found.name_zh) == (code, name, name_zh)


def test_every_country_but_antarctica_lies_in_one_region() -> None:
    placed = [code for r in cl.regions() for code in r.countries]
    assert len(cl.regions()) == 22
    assert sorted(placed) == [c.iso3 for c in cl.countries() if c.iso3 != "ATA"]
    assert {len(r.countries) for r in cl.regions() if r.m49 in ("030", "018", "029")} == {8, 5, 28}
    with pytest.raises(UnknownName, match="no country of a region named 'ATA'"):
        cl.region("Antarctica")


def test_every_row_has_a_source() -> None:
    for table in (
        "countries",
        "country_aliases",
        "country_codes",
        "blocs",
        "bloc_members",
        "hs_chapters",
        "hs_sections",
        "regions",
    ):
        assert all(r["source"] for r in rows(table)), table


def test_import_is_light_and_reads_nothing() -> None:
    code = (
        "import sys, exportlab.classifications as c; from exportlab.classifications import _tables; "
        "assert not {'pandas', 'babel', 'polars'} & set(sys.modules); "
        "assert _tables.rows.cache_info().currsize == 0"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
