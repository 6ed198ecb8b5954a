"""What the command line says of wrong words, tables and options in the reader's language, by kind."""

from __future__ import annotations

import re
import sys

import io_files
import pandas as pd
import pytest

import exportlab as xl
from exportlab import options, words
from exportlab.claims.records import KINDS as KINDS_OF_CLAIMS
from exportlab.claims.verdicts import CONSISTENT
from exportlab.classifications.countries import iso3
from exportlab.cli import commands, explained, opening, terminal
from exportlab.errors import DataError, ExportlabError, MissingDependency, OptionError, UnknownName
from exportlab.options import Count, Freedom, Level, NotNegative, Positive, Share
from exportlab.reporting import behind

ENGLISH = re.compile(r"[a-z]{2,} [a-z]{2,}")
MONTHS = pd.DataFrame(
    [
        (f"2023-{m:02d}", e, market, product, 2.0)
        for m in range(1, 13)
        for e in ("A", "B")
        for market, product in (("Japan", "010121"), ("Germany", "870321"))
    ],
    columns=["month", "place", "partner", "hs", "usd"],
)
ROLES = {"period": "month", "exporter": "place", "market": "partner", "product": "hs", "value": "usd"}


def flows(table=MONTHS, **more):
    return xl.flows(table, **{**ROLES, **more})


def first_months(n):
    return flows(MONTHS[MONTHS["month"] <= f"2023-{n:02d}"])


def changed(column, value, row=2):
    return MONTHS.assign(**{column: MONTHS[column].where(MONTHS.index != row, value)})


def duplicated(**more):
    return flows(pd.concat([MONTHS, MONTHS.head(2)]), **more)


KINDS = {
    "no indicator": (
        lambda: xl.measure(flows(), "hhhi", over="market"),
        "没有名为'hhhi'的指标。是否指'hhi', 'hill'？",
    ),
    "no option": (
        lambda: xl.measure(flows(), {"x": ("hhi", {"q": 2})}, over="market"),
        "hhi没有选项'q'。其选项为：scale=1。",
    ),
    "two-way": (
        lambda: xl.measure(flows(), "rca", over="market"),
        "rca不是对一组成员的求和，measure不能计算：请调用exportlab.rca(flows, ...)。",
    ),
    "role": (
        lambda: xl.hhi(flows(), over="markt"),
        "没有名为'markt'的角色或键列。是否指'market', 'partner'？",
    ),
    "over and by": (
        lambda: xl.hhi(flows(), over="market", by="market"),
        "'market'同时出现在over=和by=中；一种角色要么用于展开，要么予以保留。",
    ),
    "left over": (
        lambda: xl.gini(flows(changed("partner", "Others"), residual=["Others"]), over="market"),
        "市场中有其余项时gini无法确定：其余项可能是一个市场，也可能是多个。首例：'Others'。"
        "请指明--left-over bounds（上下界）或--left-over leave_out；"
        "幂和类指数（hhi、effective_number、q大于1的hill）和cr此时有值。",
    ),
    "universe": (
        lambda: xl.gini(flows(), over="market", universe=1),
        "universe=1小于表中实际有贸易的成员数2。universe应包含一切可能出口到的类别。",
    ),
    "negative": (
        lambda: flows(changed("usd", -1.0)),
        "金额 'usd' 为负。涉及1行。首例：第3行，month='2023-01', place='B', partner='Japan', hs='010121', usd=-1.0。"
        "出口额不小于零：请检查各行中是否有退运、更正或净额。",
    ),
    "no period": (
        lambda: flows(changed("month", "x")),
        "时期列'month'有不是时期的标签（13个中的1个）。涉及1行。首例：第3行，month='x'。",
    ),
    "twice": (
        lambda: duplicated(),
        "多行对应同一单元（month, place, partner, hs）。涉及4行。"
        "首例：month='2023-01', place='A', partner='Japan', hs='010121'。"
        "请用 --keys ... 指明区分它们的列（贸易方式、注册地），或用 --sum 加总。",
    ),
    "twice, without roles": (
        lambda: duplicated(product=None),
        "没有角色的列：['hs']。",
    ),
    "year not full": (
        lambda: first_months(7).annual(),
        "时期列'month'没有完整的年份：2023的12个月中只有7个月（2023-01至2023-07）。"
        "不完整的部分请用--partial keep保留，各以其月份命名；或补上缺少的月份。",
    ),
    "no months": (
        lambda: flows(MONTHS.assign(month=MONTHS["month"].str[-2:].astype(int))).annual(),
        "时期列'month'为序号，所含月份未知。月、季度和半年可合并为年。",
    ),
    "longer": (lambda: flows().annual().quarterly(), "时期列'month'为年，比季度更长。"),
    "bloc": (lambda: xl.bloc_share(flows(), "RCEPP"), "没有名为'RCEPP'的区域集团。是否指'RCEP', 'CPTPP'？"),
    "no country": (
        lambda: xl.bloc_share(flows(changed("partner", "Atlantis")), "RCEP"),
        "1个市场不是已知的国家或区域集团，无法判断其是否属于RCEP。首例：'Atlantis'。请使用国家名称或ISO代码；"
        "若其中没有成员，请指明--outside Atlantis；或自行指明成员：members=['Japan']。",
    ),
    "countries": (
        lambda: iso3(["Jpan", "Nowhere at all"]),
        "2个标签不对应任何国家：'Jpan'（是否指'Japan'？），'Nowhere at all'。",
    ),
    "nomenclature": (lambda: flows(nomenclature="HS2011"), "没有名为'HS2011'的商品分类。"),
    "levels": (
        lambda: flows(pd.concat([MONTHS, MONTHS.head(1).assign(hs="0101")])),
        "商品列'hs'中不同层级的编码并列，贸易会重复计算：1个等于其下级之和（HS）。涉及1行。"
        "首例：'0101'为2，其下级之和为2（period='2023-01', exporter='A', market='Japan'）。",
    ),
    "choice": (
        lambda: flows(labels="iso2"),
        "--labels iso2无效。可用：'as written', 'iso3'。是否指'iso3'？",
    ),
    "data set": (lambda: xl.datasets.load("liaonin"), "没有名为'liaonin'的数据集。"),
}


