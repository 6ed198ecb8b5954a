"""The command line, run as a user runs it."""

from __future__ import annotations

import inspect
import io
import os
import re
import subprocess
import sys
import warnings

import customs
import io_files
import pandas as pd
import pytest

import exportlab as xl
from exportlab import cli, words
from exportlab.cli import commands, doctor, opening, terminal
from exportlab.cli.explained import said
from exportlab.plots import style
from exportlab.words import language


def run(*arguments, code=0, alone=False, **options):
    """What a command prints, its error where a code is asked for: here, or `alone` in a process of its own."""
    asked = list(map(str, arguments))
    if alone or options:
        done = subprocess.run(
            [sys.executable, "-m", "exportlab", *asked],
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
            **options,
        )
        ended, out, err = done.returncode, done.stdout, done.stderr
    else:
        told, said = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "argv", ["exportlab", *asked])
            patch.setattr(sys, "stdout", told)
            patch.setattr(sys, "stderr", said)
            with pytest.raises(SystemExit) as stopped:
                cli.main()
        words.speak("en")
        ended, out, err = stopped.value.code, told.getvalue(), said.getvalue()
    assert ended == code, err
    return out if code == 0 else err


@pytest.fixture(scope="module")
def download(tmp_path_factory):
    return customs.write(customs.draw(600, 5), tmp_path_factory.mktemp("cli") / "my download.csv", shuffle=2)


def test_report_names_its_page(tmp_path, download):
    said = run("report", download, "--exporter", "辽宁省", "--out", tmp_path / "r", alone=True)
    assert said.strip() == f"The report is {tmp_path / 'r' / 'index.html'}"
    assert (tmp_path / "r" / "index.html").stat().st_size > 50_000


def test_report_takes_classes_and_incomes(tmp_path, undrawn):
    frame = pd.DataFrame(
        {
            "exporter": ["A", "B", "A", "B"],
            "product": ["7641", "7641", "0111", "0112"],
            "value": [1.0, 2.0, 3.0, 4.0],
        }
    )
    frame.to_csv(tmp_path / "flows.csv", index=False)
    pd.DataFrame({"exporter": ["A", "B"], "value": [100.0, 300.0]}).to_csv(
        tmp_path / "income.csv", index=False
    )
    sheet = io_files.bureau(tmp_path)
    sheet.write_text(sheet.read_text(encoding="utf-8") + ",CO2,10,20,30\n", encoding="utf-8")
    told = run("report", tmp_path / "flows.csv", "--satellites", "CO2", code=2)
    assert told.strip() == "exportlab: --satellites chooses rows of --table, which is not given."
    run(
        "report",
        tmp_path / "flows.csv",
        "--exporter",
        "A",
        "--technology",
        "sitc3",
        "--income",
        tmp_path / "income.csv",
        "--table",
        sheet,
        "--out",
        tmp_path / "r",
    )
    (bounds,) = pd.read_csv(
        tmp_path / "r" / "tables" / "behind_bounds.csv", encoding="utf-8-sig"
    ).itertuples()
    assert (bounds.what, 0 < bounds.low < bounds.high) == ("CO2", True)
    shares = pd.read_csv(tmp_path / "r" / "tables" / "lall.csv", encoding="utf-8-sig").set_index("class")[
        "share"
    ]
    assert shares.to_dict() == {"HT": 0.25, "PP": 0.75}
    level = pd.read_csv(tmp_path / "r" / "tables" / "expy.csv", encoding="utf-8-sig")["expy"].item()
    prody = (0.25 * 100 + 300 / 3) / (0.25 + 1 / 3)  # of 7641, which both export
    assert level == pytest.approx(0.25 * prody + 0.75 * 100)


def test_measure_prints_and_writes(tmp_path, download):
    said = run("measure", download, "-i", "hhi", "-i", "cr4", "--over", "market", "--by", "period")
    assert "2023-01" in said
    out = tmp_path / "out.csv"
    run("measure", download, "-i", "hhi", "--over", "product", "--by", "period,exporter", "--out", out)
    table = pd.read_csv(out)
    assert list(table.columns) == ["数据年月", "注册地名称", "hhi"]
    assert table["hhi"].between(0, 1).all()
    assert [p.name for p in tmp_path.iterdir()] == ["out.csv"]


