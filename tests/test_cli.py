"""The command line, run as a user runs it."""

from __future__ import annotations

import subprocess
import sys

import customs
import pandas as pd
import pytest


def run(*arguments, code=0, **options):
    done = subprocess.run(
        [sys.executable, "-m", "exportlab.cli", *map(str, arguments)], capture_output=True, text=True, encoding="utf-8",
        check=False, **options,
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


@pytest.fixture(scope="module")
def download(tmp_path_factory):
    return customs.write(customs.draw(600, 5), tmp_path_factory.mktemp("cli") / "my download.csv", shuffle=2)


def test_report_names_its_page(tmp_path, download):
    said = run("report", download, "--exporter", "辽宁省", "--out", tmp_path / "r")
    assert said.strip() == f"The report is {tmp_path / 'r' / 'index.html'}"
    assert (tmp_path / "r" / "index.html").stat().st_size > 50_000


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
    run("measure", tmp_path / "*.parquet", "--over", "product", "--by", "period", "--sum", "--memory", "300MB",
        "-i", "hhi", *roles, "--out", out)  # fmt: skip
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
    said = run("indicators", "hhhi", code=2)
    assert said.startswith("exportlab: There is no indicator named 'hhhi'. Did you mean 'hhi'")
    assert "Traceback" not in said
    assert "there is no file" in run("report", tmp_path / "none.csv", code=2)
    wrong = run("measure", download, "-i", "hhi", "--over", "product", "--out", tmp_path / "x.docx", code=2)
    assert "Allowed: .csv and .parquet" in wrong
    assert "Traceback" in run("--debug", "indicators", "hhhi", code=1)
