"""Files as people keep them, for the tutorial on one's own files; all figures are drawn at random."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

PARTNERS = {"Japan": "日本", "South Korea": "韩国", "Vietnam": "越南", "USA": "美国", "Germany": "德国"}
SIZE = [30.0, 20.0, 10.0, 25.0, 15.0]
YEARS = (2021, 2022, 2023)
CITIES = [
    "Shenyang",
    "Dalian",
    "Anshan",
    "Fushun",
    "Benxi",
    "Dandong",
    "Jinzhou",
    "Yingkou",
    "Fuxin",
    "Liaoyang",
    "Panjin",
    "Tieling",
    "Chaoyang",
    "Huludao",
]
JOINED = {"Shenyang": 2014, "Dalian": 2014, "Anshan": 2014, "Yingkou": 2017, "Jinzhou": 2017, "Dandong": 2017}


def write(folder: Path) -> None:
    """Write every file into `folder`."""
    folder.mkdir()
    rng = np.random.default_rng(11)
    flows = pd.DataFrame([(y, p) for y in YEARS for p in PARTNERS], columns=["year", "partner"])
    flows["usd"] = (np.tile(SIZE, len(YEARS)) * rng.lognormal(0, 0.2, len(flows))).round(3)
    semicolons(flows, folder / "exports.csv")
    yearbook(flows, folder / "yearbook.xlsx")
    stata(flows, folder / "exports.dta")
    chinese(rng, folder)
    input_output(folder / "io_table.xlsx")
    cities(rng, folder / "cities.dta")


def semicolons(flows: pd.DataFrame, path: Path) -> None:
    """A byte-order mark, a title, semicolons, decimal commas, totals, a partner that is no country, and notes."""

    def german(x: float) -> str:
        return f"{x:,.1f}".translate(str.maketrans(",.", ".,"))

    lines = ["Exports of the province by partner", "", "Reference year;Partner country ;Exports (1,000 USD)"]
    for year, rows in flows.groupby("year"):
        lines += [f"{year};{r.partner};{german(1000 * r.usd)}" for r in rows.itertuples()]
        lines += [f"{year};Others;{german(5000)}", f"{year};World;{german(1000 * rows['usd'].sum() + 5000)}"]
    lines += ["2023;Cuba;..", "", "Source: Statistical office.;;", "* 2023 is preliminary.;;"]
    path.write_text("\r\n".join(lines) + "\r\n", encoding="utf-8-sig")


def yearbook(flows: pd.DataFrame, path: Path) -> None:
    """A sheet before the one with the table, a title, two header rows, merged years, totals, a source."""
    from openpyxl import Workbook

    book = Workbook()
    book.active.title = "About"
    sheet = book.create_sheet("Table 3")
    for row in (
        ["Table 3. Exports by partner"],
        [],
        ["Year", "Partner", "Value"],
        [None, None, "million USD"],
    ):
        sheet.append(row)
    for year, rows in flows.groupby("year"):
        first = sheet.max_row + 1
        for row in rows.itertuples():
            sheet.append([year if sheet.max_row + 1 == first else None, row.partner, row.usd])
        sheet.append([None, "Total", rows["usd"].sum()])
        sheet.merge_cells(start_row=first, end_row=sheet.max_row, start_column=1, end_column=1)
    sheet.append([])
    sheet.append(["Source: yearbook of the province"])
    book.save(path)


def stata(flows: pd.DataFrame, path: Path) -> None:
    """Partners as numbers with value labels."""
    names = {n: k for k, n in enumerate(PARTNERS, 1)}
    coded = flows.assign(partner=flows["partner"].map(names), year=flows["year"].astype("int16"))
    coded.to_stata(path, write_index=False, value_labels={"partner": {k: n for n, k in names.items()}})


def chinese(rng: np.random.Generator, folder: Path) -> None:
    """Two provinces by partner and product, with thousands separators and totals, in GB18030 and in Excel."""
    goods = {"270900": "原油", "720839": "热轧板材", "847130": "便携式电脑", "870323": "小轿车"}
    rows = [
        (year, place, partner, code, name, round(1000 * weight * size * rng.lognormal(0, 0.5)))
        for year in YEARS
        for place, weight in (("辽宁省", 2.0), ("吉林省", 0.5))
        for partner, size in zip(PARTNERS.values(), SIZE, strict=True)
        for code, name in goods.items()
    ]
    table = pd.DataFrame(
        rows, columns=["年份", "省份", "贸易伙伴", "商品编码", "商品名称", "出口额（万美元）"]
    )
    keys = ["年份", "省份", "商品编码", "商品名称"]
    totals = table.groupby(keys, as_index=False)["出口额（万美元）"].sum().assign(贸易伙伴="合计")
    both = pd.concat([table, totals[table.columns]])
    both.to_excel(folder / "出口.xlsx", index=False)
    both["出口额（万美元）"] = both["出口额（万美元）"].map("{:,}".format)
    both.to_csv(folder / "出口.csv", index=False, encoding="gb18030")


def input_output(path: Path) -> None:
    """Three sectors, domestic and imported inputs apart, in the layout of China's statistical bureau."""
    head = ["Code", "Description", "Origin", "01", "02", "03", "TC", "GFCF", "EX", "GO"]
    rows = [
        ["01", "Agriculture", "Domestic", 10, 20, 5, 40, 5, 10, 90],
        ["02", "Industry", "Domestic", 15, 80, 30, 60, 50, 90, 325],
        ["03", "Services", "Domestic", 5, 40, 25, 90, 5, 15, 180],
        ["01", "Agriculture", "Imports", 1, 6, 1, 4, 2, None, None],
        ["02", "Industry", "Imports", 4, 40, 10, 10, 15, None, None],
        ["03", "Services", "Imports", 1, 5, 4, 2, 0, None, None],
        ["TVA", "Value added", "", 54, 134, 105, None, None, None, None],
    ]
    pd.DataFrame(rows, columns=head).to_excel(path, index=False)


def cities(rng: np.random.Generator, path: Path) -> None:
    """Cities over years, with the year of joining a programme, 0 for never; the effect drawn is 0.25 log points."""
    years = np.arange(2008, 2023)
    table = pd.DataFrame(
        {"city": np.repeat(np.arange(1, 15), 15), "year": np.tile(years, 14).astype("int16")}
    )
    joined = np.array([JOINED.get(c, 0) for c in CITIES])[table["city"] - 1]
    size = rng.normal(5, 1, 14)[table["city"] - 1]
    after = (joined > 0) & (table["year"] >= joined)
    noise = rng.normal(0, 0.1, len(table))
    table["exports"] = np.exp(size + 0.05 * (table["year"] - 2008) + 0.25 * after + noise)
    table["pilot_year"] = joined.astype("int16")
    labels = dict(enumerate(CITIES, 1))
    table.to_stata(path, write_index=False, value_labels={"city": labels})