def test_parquet_stays_on_disk_and_the_result_is_written_whole(tmp_path):
    table = customs.draw(500, 5)[["数据年月", "商品编码", "贸易伙伴名称", "美元"]]
    table.to_parquet(tmp_path / "flows.parquet", index=False)
    roles = ["--period", "数据年月", "--market", "贸易伙伴名称", "--product", "商品编码", "--value", "美元"]
    out = tmp_path / "out.parquet"
    run(
        "measure",
        tmp_path / "*.parquet",
        "--over",
        "product",
        "--by",
        "period",
        "--sum",
        "--memory",
        "300MB",
        "-i",
        "hhi",
        *roles,
        "--out",
        out,
    )
    found = pd.read_parquet(out).set_index("数据年月")["hhi"]
    by_hand = table.groupby(["数据年月", "商品编码"])["美元"].sum()
    shares = by_hand / by_hand.groupby(level=0).transform("sum")
    assert found.sort_index().to_numpy() == pytest.approx(
        (shares**2).groupby(level=0).sum().to_numpy(), rel=1e-12
    )
    assert sorted(p.name for p in tmp_path.iterdir()) == ["flows.parquet", "out.parquet"]
    refused = run("measure", tmp_path / "flows.parquet", "--over", "product", *roles, code=2)
    assert "several rows have one cell" in refused


def test_catalogue_and_data():
    assert "Herfindahl-Hirschman index" in run("indicators")
    one = run("indicators", "hhi")
    for fact in (r"\sum_k s_k^2", "1/n to 1", "Hirschman (1964)"):
        assert fact in one
    assert "liaoning_trade_by_partner" in run("data")
    assert "exportlab 0." in run("--version")


def test_errors_are_one_paragraph_and_exit_code_two(tmp_path, download):
    said = run("indicators", "hhhi", code=2, alone=True)
    assert said.startswith("exportlab: There is no indicator named 'hhhi'. Did you mean 'hhi'")
    assert "Traceback" not in said
    assert "there is no file" in run("report", tmp_path / "none.csv", code=2)
    wrong = run("measure", download, "-i", "hhi", "--over", "product", "--out", tmp_path / "x.doc", code=2)
    assert "Allowed: .csv, .parquet, .xlsx, .docx, .tex, .html and .md." in wrong
    assert "Traceback" in run("--debug", "indicators", "hhhi", code=1, alone=True)


def test_measures_are_set_for_a_paper(tmp_path, download):
    asked = ("measure", download, "-i", "hhi", "--over", "market", "--by", "period", "--out")
    run(*asked, tmp_path / "t.tex")
    assert r"数据年月 & HHI \\" in (tmp_path / "t.tex").read_text(encoding="utf-8")
    run(*asked, tmp_path / "t.html")
    assert (tmp_path / "t.html").read_text(encoding="utf-8").count("<tr>") > 2
    pytest.importorskip("openpyxl", reason="needs openpyxl")
    run(*asked, tmp_path / "t.xlsx")
    found = pd.read_excel(tmp_path / "t.xlsx", engine="openpyxl")
    assert found["HHI"].iloc[:3].between(0, 1).all()


WIDTHS = (80, 120)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_ledger_fits_a_terminal(monkeypatch, say, width):
    monkeypatch.setattr(terminal.out, "_width", width)
    code, text, _ = say("claims")
    assert code == 0
    lines = text.splitlines()
    assert max(map(len, lines)) <= width
    assert "…" not in text
    heads = [line.split("claimed")[0].strip() for line in lines if re.search(r"\(\d+\) +claimed ", line)]
    table = xl.claims.check()
    counts = table["verdict"].value_counts()
    assert heads == [f"{v} ({counts[v]})" for v in xl.claims.VERDICTS if v in counts]
    assert all(any(line.split()[:1] == [i] for line in lines) for i in table["id"])
    last = " ".join(lines[lines.index("", len(lines) - 5) :])
    assert f"{len(table)} claims: {counts['contradicted by a source']} contradicted by a source; " in last


