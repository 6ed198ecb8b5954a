"""Labels of markets and exporters: in their time, in one list of codes, none counted twice, what is left over named."""

from __future__ import annotations

from math import inf

import numpy as np
import pandas as pd
import pytest
from engines import ENGINES
from engines import rows as plain_rows

import exportlab as xl
from exportlab import classifications as cl
from exportlab.errors import DataError, EngineError, OptionError, UnknownName
from exportlab.indices.residual import LEFT_OUT, THIN
from exportlab.panel.sources import attach_policy
from exportlab.readers import read_baci, read_comtrade, read_flows


def table(markets: dict, year: object = 2023) -> pd.DataFrame:
    return pd.DataFrame([(year, m, v) for m, v in markets.items()], columns=["t", "m", "v"])


def flows(markets: dict, year: object = 2023, **options):
    return xl.flows(table(markets, year), period="t", market="m", value="v", unit="USD", **options)


def share(found: pd.DataFrame) -> list[float]:
    return found["bloc_share"].round(6).to_list()


# Blocs in their time


@pytest.mark.parametrize(
    ("year", "bloc", "member"),
    [
        (2019, "EU", "UK"), (2010, "EU27", "UK"), (2021, "EU27_2020", "Croatia"), (2019, "EU28", "UK"),
        (2023, "欧盟27国", "德国"), (2023, "东盟10国", "越南"), (2023, "EUR", "DEU"), (2023, "97", "Germany"),
        (2021, "RCEP", "Japan"), (2023, "Africa", "Egypt"), (2023, "BRI", "Russia"), (2023, "G20", "Brazil"),
        (1995, "NAFTA", "Mexico"), (2013, "Mercosul", "Venezuela"), (1980, "EFTA", "Austria"), (2024, "OECD", "Israel"),
    ],
)  # fmt: skip
def test_a_group_beside_its_member_is_refused_in_its_time(year, bloc, member):
    with pytest.raises(
        DataError, match=r"markets in 'm' overlap: 1 pair\. First: .* beside .*reference=|flows\.where"
    ):
        flows({bloc: 50.0, member: 10.0, "USA" if bloc != "OECD" else "India": 1.0}, year)


@pytest.mark.parametrize(
    ("year", "bloc", "other"),
    [
        (2000, "EU", "Poland"), (2022, "CPTPP", "UK"), (2024, "ASEAN", "Timor-Leste"), (2015, "BRICS", "Egypt"),
        (2021, "EU27", "UK"), (2021, "NAFTA", "Chile"), (2020, "MERCOSUR", "Venezuela"), (2000, "EFTA", "Finland"),
    ],
)  # fmt: skip
def test_who_is_no_member_at_the_time_may_stand_beside(year, bloc, other):
    assert flows({bloc: 50.0, other: 10.0}, year).members("market")


def test_the_remedies_of_an_overlap_run():
    rows = table({"EU": 50.0, "Germany": 30.0, "Japan": 20.0}).assign(x="CHN")
    with pytest.raises(DataError) as caught:
        xl.flows(rows, period="t", exporter="m", value="v")
    said = str(caught.value)
    space = {"table": rows, "xl": xl}
    exec(said[said.index("table = table[") : said.index("; in read_flows")], space)
    assert xl.flows(space["table"], period="t", exporter="m", value="v").members("exporter") == (
        "Germany",
        "Japan",
    )
    whole = said[said.index("xl.flows(") : said.index(", ...)")] + ", period='t', value='v')"
    assert eval(whole, {"table": rows, "xl": xl}).table["v"].sum() == 50
    chosen = said[said.index("flows.where(") : said.rindex(")") + 1]
    made = xl.flows(rows, period="t", exporter="m", value="v", validate="schema")
    assert eval(chosen, {"flows": made}).members("exporter") == ("Germany", "Japan")


def test_the_press_table_has_a_share_of_rcep_signatories():
    press = {"东盟": 100.0, "日本": 20.0, "韩国": 30.0, "澳大利亚": 10.0, "新西兰": 5.0, "美国": 80.0}
    for year in (2021, 2022, 2024):
        assert share(xl.bloc_share(flows(press, year), "RCEP signatories", membership="latest")) == [
            round(165 / 245, 6)
        ]
    with pytest.raises(DataError, match="lie partly in RCEP"):
        xl.bloc_share(flows(press, 2022), "RCEP")
    assert share(xl.bloc_share(flows(press, 2024), "RCEP", home="CHN")) == [round(165 / 245, 6)]


