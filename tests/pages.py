"""The manual's code blocks: found in a page, run in order in one folder, with the files the pages speak of."""

from __future__ import annotations

import contextlib
import io
import shlex
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import customs
import io_files
import numpy as np
import own_files
import pandas as pd

# Commands of a console block that set machines up or are tested elsewhere; `exportlab` commands are run.
NOT_RUN = ("make", "git", "pip", "python", "spark-submit")


@dataclass(frozen=True)
class Block:
    """A code block: its language, text, line, and whether nothing but blank lines parts it from the last one."""

    language: str
    text: str
    line: int
    follows: bool


def blocks(path: Path) -> list[Block]:
    """The code blocks of a reStructuredText page, in order."""
    lines = path.read_text(encoding="utf-8").splitlines()
    found, at, prose = [], 0, True
    while at < len(lines):
        line = lines[at]
        if not line.strip().startswith(".. code-block::"):
            prose = prose or bool(line.strip())
            at += 1
            continue
        depth, start = len(line) - len(line.lstrip()), at + 1
        end = start
        while end < len(lines) and (not lines[end].strip() or lines[end].startswith(" " * (depth + 1))):
            end += 1
        body = [row[depth + 3 :] for row in lines[start:end]]
        while body and (not body[0].strip() or body[0].startswith(":")):
            body.pop(0)
        text = "\n".join(body).rstrip() + "\n"
        found.append(Block(line.split("::")[1].strip(), text, start + 1, not prose))
        at, prose = end, False
    return found


def run(path: Path) -> None:
    """Run a page's blocks in the working folder; a text block right after Python is what it prints."""
    names: dict[str, Any] = {"__name__": "__page__"}
    printed = None
    for block in blocks(path):
        where = f"{path.name}, line {block.line}"
        if block.language == "python":
            printed = stdout_of(block.text, where, names)
        elif block.language == "text" and block.follows and printed is not None:
            assert tidy(printed) == tidy(block.text), f"{where}: printed\n{printed}"
        elif block.language == "console":
            console(block.text, where)
        elif block.language == "toml":
            tomllib.loads(block.text)


def stdout_of(code: str, where: str, names: dict[str, Any]) -> str:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(code, where, "exec"), names)
    return out.getvalue()


def tidy(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip("\n").splitlines()]


def console(text: str, where: str) -> None:
    from typer.testing import CliRunner

    from exportlab.cli.commands import app

    for line in text.replace("\\\n", " ").splitlines():
        if not line.startswith("$ "):
            continue
        command, *arguments = shlex.split(line[2:], comments=True)
        if command != "exportlab":
            assert command in NOT_RUN, f"{where}: {command}"
            continue
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == 0, f"{where}: {line}\n{result.output}\n{result.exception!r}"


def prepare(folder: Path) -> None:
    """Write the files that the pages read, in the formats they say; all figures are drawn at random."""
    months = ("202301", "202302", "202303")
    both = customs.draw(6000, 7, months=months, places=("21", "22"), products=300, partners=60)
    (folder / "downloads").mkdir()
    for name, place in (("liaoning", "21"), ("jilin", "22")):
        customs.write(
            both[both["注册地编码"] == place], folder / "downloads" / f"{name}.csv", shuffle=int(place)
        )
    one = both[both["注册地编码"] == "21"].drop(columns=["注册地编码", "注册地名称"])
    customs.write(one, folder / "liaoning.csv")
    baci(folder / "BACI_HS92_V202501")
    comtrade(folder / "comtrade")
    parquet(folder / "flows")
    own_files.write(folder / "own")
    own = pd.DataFrame(
        {
            "year": [2021, 2021, 2021, 2022, 2022, 2022, 2023, 2023, 2023],
            "partner": ["Japan", "South Korea", "USA"] * 3,
            "usd": [50.0, 20.0, 30.0, 48.0, 25.0, 27.0, 45.0, 30.0, 25.0],
        }
    )
    own.to_csv(folder / "my_table.csv", index=False)
    io_files.exiobase_zip(folder, io_files.Made())


def baci(folder: Path) -> None:
    folder.mkdir()
    rows = "2022,156,392,010121,12.5,3\n2022,156,410,270900,8,NA\n2022,392,156,870323,20.25,5\n"
    for year in ("2022", "2023"):
        text = "t,i,j,k,v,q\n" + rows.replace("2022", year)
        (folder / f"BACI_HS92_Y{year}_V202501.csv").write_text(text, encoding="utf-8")


def comtrade(folder: Path) -> None:
    folder.mkdir()
    head = "period,reporterISO,partnerISO,flowCode,cmdCode,primaryValue,netWgt\n"
    rows = [
        "2023,CHN,W00,X,010121,30,3",
        "2023,CHN,JPN,X,010121,20,2",
        "2023,CHN,USA,X,010121,10,1",
        "2023,CHN,JPN,X,0101,20,2",
        "2023,CHN,USA,X,0101,10,1",
        "2023,CHN,JPN,M,010121,7,1",
    ]
    (folder / "china.csv").write_text(head + "\n".join(rows) + "\n", encoding="utf-8")


def parquet(folder: Path) -> None:
    folder.mkdir()
    rng = np.random.default_rng(5)
    countries = np.array(["CHN", "JPN", "KOR", "DEU", "USA", "VNM"])
    i, j, k = (a.ravel() for a in np.meshgrid(range(6), range(6), range(40), indexing="ij"))
    own = i != j
    for year in (2022, 2023):
        usd = np.exp(rng.normal(5, 2, own.sum()))
        codes = [f"{10121 + 11 * n:06d}" for n in k[own]]
        table = pd.DataFrame(
            {"year": year, "i": countries[i[own]], "j": countries[j[own]], "hs": codes, "usd": usd}
        )
        table.to_parquet(folder / f"flows_{year}.parquet", index=False)