def told(error):
    with words.speaking("zh"):
        return explained.said(error)


@pytest.mark.parametrize(("call", "text"), KINDS.values(), ids=KINDS)
def test_a_refusal_is_said_in_chinese(call, text):
    with pytest.raises(ExportlabError) as error:
        call()
    said = told(error.value)
    assert text in said
    assert ENGLISH.findall(re.sub(r"'[^']*'|--[a-z-]+ [a-z]\w*", "", said)) == []


@pytest.mark.parametrize(
    ("hint", "text"),
    [
        (Count, "不小于1的整数"),
        (Level, "0与1之间的数"),
        (Share, "0至1的数"),
        (Positive, "有限的大于0的数"),
        (NotNegative, "有限的不小于0的数"),
        (Freedom, "大于0的数（可为无穷）"),
        (bool | str, "True或False或文本"),
        (list[int] | None, "列表（元素为整数）或None"),
        (dict[str, float], "由文本到数的映射"),
        (tuple[int, str], "（整数，文本）"),
    ],
)
def test_what_an_option_may_be_is_said_in_chinese(hint, text):
    with pytest.raises(OptionError) as error:
        options.check("x", object(), hint)
    assert told(error.value).endswith(f"无效。可用：{text}。")


def test_reasons_and_purposes_are_said():
    why = UnknownName(words.said("exporter"), "x", ["y"], why=words.said("the table has no rows"))
    assert (
        told(why)
        == "没有名为'x'的出口地（省、国）。"
        + words.catalogue("zh")["the table has no rows"]
        + "。已知的有：'y'等。"
    )
    purpose = words.said("Writing {suffix} files", suffix=".xlsx")
    assert str(MissingDependency("openpyxl", "excel", purpose)) == (
        "Writing .xlsx files needs openpyxl: pip install 'exportlab[excel]'."
    )
    assert told(MissingDependency("openpyxl", "excel", purpose)).startswith("写出.xlsx文件")


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("reprot", "没有命令reprot。是否指'report'？参见：exportlab --help"),
        ("measure x.csv", "需要选项--over。参见：exportlab measure --help"),
        ("measure --over market", "需要参数files。参见：exportlab measure --help"),
        ("measure x.csv --over", "选项--over需要取值。"),
        ("measure x.csv --over market --sum=1", "选项--sum不带取值。"),
        ("measure x.csv --over market --digits x", "选项--digits须为整数。参见：exportlab measure --help"),
        ("data a b", "无法理解：b。参见：exportlab data --help"),
    ],
)
def test_what_is_not_understood_is_said_in_chinese(monkeypatch, capsys, typed, text):
    monkeypatch.setattr(sys, "argv", ["exportlab", *typed.split()])
    monkeypatch.setenv(explained.VARIABLE, "zh")
    assert commands.run() == 2
    assert capsys.readouterr().err.strip().replace("\n", "") == f"exportlab: {text}"