def test_start_means_throughout():
    f = flows({"UK": 10.0, "Germany": 20.0, "USA": 70.0}, 2020)
    assert share(xl.bloc_share(f, "EU", within="start")) == [0.2]
    assert share(xl.bloc_share(f, "EU")) == [0.2]
    assert share(xl.bloc_share(flows({"Croatia": 1.0, "USA": 1.0}, 2013), "EU", within="start")) == [0.0]


def test_myanmar_is_in_rcep_for_china():
    rows = pd.concat(
        [table({"Myanmar": 10.0, "Japan": 20.0, "USA": 70.0}, p) for p in ("2022-04", "2022-05")]
    )
    f = xl.flows(rows, period="t", market="m", value="v")
    assert share(xl.bloc_share(f, "RCEP")) == [0.2, 0.2]
    assert share(xl.bloc_share(f, "RCEP", home="CHN")) == [0.2, 0.3]
    both = pd.concat([rows.assign(x="China"), rows.assign(x="Korea")])
    found = xl.bloc_share(xl.flows(both, period="t", exporter="x", market="m", value="v"), "RCEP")
    assert found.set_index(["x", "t"])["bloc_share"].round(3).to_dict() == {
        ("China", "2022-04"): 0.2, ("China", "2022-05"): 0.3, ("Korea", "2022-04"): 0.2, ("Korea", "2022-05"): 0.2,
    }  # fmt: skip
    assert set(cl.members("RCEP", on=2023, exporter="中国")) - set(cl.members("RCEP", on=2023)) == {"MMR"}
    assert "RCEP" in {b.name for b in cl.blocs("Myanmar", on=2023, exporter="CHN")}
    assert "RCEP" not in {b.name for b in cl.blocs("Myanmar", on=2023)}


def test_every_membership_has_a_source():
    for bloc in cl.blocs():
        assert bloc.source
        assert all(m.source for m in cl.membership(bloc.name))


# Names


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Poland, Rep. of", "POL"), ("Korea, Dem. Rep.", "PRK"), ("Korea, Rep.", "KOR"),
        ("Turks and Caicos Isds", "TCA"),
        ("Niue **", "NIU"), ("the Hellenic Republic", "GRC"), ("China, P.R.: Mainland", "CHN"), ("臺灣", "TWN"),
        ("Slovak Rep.", "SVK"), ("Taipei, Chinese", "TWN"), ("刚果(金沙萨)", "COD"), (36.0, "AUS"), ("36", "AUS"),
    ],
)  # fmt: skip
def test_names_in_any_order_and_shortened(name, code):
    assert cl.country(name).iso3 == code


def test_a_text_is_one_name():
    assert xl.country("Korea, Rep.").iso3 == "KOR"
    assert cl.iso3("Korea, Rep.") == {"Korea, Rep.": "KOR"}


def test_two_spellings_are_named_and_the_line_mends_them():
    rows = table({"韩国": 2.0, "South Korea": 3.0, "Korea, Rep.": 4.0, "UK": 5.0, "英国": 1.0, "Japan": 1.0})
    with pytest.raises(DataError) as caught:
        xl.flows(rows, period="t", market="m", value="v")
    said = str(caught.value)
    assert (
        "writes 2 places in more than one way: KOR: 'Korea, Rep.', 'South Korea', '韩国'; GBR: 'UK', '英国'"
        in said
    )
    with pytest.raises(DataError, match="say aggregate='sum' where their rows add up"):
        xl.flows(rows, period="t", market="m", value="v", labels="iso3")
    made = xl.flows(rows, period="t", market="m", value="v", labels="iso3", aggregate="sum")
    assert made.cells("market").to_native().set_index("market")["value"].to_dict() == {
        "KOR": 9,
        "GBR": 6,
        "JPN": 1,
    }
    with pytest.raises(DataError, match="exporter 'm' writes 1 place"):
        xl.flows(table({"Japan": 1.0, "JPN": 2.0, "Japan ": 3.0}), exporter="m", value="v")


# Codes