def test_the_ledger_by_verdict_paper_and_claim(say, tmp_path):
    _, text, _ = say("claims", "bi-structure", "-v", "contra", "-v", "repro")
    assert "1 claims: 1 contradicted by a source." in text
    assert "structure-homogeneity" not in text
    _, text, _ = say("claims", "marine-rcep-firms", "structure-coal")
    assert re.findall(r"^(?:verdict|needs|claimed) .*$", text, re.MULTILINE)[-1].startswith("needs")
    assert "21/47 = 44.68 % or 21/48 = 43.75 %" in text
    assert text.count("evidence ") == 2
    code, _, error = say("claims", "marine-rcep-frims")
    assert code == 2
    assert (
        "There is no claim, paper or TOML file named 'marine-rcep-frims'. Did you mean 'marine-rcep-firms'"
        in error
    )
    code, _, error = say("claims", "-v", "true")
    assert "--verdict true fits none. Allowed: contradicted by a source, inconsistent" in error
    say("claims", "-v", "impl", "--out", tmp_path / "t.csv")
    found = pd.read_csv(tmp_path / "t.csv")
    assert set(found["verdict"]) == {"implausible"}
    assert {"needs", "evidence", "source", "tolerance"} <= set(found.columns)


def test_the_shell_completes_names(monkeypatch, capsys):
    def offered(*asked: str) -> list[str]:
        return completed(monkeypatch, capsys, asked)

    assert offered("clai") == ["claims"]
    assert offered("claims", "structure-c") == ["structure-coal"]
    assert offered("claims", "-v", "co") == ["contradicted", "consistent"]
    assert offered("indicators", "hhi_normalised_") == ["hhi_normalised_active"]
    assert offered("data", "policy") == ["policy_dates"]
    assert "RCEP" in offered("report", "--bloc", "RC")
    assert offered("measure", "x.csv", "-i", "hal") == ["hall_tideman"]
    assert offered("measure", "x.csv", "-i", "hhi,hal") == ["hhi,hall_tideman"]


@pytest.mark.parametrize(
    ("asked", "values"),
    [
        (["report", "--lang", ""], ["en", "zh"]),
        (["report", "--also", "excel,p"], ["excel,pdf", "excel,png"]),
        (["measure", "x.csv", "--over", "market,p"], ["market,product"]),
        (["measure", "x.csv", "--engine", "d"], ["duckdb"]),
        (["measure", "x.csv", "--partial", ""], ["drop", "keep"]),
        (["report", "--scheme", "g"], ["gacc"]),
        (["doctor", "--lang", "z"], ["zh"]),
    ],
)
def test_the_shell_completes_values(monkeypatch, capsys, asked, values):
    assert completed(monkeypatch, capsys, asked) == values


def completed(monkeypatch, capsys, asked):
    """What the shell offers, asked in this process."""
    monkeypatch.setattr(sys, "argv", ["exportlab"])
    monkeypatch.setenv("_EXPORTLAB_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", " ".join(["exportlab", *asked]))
    monkeypatch.setenv("COMP_CWORD", str(len(asked)))
    with pytest.raises(SystemExit):
        cli.main()
    return capsys.readouterr().out.split()