def test_notes_of_annual_are_said(capsys):
    silent = MONTHS[(MONTHS["place"] != "B") | (MONTHS["month"] != "2023-04")]
    with words.speaking("zh"):
        made = opening.yearly(flows(silent), annual=True)
    assert capsys.readouterr().err == (
        "说明：1个出口地在合并的部分时期没有数据，按零计（首例：B，2023：12期中有11期）。\n"
    )
    assert made.notes == (
        "1 of the exporters have no row in some periods added up, which count as zero (first: B, 2023: 11 of 12)",
    )


def test_the_catalogue_is_read_in_chinese(monkeypatch, capsys):
    """Family, unit, laws and where an indicator has no value are messages; no name of a family is English."""
    facts = {f for i in xl.CATALOGUE.values() for f in (i.unit, i.undefined)} - {"", "1"}
    names = {name for i in xl.CATALOGUE.values() for name in (i.family, *i.laws)}
    assert names == set(commands.NAMES)
    assert [f for f in {*facts, *commands.NAMES.values()} if len(words.in_all_languages(f)) < 2] == []
    monkeypatch.setattr(sys, "argv", ["exportlab", "indicators", "gini", "--lang", "zh"])
    assert commands.run() == 0
    printed = capsys.readouterr().out
    assert "该组的总额为零" in printed
    assert "置换不变" in printed
    assert "concentration" not in printed


def test_units_of_the_data_are_read_in_chinese():
    """No unit is left in Latin letters but for signs; a figure goes with the power of ten that its unit counts in."""
    with words.speaking("zh"):
        overview = terminal.in_units(xl.datasets.describe()[["name", "units"]])
        tables = [terminal.in_units(xl.datasets.load(name)) for name in overview["name"]]
        units = {u for t in tables if "unit" in t for u in t["unit"]}
        units |= {u for listed in overview["units"] for u in listed.split("、")}
        assert words.as_counted(6.27, "bn USD") == (62.7, "亿美元")
        assert words.as_counted(4.46, "mn TEU") == (446.0, "万标准箱")
        assert words.as_counted(93.3, "mn t") == (0.933, "亿吨")
        assert words.as_counted(12.0, "10k t") == (12.0, "万吨")
        said_alone = [
            words.unit_said(u) for u in ("mn TEU", "bn t", "thousand records", "10k pieces", "rank")
        ]
    assert said_alone == ["百万标准箱", "十亿吨", "千条记录", "10k pieces", "位次"]
    assert [u for u in units if re.search("[A-Za-z]", re.sub("USD|CNY|TEU", "", u))] == []
    assert {"亿元", "万吨", "万标准箱", "批", "%"} <= units


def test_units_of_the_data_stand_in_english_as_published():
    table = xl.datasets.load("claims_evidence")
    assert terminal.in_units(table) is table


@pytest.mark.parametrize("name", ["claims_evidence", "china_io_multipliers"])
def test_only_figures_with_a_unit_change(name):
    table = xl.datasets.load(name)
    with words.speaking("zh"):
        made = terminal.in_units(table)
    assert made.drop(columns=["value", "unit"], errors="ignore").equals(
        table.drop(columns=["value", "unit"], errors="ignore")
    )


