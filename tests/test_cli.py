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