@pytest.fixture
def say(monkeypatch, capsys):
    """Run a command in this process: its exit code, what it printed, and the words of its error."""

    def command(*arguments):
        monkeypatch.setattr(sys, "argv", ["exportlab", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        printed = capsys.readouterr()
        return ended.value.code, printed.out, printed.err

    return command


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["reprot"], "No such command 'reprot'. Did you mean 'report'? See: exportlab --help"),
        (["report", "--lnag", "zh"], "No such option: --lnag"),
        (["measure", "x.csv"], "Missing option '--over'"),
        (["report", "--lang", "fr"], "lang='fr' is not allowed. Allowed: 'en', 'zh'."),
        (["data", "--lang", "cn"], "lang='cn' is not allowed. Allowed: 'en', 'zh'. Did you mean 'zh'?"),
        (
            ["data", "--lang", "English"],
            "lang='English' is not allowed. Allowed: 'en', 'zh'. Did you mean 'en'?",
        ),
        (["report", "--also", "excel,doc"], "also='doc' is not allowed."),
        (["data", "liaoning"], "There is no data set named 'liaoning'."),
        (["report", "--out"], "Option '--out' requires an argument."),
    ],
)
def test_wrong_words_are_explained_in_one_paragraph(say, arguments, text):
    code, _, error = say(*arguments)
    assert code == 2
    assert error.startswith(f"exportlab: {text}")
    assert len(error.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["data", "liaonin", "--lang", "zh"], "没有名为'liaonin'的数据集。"),
        (["indicators", "hhhi", "--lang=zh"], "没有名为'hhhi'的指标。是否指'hhi'"),
        (["report", "--also", "doc", "--lang", "zh"], "also='doc'无效。可用：'pdf', 'word'"),
        (["report", "--lnag", "x", "--lang", "zh"], "没有选项--lnag。是否指'--lang'？"),
        (
            ["measure", "x.csv", "--over", "market", "--out", "a.txt", "--lang", "zh"],
            "--out a.txt的扩展名为'.txt'。可用：.csv",
        ),
    ],
)
def test_refusals_have_a_frame_in_the_language_asked_for(say, arguments, text):
    code, _, error = say(*arguments)
    assert code == 2
    assert error.startswith(f"exportlab: {text}")
    assert language() == "en"


def test_a_refused_table_is_framed_in_chinese(say, tmp_path):
    table = pd.DataFrame({"market": ["Japan", "Japan"], "value": [1.0, 2.0]})
    table.to_csv(tmp_path / "t.csv", index=False)
    wrong = say(
        "measure",
        tmp_path / "t.csv",
        "--over",
        "market",
        "--market",
        "market",
        "--value",
        "value",
        "--lang",
        "zh",
    )
    assert wrong[2].replace("\n", "") == (
        "exportlab: 多行对应同一单元（market）。涉及2行。首例：market='Japan'。"
        "请用 --keys ... 指明区分它们的列（贸易方式、注册地），或用 --sum 加总。"
    )


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ([("Japan", -1.0)], "金额 'v' 为负。涉及1行。首例：第1行，m='Japan', v=-1.0。出口额不小于零"),
        (
            [("World", 1.0), ("USA", 2.0)],
            "市场 'm' 的成员中有合计（'World'）。涉及1行。首例：第1行，m='World'",
        ),
        ([("Japan", 0.0)], "1 个金额全部为零。全为零时任何指数都无定义"),
        ([("Japan", 1e300)], "值 'v' 大于 1e+50，或虽不为零却小于"),
    ],
)
def test_what_is_wrong_with_a_table_is_said_in_chinese(say, tmp_path, rows, text):
    pd.DataFrame(rows, columns=["m", "v"]).to_csv(tmp_path / "t.csv", index=False)
    asked = ["measure", tmp_path / "t.csv", "--over", "market", "--market", "m", "--value", "v"]
    code, printed, error = say(*asked, "--lang", "zh")
    assert (code, printed) == (2, "")
    assert error.replace("\n", "").startswith(f"exportlab: {text}")


def test_every_command_speaks_chinese(say, tmp_path, monkeypatch):
    pd.DataFrame({"market": ["Japan", "USA"], "value": [1.0, 3.0]}).to_csv(tmp_path / "t.csv", index=False)
    asked = {
        ("claims", "structure-coal"): "论文",
        ("data",): "全国：按商品类别的出口",
        ("indicators",): "显示性比较优势",
        ("indicators", "区位熵"): "区位熵",
        ("doctor",): "附加组件",
        ("measure", tmp_path / "t.csv", "--market", "market", "--value", "value", "--over", "market"): "有效",
    }
    monkeypatch.setenv("EXPORTLAB_LANG", "zh")
    for arguments, text in asked.items():
        code, printed, error = say(*arguments)
        assert (code, error) == (0, ""), arguments
        assert text in printed, arguments
    assert "显示性比较优势" not in say("indicators", "--lang", "en")[1].replace("aliases", "")