def test_a_claim_in_full_is_read_in_chinese(capsys):
    told = {"id": "a", "kind": "gap", "claimed": "5", "verdict": CONSISTENT, "tolerance": "4 to 6"}
    with words.speaking("zh"):
        terminal.show_claims(pd.DataFrame([told]))
    facts = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert facts == [["a"], ["类型", "差距"], ["论断值", "5"], ["结论", "自洽"], ["容差", "4", "to", "6"]]
    assert [kind for kind in KINDS_OF_CLAIMS if len(words.in_all_languages(kind)) < 2] == []


def test_what_the_system_refuses_names_the_file():
    assert explained.said(OSError(28, "No space left on device", "x.csv")) == "no space left on device: x.csv"
    assert told(PermissionError(13, "Permission denied", "x.csv")).endswith(": x.csv")


MADE = io_files.Made()


def cell(file, row, column, text):
    """The file with one cell written anew, everything else as it was."""
    cells = pd.read_csv(file, header=None, dtype=str, keep_default_na=False)
    cells.iat[row, column] = text
    cells.to_csv(file, header=False, index=False)
    return file


def headless(folder):
    (folder / "x.csv").write_text("1,2,3,4\n" * 4, encoding="utf-8")
    return folder / "x.csv"


def headed_twice(folder):
    return cell(cell(io_files.bureau(folder), 2, 9, "出口"), 3, 9, "EX")


TABLES = {
    "no file": (lambda folder: folder / "absent.csv", "absent.csv'。"),
    "no format": (headless, "不属于任何已知的投入产出表格式。已知的格式为OECD ICIO："),
    "empty folder": (lambda folder: folder, "GLORIA：含有"),
    "total": (
        lambda folder: io_files.bureau(folder, spoil=1.5),
        "文件中的一个合计不等于各单元格之和：列'中间使用合计 TIU'。涉及1行。首例：'01001产品'。'01001产品'的各单元格",
    ),
    "heading": (
        lambda folder: cell(cell(io_files.bureau(folder), 2, 9, "某某"), 3, 9, "XX"),
        "文件中有的列既不是部门，也不是已知的使用项。涉及1行。首例：'某某 XX'。已知：部门代码、FU101至FU202、",
    ),
    "two headings": (headed_twice, "表的列中'出口 EX'出现不止一次。首例：有数值的列中第"),
    "row": (
        lambda folder: cell(io_files.icio_2018(folder, MADE), 8, 0, "AUS_XX"),
        "文件中有的行既不是部门，也不是已知的投入项或增加值项。涉及1行。首例：'AUS_XX'。已知：TLS, AUS_TAXSUB, VA",
    ),
    "row twice": (
        lambda folder: cell(io_files.icio_2018(folder, MADE), 2, 0, "AUS_01T03"),
        "表的行中'AUS_01T03'出现不止一次。首例：有数值的行中第1行与第2行。每项只应出现一次",
    ),
    "sums": (
        lambda folder: cell(io_files.figaro(folder, MADE), 1, 2, "-5"),
        "合计不等于各单元格之和：各列合计，与各行合计相比。涉及2行。首例：'AT_A01'。",
    ),
    "text": (
        lambda folder: cell(io_files.figaro(folder, MADE), 1, 2, "n.a."),
        "各列合计，与各行合计相比。",
    ),
    "no satellites": (lambda folder: io_files.eora(folder, MADE), "table=没有卫星账户。"),
}


@pytest.mark.parametrize(("make", "text"), TABLES.values(), ids=TABLES)
def test_what_is_wrong_with_an_input_output_table_is_said_in_chinese(
    monkeypatch, capsys, tmp_path, make, text
):
    typed = ["report", "--table", str(make(tmp_path)), "--out", str(tmp_path / "out"), "--lang", "zh"]
    monkeypatch.setattr(sys, "argv", ["exportlab", *typed])
    assert commands.run() == 2
    said = capsys.readouterr().err.replace("\n", "")
    assert text in said
    assert ENGLISH.findall(re.sub(r"'[^']*'", "", said).replace(str(tmp_path), "")) == []


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("(", "satellites='('不是正则表达式："),
        ("CO3", "中没有任何一行含有satellites='CO3'。共有"),
    ],
)
def test_what_is_wrong_with_satellites_is_said_in_chinese(tmp_path, pattern, text):
    with pytest.raises(OptionError) as error:
        xl.valueadded.read_iot(io_files.exiobase(tmp_path, MADE), satellites=pattern)
    assert text in told(error.value)