def test_codes_of_two_lists_are_refused_with_both_readings():
    codes = {"116": 10.0, "112": 20.0, "136": 30.0, "132": 40.0}
    with pytest.raises(
        DataError, match=r"'116' is Japan in China's customs and Cambodia in M49.*scheme='gacc'"
    ):
        xl.bloc_share(flows(codes), "RCEP")
    assert share(xl.bloc_share(flows(codes, scheme="gacc"), "RCEP")) == [1.0]
    assert share(xl.bloc_share(flows(codes, scheme="m49"), "RCEP")) == [0.1]


def test_a_column_valid_in_one_list_is_that_list():
    assert share(xl.bloc_share(flows({"116": 10.0, "133": 20.0, "502": 70.0}), "RCEP")) == [0.3]
    assert share(xl.bloc_share(flows({392: 10, 842: 90}), "RCEP")) == [0.1]


def test_zero_among_firms_is_a_firm():
    firms = pd.DataFrame({"exporter": [0, 1, 2, 1001], "value": 1.0})
    assert xl.flows(firms).members("exporter") == (0, 1, 2, 1001)
    with pytest.raises(DataError, match="totals among its members"):
        xl.flows(pd.DataFrame({"market": ["0", "392", "842"], "value": 1.0}))


def test_a_remedy_offers_no_member_as_outside():
    f = flows({"Jappan": 10.0, "Xyzzy": 1.0, "USA": 5.0})
    with pytest.raises(DataError) as caught:
        xl.bloc_share(f, "RCEP")
    assert "'Jappan': did you mean 'Japan'?" in str(caught.value)
    assert "outside=['Xyzzy']" in str(caught.value)
    with pytest.raises(OptionError, match="outside= names 'Poland, Rep. of', which is a member of EU"):
        xl.bloc_share(flows({"Poland, Rep. of": 1.0, "USA": 1.0}), "EU", outside=["Poland, Rep. of"])


@pytest.mark.parametrize("engine", ["pandas", "polars", "duckdb"])
def test_namibia_on_every_engine(tmp_path, engine):
    if engine != "pandas":
        pytest.importorskip(engine)
    path = tmp_path / "n.csv"
    path.write_text("year,exp,usd,kg\n2022,NA,5,NA\n2022,ZA,7,2\n")
    found = read_flows(path, period="year", exporter="exp", value="usd", quantity="kg", engine=engine)
    assert found.members("exporter") == ("NA", "ZA")


# States that are gone, and what is left over, by their codes


def test_states_that_are_gone_have_labels_of_their_own(tmp_path):
    (tmp_path / "BACI_HS92_Y1998_V202501.csv").write_text("t,i,j,k,v,q\n1998,58,156,10121,10.5,NA\n")
    (tmp_path / "country_codes_V202501.csv").write_text(
        "country_code,country_name,country_iso2,country_iso3\n58,Belgium-Luxembourg (...1998),BE,BEL\n"
    )
    made = read_baci(tmp_path, engine="pandas")
    assert made.members("exporter") == ("BLX",)
    assert any("58 is BLX" in note for note in made.reading.notes)
    assert cl.resolve("BLX") == {"BEL", "LUX"}
    assert share(xl.bloc_share(flows({"Belgium-Luxembourg": 1.0, "East Germany": 1.0}, 1985), "EU")) == [0.5]


def comtrade(path, *rows):
    head = "period,reporterCode,flowCode,partnerCode,partnerISO,partnerDesc,cmdCode,primaryValue"
    path.write_text("\n".join([head, *(f"2011,156,X,{row}" for row in rows)]) + "\n")
    return path


def test_comtrade_marks_what_is_left_over_by_its_code(tmp_path):
    made = read_comtrade(comtrade(tmp_path / "a.csv", '492,MCO,"Europe EU, nes",TOTAL,100', "276,DEU,Germany,TOTAL,300",
                                  "412,_KS,Kosovo,TOTAL,50", '899,_X,"Areas, nes",TOTAL,50', "736,SDN,Sudan,TOTAL,20",
                                  "729,SDN,Sudan,TOTAL,10"))  # fmt: skip
    assert set(made.members("market")) == {"Europe EU, nes", "DEU", "XKX", "_X", "SUD", "SDN"}
    assert set(made.residuals("market")) == {"Europe EU, nes", "_X"}
    notes = " ".join(made.reading.notes)
    assert "492, 899 (2 rows, 28.3% of the value, left over" in notes
    assert "736 is SUD" in notes
    with pytest.raises(DataError, match="partner codes 158 and 490 are both TWN"):
        read_comtrade(
            comtrade(tmp_path / "b.csv", "158,TWN,Taiwan,TOTAL,1", '490,S19,"Other Asia, nes",TOTAL,2')
        )
    eu = comtrade(tmp_path / "c.csv", "97,EUR,European Union,TOTAL,5", "276,DEU,Germany,TOTAL,3")
    with pytest.raises(DataError, match="'EUR' beside 'DEU'"):
        read_comtrade(eu)
    assert read_comtrade(eu, leave_out={"market": ["EUR"]}).members("market") == ("DEU",)