@pytest.mark.parametrize(
    ("chinese", "name"),
    [
        ("区位熵", "location_quotient"),
        ("显示性比较优势", "rca"),
        ("产业同构系数", "cosine"),
        ("贸易结合度", "trade_intensity"),
        ("出口技术复杂度", "expy"),
        ("赫芬达尔指数", "hhi"),
        ("格鲁贝尔—劳埃德指数", "grubel_lloyd"),
        ("嵌套度（NODF）", "nestedness"),
    ],
)
def test_indicators_are_found_by_their_chinese_names(chinese, name):
    assert xl.CATALOGUE[chinese].name == name


def test_every_title_of_the_catalogue_has_chinese():
    from exportlab.words import in_all_languages

    assert [i.name for i in xl.CATALOGUE.values() if len(in_all_languages(i.title)) < 2] == []


def test_several_indicators_with_commas(say, tmp_path):
    table = pd.DataFrame({"place": ["A", "A"], "market": ["Japan", "USA"], "value": [1.0, 3.0]})
    table.to_csv(tmp_path / "t.csv", index=False)
    rest = ["--market", "market", "--value", "value", "--exporter-column", "place", "--over", "market"]
    code, printed, _ = say("measure", tmp_path / "t.csv", "-i", "hhi, cr1", "-i", "effective_number", *rest)
    assert code == 0
    assert printed.split() == ["place", "hhi", "cr1", "effective_number", "A", "0.625", "0.75", "1.6"]
    assert say("measure", tmp_path / "t.csv", "-i", "hhi", *rest, "--out", tmp_path / "t.md")[0] == 0
    assert (tmp_path / "t.md").read_text("utf-8").splitlines() == [
        "| place | HHI |",
        "| --- | ---: |",
        "| A | 0.625 |",
    ]


def test_the_options_of_files_stand_once():
    """Both commands that read files take the same options, with the same help."""
    from typer.main import get_command

    known = get_command(commands.app).commands
    options = [{o.name: (o.opts, o.help) for o in known[name].params} for name in ("report", "measure")]
    shared = inspect.signature(opening.options_of_files).parameters
    assert len(shared) == 23
    for name in shared:
        assert options[0][name] == options[1][name]


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (FileNotFoundError(2, "No such file or directory", "a/b.csv"), "no such file or folder: a/b.csv"),
        (
            PermissionError(13, "Permission denied", "r/index.html"),
            "not allowed to read or write: r/index.html",
        ),
        (OSError(28, "No space left on device"), "no space left on device."),
        (OSError(28, "No space left on device", "r/x.csv"), "no space left on device: r/x.csv"),
        (NotADirectoryError(20, "Not a directory", "file/tables"), "not a directory: file/tables"),
        (MemoryError(), "there is not enough memory for this."),
        (
            UnicodeDecodeError("utf-8", b"\xff", 0, 1, "x"),
            "the file is not utf-8 text (byte 0). Save it as UTF-8 or GB18030.",
        ),
        (ZeroDivisionError(), None),
    ],
)
def test_what_the_system_says(error, text):
    assert said(error) == text


def test_a_report_that_cannot_be_written(say, tmp_path):
    (tmp_path / "file").write_text("in the way")
    code, _, error = say("report", "--out", tmp_path / "file")
    assert (code, len(error.strip().splitlines())) == (2, 1)
    assert error.startswith("exportlab: not a directory: ")