def test_satellites_by_name_are_refused_where_a_file_has_none_to_search(tmp_path):
    with pytest.raises(
        OptionError, match=r"satellites='CO2' chooses rows by name in EORA26 and EXIOBASE 3"
    ) as e:
        xl.valueadded.read_iot(io_files.bureau(tmp_path), satellites="CO2")
    assert told(e.value).startswith("satellites='CO2'按名称选取行，只适用于EORA26与EXIOBASE 3。")


def square(**changed):
    """A table of two sectors, as `changed`: what is wrong with it is told in the words of input-output economics."""
    names = ["农业", "工业"]
    given = {
        "final": pd.DataFrame({"C": [70.0, 90.0]}, names),
        "exports": [10.0, 20.0],
        "imports": [5.0, 5.0],
    }
    Z = changed.pop("Z", [[10.0, 15.0], [20.0, 30.0]])
    return xl.valueadded.IOTable.from_frames(
        pd.DataFrame(Z, names, names), unit="million USD", **{**given, **changed}
    )


BALANCES = {
    "output": (
        {"output": [100.0, 200.0]},
        "各行不平衡：使用合计与总产出共相差43.5 百万美元。涉及1行。首例：'工业' (0.2175)（占总产出之比）。",
    ),
    "value added": (
        {"value_added": [700.0, 1100.0]},
        "所给增加值不等于总产出减去投入与税收：列平衡共相差1620 百万美元。涉及2行。",
    ),
    "inputs": ({"Z": [[10.0, 15.0], [200.0, 30.0]], "tolerance": 0.5}, "投入的价值不低于所生产的产出。"),
    "negative": (
        {"Z": [[10.0, -15.0], [20.0, 30.0]]},
        "Z有负的单元格。涉及1行。首例：行'农业'、列'工业'为-15。中间使用不能为负。",
    ),
    "exports": ({"exports": [-1.0, 20.0]}, "出口为负。涉及1行。"),
    "text": (
        {"exports": pd.Series(["1,5", 20.0], ["农业", "工业"])},
        "出口额的单元格为文本。涉及1行。首例：行'农业'、列'exports'为'1,5'。看来小数点写成了逗号",
    ),
    "missing": ({"imports": [float("nan"), 5.0]}, "进口的单元格有缺失值或无穷值。涉及1行。"),
    "labels": (
        {"final": pd.DataFrame({"C": [70.0, 90.0]}, ["农业", "矿业"])},
        "最终使用的各行缺少表中需要的标签。涉及1行。首例：'工业'。2个标签须全部出现，次序不限。",
    ),
    "imports": ({"imports": None}, "表须有进口品投入矩阵或进口列，二者择一。"),
}


@pytest.mark.parametrize(("changed", "text"), BALANCES.values(), ids=BALANCES)
def test_what_does_not_balance_is_said_in_chinese(changed, text):
    assert square().kind == "competitive"
    with pytest.raises(DataError) as error:
        square(**changed)
    said = told(error.value)
    assert text in said
    assert ENGLISH.findall(re.sub(r"'[^']*'", "", said)) == []


def test_what_a_report_leaves_out_is_said_in_chinese():
    """Why a section has no figures stands in the report's language, and in English as the refusal itself says it."""
    jobs = pd.DataFrame({"农业": [3.0], "工业": [4.0]}, ["就业"])
    table = square(imports=[0.0, 0.0], satellites=jobs)
    with words.speaking("zh"):
        chinese = behind.section(table, ()).text
    assert chinese[1].startswith("未给出：表中既无进口也无调入：")
    assert ENGLISH.findall("".join(chinese)) == []
    english = behind.section(table, ()).text
    assert english[1].startswith(
        "Left out: The table has neither imports nor inflow: with the raw coefficients"
    )