# What is left over, in indices

KNOWN = {"Japan": 50.0, "USA": 20.0, "Others": 30.0}


def test_what_is_left_over_must_be_named_and_the_line_does_so():
    for label in ("Others", "其他", "Rest of world", "Unspecified", "Areas, nes"):
        with pytest.raises(DataError) as caught:
            flows({"Japan": 1.0, label: 2.0})
        said = str(caught.value)
        line = said[said.index("residual=[") : said.index("]", said.index("residual=[")) + 1]
        assert eval(f"flows({{'Japan': 1.0, {label!r}: 2.0}}, {line})", {"flows": flows}).residuals(
            "market"
        ) == (label,)
    with pytest.raises(UnknownName, match="Otherz"):
        flows(KNOWN, residual=["Otherz"])
    assert xl.flows(
        pd.DataFrame({"exporter": ["Liaoning", "其他"], "value": 1.0}), residual=["其他"]
    ).residuals("exporter")


@pytest.mark.parametrize("name", ["hhi", "hirschman", "effective_number", "cr2", "hill3"])
def test_sums_of_powers_stay_at_the_thin_end(name):
    found = xl.measure(flows(KNOWN, residual=["Others"]), name, over="market").iloc[0]
    thin = np.array([50.0, 20.0, *[30 / 100_000] * 100_000])
    assert found[name] == pytest.approx(xl.evaluate(name, thin).item(), rel=1e-4)
    assert found["residual"] == THIN
    assert found["residual_share"] == pytest.approx(0.3)


@pytest.mark.parametrize("name", ["hhi", "cr4", "gini", "theil", "shannon", "hall_tideman", "hhi_normalised"])
def test_bounds_are_those_of_facts(name):
    found = xl.measure(
        flows(KNOWN, residual=["Others"]), name, over="market", residual="bounds", universe=10
    ).iloc[0]
    known = xl.bounds(name, {"Japan": 50.0, "USA": 20.0}, 100.0, max_members=8)
    assert (found[f"{name}_low"], found[f"{name}_high"]) == pytest.approx((known.low, known.high), abs=1e-7)


def test_without_a_number_of_members_the_thin_end_is_a_limit():
    f = flows(KNOWN, residual=["Others"])
    ends = xl.measure(f, ["shannon", "hall_tideman", "hhi"], over="market", residual="bounds").iloc[0]
    assert (ends["shannon_high"], ends["hall_tideman_low"], ends["hhi_low"]) == (inf, 0, pytest.approx(0.29))
    for name in ("hill1", "hill0"):  # with every further market there is more of them
        assert xl.measure(f, name, over="market", residual="bounds").iloc[0][f"{name}_high"] == inf
        with pytest.raises(DataError, match="hill is not known while markets are left over"):
            xl.measure(f, name, over="market")
    with pytest.raises(OptionError, match="universe=250"):
        xl.gini(f, over="market", residual="bounds")


def test_the_others_are_refused_until_told():
    f = flows(KNOWN, residual=["Others"])
    for index in (xl.gini, xl.hhi_normalised, xl.number_active):
        with pytest.raises(DataError, match="residual='bounds' .* residual='leave_out'"):
            index(f, over="market")
    with pytest.raises(DataError, match="residual='leave_out'"):
        xl.spells(f, over="market")
    left = xl.hhi(f, over="market", residual="leave_out").iloc[0]
    assert left["hhi"] == pytest.approx((5 / 7) ** 2 + (2 / 7) ** 2)
    assert left["residual"] == LEFT_OUT
    assert xl.share(f)["share"].sum() == pytest.approx(1)
    with pytest.raises(OptionError, match="depends on how the part of total="):
        xl.evaluate("hall_tideman", [50.0, 20.0], total=100.0)
    assert xl.evaluate("hhi", [50.0, 20.0], total=100.0) == pytest.approx(0.29)