def test_a_full_disk_is_named_and_leaves_no_half_file(tmp_path):
    pytest.importorskip("resource", reason="needs limits on the size of files")
    code = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000));"
        "from exportlab.cli import main; sys.argv = ['exportlab', 'report', 'my.csv', '--market', 'm', '--value',"
        "'v', '--out', 'r']; main()"
    )
    pd.DataFrame({"m": [f"market {i}" for i in range(300)], "v": 1.5}).to_csv(tmp_path / "my.csv")
    done = subprocess.run(
        [sys.executable, "-B", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    *steps, told = done.stderr.strip().splitlines()
    assert done.returncode == 2
    assert told.startswith("exportlab: file too large: r")
    assert steps == ["Computing from the flows", "Drawing and writing the page"]
    left = [p.name for p in (tmp_path / "r").rglob("*") if p.is_file()]
    assert all(name.endswith(".csv") and not name.startswith(".") for name in left)


def test_a_fault_of_the_program_shows_its_traceback(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["exportlab", "doctor"])
    monkeypatch.setattr(doctor, "examine", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        cli.main()


def test_report_in_chinese_with_further_formats(say, tmp_path, download, undrawn):
    code, printed, error = say(
        "report",
        download,
        "--exporter",
        "辽宁省",
        "--out",
        tmp_path / "r",
        "--lang",
        "zh",
        "--also",
        "excel, latex",
    )
    assert (code, error.splitlines()) == (0, ["正在用所给数据计算", "正在绘图并写出页面"])
    assert "市场及其集中度" in (tmp_path / "r" / "index.html").read_text(encoding="utf-8")
    assert {p.suffix for p in (tmp_path / "r" / "tables").iterdir()} == {".csv", ".tex", ".xlsx"}
    assert {p.name for p in (tmp_path / "r").iterdir()} == {"index.html", "tables", "figures"}
    assert {p.suffix for p in (tmp_path / "r" / "figures").iterdir()} == {".pdf"}
    assert str(tmp_path / "r" / "index.html") in printed.replace("\n", "")


def test_doctor_says_what_is_there(say, monkeypatch):
    code, printed, _ = say("doctor")
    assert code == 0
    assert printed.startswith("exportlab 0.")
    lines = {line.split()[1]: line.split() for line in printed.splitlines()[2:-1]}
    assert lines["pandas"][:2] == ["core", "pandas"]
    assert lines["pandas"][2] == pd.__version__
    assert {"polars", "duckdb", "pyspark", "openpyxl", "Java"} <= set(lines)
    monkeypatch.setattr(doctor, "_version", lambda name: {"numpy": "1.26.4", "polars": ""}.get(name, "99"))
    states = {p.name: str(p.state) for p in doctor.examine()}
    assert (states["numpy"], states["polars"], states["pandas"]) == ("too old", "missing", "ok")
    code, _, error = say("doctor")
    assert (code, error) == (
        2,
        "exportlab: The core lacks numpy. Install exportlab again: pip install exportlab.\n",
    )


def test_doctor_finds_java_where_spark_does(monkeypatch, tmp_path):
    program = tmp_path / "bin" / "java"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\" 2019' >&2\n")
    program.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    java = next(p for p in doctor.examine() if p.name == "Java")
    assert (java.found, str(java.state)) == ("11.0.2", "too old")


def test_doctor_tells_the_truth_of_fonts(say, monkeypatch, tmp_path):
    name, kept = style.fonts()[1:], tmp_path / "fontlist.json"
    if not name:
        pytest.skip("needs a font with Chinese")
    monkeypatch.setattr(style, "list_of_fonts", lambda: kept)
    states = lambda: [(p.found, str(p.state)) for p in doctor.examine()[-2:]]  # noqa: E731
    unkept = f"cannot be kept in {tmp_path}: every run looks for fonts anew"
    assert states() == [(name[0], "ok"), (kept.name, unkept)]
    kept.write_text('{"ttflist": [{"name": "DejaVu Sans"}]}', encoding="utf-8")
    assert states()[1][1] == unkept
    kept.write_text(f'{{"ttflist": [{{"name": "{name[0]}"}}]}}', encoding="utf-8")
    assert states()[1][1] == "ok"

    def late():
        warnings.warn("matplotlib's list of fonts did not know it", stacklevel=1)
        return ["DejaVu Sans", "DejaVu Sans"]  # a font that has no Chinese, under a trusted name

    monkeypatch.setattr(style, "fonts", late)
    kept.write_text('{"ttflist": [{"name": "DejaVu Sans"}]}', encoding="utf-8")
    boxes, of_list = states()
    assert re.fullmatch(r"draws \d{4} signs as boxes: .{12}", boxes[1])
    assert of_list[1] == "was out of date, knows the font now"
    monkeypatch.setattr(style, "fonts", lambda: ["DejaVu Sans"])
    assert states()[0] == ("", "missing")
    printed = say("doctor", "--lang", "zh")[1]
    assert "字体清单" in printed


@pytest.fixture(scope="module")
def readable(tmp_path_factory):
    """A customs download, a table of periods alone, one of Comtrade, one of Parquet."""
    folder = tmp_path_factory.mktemp("readable")
    customs.write(customs.draw(200, 7), folder / "customs.csv")
    table = pd.DataFrame({"year": [2022, 2023], "k": ["a", "b"], "usd": [1.0, 2.0]})
    table.to_csv(folder / "own.csv", index=False)
    table.to_parquet(folder / "own.parquet", index=False)
    head = "period,reporterISO,partnerISO,flowCode,cmdCode,primaryValue,netWgt"
    (folder / "comtrade.csv").write_text(f"{head}\n2023,CHN,JPN,X,010121,20,2\n", encoding="utf-8")
    return folder


OWN = ("--period", "year", "--value", "usd", "--keys", "k", "--over", "k")


@pytest.mark.parametrize(
    ("file", "options", "told"),
    [
        ("own.csv", (*OWN, "--sheet", "q"), "--sheet q has no effect on files that are no Excel workbooks"),
        (
            "own.csv",
            (*OWN, "--digits", "6"),
            "--digits 6 has no effect on a table without a column of products",
        ),
        (
            "own.csv",
            (*OWN, "--levels", "finest"),
            "--levels finest has no effect on a table without a column of",
        ),
        (
            "own.csv",
            (*OWN, "--nomenclature", "HS"),
            "--nomenclature HS has no effect on a table without a column",
        ),
        (
            "own.csv",
            (*OWN, "--zero-quantity", "zero"),
            "--zero-quantity zero has no effect on a table without q",
        ),
        (
            "own.csv",
            (*OWN, "--labels", "iso3"),
            "--labels iso3 has no effect on a table without a column of m",
        ),
        (
            "own.parquet",
            (*OWN, "--decimal", ","),
            "--decimal ',' has no effect on files that hold numbers as",
        ),
        (
            "customs.csv",
            ("--over", "market", "--wide", "--sheet", "q"),
            "--sheet q --wide has no effect on a down",
        ),
        (
            "customs.csv",
            ("--over", "market", "--keys", "k"),
            "--keys k has no effect on a download of China's",
        ),
        (
            "comtrade.csv",
            ("--over", "market", "--unit", "USD"),
            "--unit USD has no effect on a download of UN",
        ),
    ],
)
def test_an_option_without_effect_is_refused(say, readable, file, options, told):
    code, _, error = say("measure", readable / file, "-i", "hhi", *options)
    assert code == 2
    assert error.startswith(f"exportlab: {told}")
    assert error.endswith(": leave it out.\n")


def test_options_of_downloads_are_passed_on(say, readable):
    code, printed, _ = say(
        "measure", readable / "comtrade.csv", "--over", "market", "-i", "hhi", "--digits", "6"
    )
    assert (code, printed.split()[-1]) == (0, "1")
    out = ("--leave-out", "partnerISO=JPN")
    code, _, error = say("measure", readable / "comtrade.csv", "--over", "market", "-i", "hhi", *out)
    assert code == 2
    assert "no row" in error
    code, _, error = say("measure", readable / "customs.csv", "--over", "market", "--unit", "CNY", "--sum")
    assert code == 2
    assert "no column '人民币'" in error


def test_completion_is_offered(say):
    code, printed, _ = say("--help")
    assert code == 0
    assert "--install-completion" in printed
    assert "--show-completion" in printed
    asked = {"_EXPORTLAB_COMPLETE": "complete_bash", "COMP_WORDS": "exportlab re", "COMP_CWORD": "1"}
    assert run(env={**os.environ, **asked}).split() == ["report"]


def test_a_pipe_that_closes_is_no_error():
    done = subprocess.run(
        f"{sys.executable} -m exportlab data province_trade | head -1",
        shell=True,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""


def test_an_own_file_with_totals_notes_and_decimal_commas(tmp_path):
    path = tmp_path / "own.csv"
    path.write_text(
        "Exports\nYear;Partner country;Value (EUR)\n2022;Japan;1.000,5\n2022;USA;2\n2022;World;1.002,5\n\nSource: x\n",
        encoding="utf-8",
    )
    ask = ["measure", path, "--over", "market", "-i", "number_active"]
    named = ["--period", "Year", "--market", "Partner country", "--value", "Value (EUR)"]
    assert '--period "Year" --market "Partner country" --value "Value (EUR)" --unit "EUR"' in run(
        *ask, code=2
    )
    done = run(*ask, *named, "--decimal", ",", "--leave-out", "market=World")
    assert done.split() == ["Year", "number_active", "2022", "2"]
    wrong = run(*ask, *named, "--leave-out", "World", code=2)
    assert "--leave-out 'World' is not allowed. Allowed: column=label." in wrong


def test_a_reference_has_the_columns_of_the_files(tmp_path):
    head = "year,place,hs,usd\n"
    (tmp_path / "own.csv").write_text(head + "2022,L,01,1\n2022,L,02,3\n", encoding="utf-8")
    (tmp_path / "nation.csv").write_text(head + "2022,A,01,5\n2022,B,01,5\n2022,A,02,10\n", encoding="utf-8")
    roles = ["--period", "year", "--exporter-column", "place", "--product", "hs", "--value", "usd"]
    run(
        "report",
        tmp_path / "own.csv",
        *roles,
        "--reference",
        tmp_path / "nation.csv",
        "--out",
        tmp_path / "r",
    )
    rca = pd.read_csv(tmp_path / "r" / "tables" / "rca.csv")
    assert rca.set_index("hs")["rca"].to_dict() == pytest.approx({1: 0.5, 2: 1.5})


def test_months_are_added_up_to_years(say, tmp_path, undrawn):
    months = [f"2022年{m}月" for m in range(1, 13)] + ["2023年1月", "2023年2月"]
    table = pd.DataFrame(
        [(m, c, 1.0 + (c == "USA")) for m in months for c in ("Japan", "USA")],
        columns=["month", "partner", "usd"],
    )
    table.to_csv(tmp_path / "flows.csv", index=False)
    asked = (
        "measure",
        tmp_path / "flows.csv",
        "--period",
        "month",
        "--market",
        "partner",
        "--value",
        "usd",
        "-i",
        "hhi",
        "--over",
        "market",
        "--annual",
        "--out",
        tmp_path / "out.csv",
    )
    code, _, error = say(*asked)
    assert code == 0
    assert error.strip() == "Left out, for their year is not full: 2 periods, 2023年1月 to 2023年2月."
    assert pd.read_csv(tmp_path / "out.csv").to_dict("list") == {
        "month": ["2022年"],
        "hhi": [pytest.approx(5 / 9)],
    }
    run(*asked, "--partial", "keep")
    assert pd.read_csv(tmp_path / "out.csv")["month"].tolist() == ["2022年", "2023年1-2月"]
    assert "--partial some is not allowed. Allowed: 'drop', 'keep'." in run(
        *asked, "--partial", "some", code=2
    )
    assert "--partial goes with --annual" in run(
        *(a for a in asked if a != "--annual"), "--partial", "keep", code=2
    )
    run("report", *asked[1:8], "--annual", "--out", tmp_path / "r")
    totals = pd.read_csv(tmp_path / "r" / "tables" / "totals.csv", encoding="utf-8-sig")
    assert totals.to_dict("list") == {"month": ["2022年"], "usd": [36.0]}


def test_an_exporter_without_months_is_told(say, tmp_path):
    table = pd.DataFrame(
        [
            (f"2023-{m:02d}", c, "Japan", 1.0)
            for m in range(1, 13)
            for c in ("Dalian", "Yingkou")
            if (m, c) != (12, "Yingkou")
        ],
        columns=["period", "exporter", "market", "value"],
    )
    table.to_csv(tmp_path / "flows.csv", index=False)
    asked = ["measure", str(tmp_path / "flows.csv"), "--over", "market", "--annual"]
    code, _, error = say(*asked)
    assert code == 0
    assert " ".join(error.split()) == (
        "Note: 1 of the exporters have no row in some periods added up, which count as zero (first: Yingkou, 2023: "
        "11 of 12)."
    )