def test_the_share_of_a_bloc_lies_between():
    f = flows(KNOWN, residual=["Others"])
    with pytest.raises(DataError, match="may hold members of RCEP"):
        xl.bloc_share(f, "RCEP")
    ends = xl.bloc_share(f, "RCEP", residual="bounds").iloc[0]
    assert (ends["bloc_share_low"], ends["bloc_share_high"]) == (0.5, 0.8)
    full = flows({"Canada": 1.0, "Mexico": 1.0, "USA": 1.0, "Others": 1.0}, residual=["Others"])
    ends = xl.bloc_share(full, "USMCA", residual="bounds").iloc[0]
    assert (ends["bloc_share_low"], ends["bloc_share_high"]) == (0.75, 0.75)
    assert share(xl.bloc_share(f, "RCEP", residual="leave_out")) == [round(5 / 7, 6)]
    assert share(xl.bloc_share(f, "RCEP", outside=["Others"])) == [0.5]


def test_a_policy_that_matches_nobody_is_refused():
    cities = pd.DataFrame({"city": ["沈阳市", "大连市"], "year": [2018, 2018]})
    dates = pd.DataFrame(
        {"unit": ["Shenyang", "Dalian"], "zh": ["沈阳市", "大连市"], "start_date": ["2018", "2016"]}
    )
    with pytest.raises(DataError, match="names no unit that the table has in 'city'.*dates_unit='zh'"):
        attach_policy(cities, dates, unit="city", period="year", elsewhere="drop")
    made = attach_policy(cities, dates, unit="city", period="year", dates_unit="zh")
    assert made.attrs["policy"] == "2 of the policy's 2 units are in 'city', which has 2"


@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_left_over_is_the_same_on_every_engine(engine):
    """50, 20 and 30 left over: spread thin .25 + .04, as one member .09 more, left out 2900 / 4900."""
    table = pd.DataFrame({"market": ["a", "b", "Others"], "value": [50.0, 20.0, 30.0]})
    flows = xl.flows(ENGINES[engine](table), residual=["Others"])
    thin = plain_rows(xl.hhi(flows, over="market"), [])[0]
    assert (thin["hhi"], thin["residual_share"]) == (pytest.approx(0.29), pytest.approx(0.3))
    without = plain_rows(xl.hhi(flows, over="market", residual="leave_out"), [])[0]
    assert without["hhi"] == pytest.approx(2900 / 4900)
    if flows.lazy:
        with pytest.raises(EngineError, match="for tables in memory"):
            xl.hhi(flows, over="market", residual="bounds")
        return
    ends = plain_rows(xl.hhi(flows, over="market", residual="bounds"), [])[0]
    assert (ends["hhi_low"], ends["hhi_high"]) == (pytest.approx(0.29), pytest.approx(0.38))
    assert ends["residual_share"] == pytest.approx(0.3)


def test_bounds_meet_where_nothing_is_left_over():
    table = pd.DataFrame({"period": [2020, 2020, 2021, 2021], "market": ["a", "Others", "a", "b"]})
    flows = xl.flows(table.assign(value=[1.0, 1.0, 1.0, 3.0]), residual=["Others"])
    found = xl.hhi(flows, over="market", residual="bounds")
    assert found["hhi_low"].tolist() == [0.25, 0.625]
    assert found["hhi_high"].tolist() == [0.5, 0.625]
    assert found["residual_share"].tolist() == [0.5, 0.0]


def test_a_bloc_of_so_many_members_is_no_other_spelling_of_it():
    table = pd.DataFrame({"market": ["EU28", "EU27", "Japan"], "value": [1.0, 2.0, 3.0]})
    with pytest.raises(DataError, match="overlap: 1 pair. First: 'EU28' beside 'EU27'"):
        xl.flows(table)
    written = xl.flows(table[1:], labels="iso3")
    assert sorted(written.members("market")) == ["EU27", "JPN"]


@pytest.mark.parametrize("label", ["EU99", "欧盟99国", "EU3", "ASEAN40"])
def test_a_bloc_of_so_many_members_that_it_never_had_is_none(label):
    assert xl.classifications.meaning(label).kind != "bloc"
    assert xl.classifications.meaning("EU27").kind == xl.classifications.meaning("欧盟15国").kind == "bloc"
