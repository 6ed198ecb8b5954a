"""Made-up input-output tables written in the shapes in which publishers lay theirs out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pandas as pd

LAND, SECTORS, CATEGORIES = ("AUS", "CHN", "USA"), 2, 2
NAMES = ("Agriculture, hunting, forestry and fishing", "Mining and quarrying")
USES = ("Final consumption expenditure by households", "Gross fixed capital formation")


@dataclass
class Made:
    """A balanced table of three countries with two sectors and two final uses each; totals stay as they were made."""

    Z: np.ndarray = field(init=False)
    F: np.ndarray = field(init=False)
    seed: int = 3

    def __post_init__(self) -> None:
        rng = np.random.default_rng(self.seed)
        self.Z, self.F = rng.uniform(1, 5, (6, 6)), rng.uniform(10, 30, (6, 6))
        self.x = self.Z.sum(axis=1) + self.F.sum(axis=1)
        self.inputs = self.Z.sum(axis=0)
        self.taxes = 0.02 * self.x
        self.va = self.x - self.inputs - self.taxes

    @property
    def cells(self) -> np.ndarray:
        return np.hstack([self.Z, self.F])


Writer = Callable[[Path, Made], Path]


def _keys(land: tuple[str, ...] = LAND) -> list[tuple[str, int]]:
    return [(c, s + 1) for c in land for s in range(SECTORS)]


def _grid(path: Path, rows: list[list[object]]) -> Path:
    width = max(map(len, rows))
    pd.DataFrame([[*row, *[None] * (width - len(row))] for row in rows]).to_csv(
        path, header=False, index=False
    )
    return path


def icio_2016(tmp: Path, m: Made) -> Path:
    """HFCE_AUS by category, then DISC; VA+TAXSUB and OUT below; no total column."""
    rows = [f"{c}_C0{s}T05" for c, s in _keys()]
    disc = 0.01 * m.x
    turned = m.F.reshape(6, 3, 2).transpose(0, 2, 1).reshape(6, 6)
    frame = pd.DataFrame(
        np.hstack([m.Z, turned]), rows, rows + [f"{k}_{c}" for k in ("HFCE", "GFCF") for c in LAND]
    )
    frame.iloc[:, 6] -= np.where(
        np.arange(6) < 2, disc, 0
    )  # the discrepancy is part of Australia's own final demand
    frame["DISC"] = np.where(np.arange(6) < 2, disc, 0)
    frame.loc["VA+TAXSUB"] = [*(m.va + m.taxes), *np.zeros(7)]
    frame.loc["OUT"] = [*m.x, *np.zeros(7)]
    frame.to_csv(tmp / "ICIO2016_2011.csv")
    return tmp / "ICIO2016_2011.csv"


def icio_2018(tmp: Path, m: Made) -> Path:
    """AUS_HFCE, TOTAL across; AUS_TAXSUB by country, VALU and OUTPUT down."""
    rows = [f"{c}_0{s}T03" for c, s in _keys()]
    frame = pd.DataFrame(m.cells, rows, rows + [f"{c}_{k}" for c in LAND for k in ("HFCE", "CONS_ABR")])
    frame["TOTAL"] = m.x
    for k, c in enumerate(LAND):
        frame.loc[f"{c}_TAXSUB"] = [*(m.taxes * [0.2, 0.3, 0.5][k]), *np.zeros(7)]
    frame.loc["VALU"] = [*m.va, *np.zeros(7)]
    frame.loc["OUTPUT"] = [*m.x, *np.zeros(7)]
    frame.to_csv(tmp / "ICIO2018_2015.CSV")
    return tmp / "ICIO2018_2015.CSV"


def icio_2023(tmp: Path, m: Made) -> Path:
    """A corner V1, sectors with an underscore, TLS, VA and OUT."""
    rows = [f"{c}_A0{s}_02" for c, s in _keys()]
    frame = pd.DataFrame(m.cells, rows, rows + [f"{c}_{k}" for c in LAND for k in ("HFCE", "DPABR")])
    frame["OUT"] = m.x
    for label, values in (("TLS", m.taxes), ("VA", m.va), ("OUT", m.x)):
        frame.loc[label] = [*values, *np.zeros(6), values.sum()]
    frame.to_csv(tmp / "2020_SML.csv", index_label="V1")
    return tmp / "2020_SML.csv"


def icio_2025(tmp: Path, m: Made) -> Path:
    """The extended table: China and Mexico as processing rows, whose final demand is that of the country."""
    rows = ["CN1_A01", "CN1_A02", "CN2_A01", "MX1_A01", "MX2_A01", "USA_A01"]
    final = [f"{c}_{k}" for c in ("CHN", "MEX", "USA") for k in ("HFCE", "GFCF")]
    frame = pd.DataFrame(m.cells, rows, rows + final)
    frame["OUT"] = m.x
    for label, values in (("TLS", m.taxes), ("VA", m.va), ("OUT", m.x)):
        frame.loc[label] = [*values, *np.zeros(7)]
    frame.to_csv(tmp / "2022.csv", index_label="V1")
    return tmp / "2022.csv"


def figaro(tmp: Path, m: Made) -> Path:
    """rowLabels; taxes and value added of the domestic area W2 below; no output is printed."""
    rows = [f"{c}_A0{s}" for c, s in _keys(("AT", "FIGW1", "US"))]
    final = [f"{c}_{k}" for c in ("AT", "FIGW1", "US") for k in ("P3_S14", "P51G")]
    frame = pd.DataFrame(m.cells, rows, rows + final)
    shares = {"W2_D21X31": m.taxes, "W2_OP_RES": 0 * m.x, "W2_OP_NRES": 0 * m.x}
    shares |= {"W2_D1": 0.6 * m.va, "W2_D29X39": 0.1 * m.va, "W2_B2A3G": 0.3 * m.va}
    for label, values in shares.items():
        frame.loc[label] = [*values, *np.zeros(6)]
    frame.to_csv(tmp / "matrix_eu-ic-io_ind-by-ind_24ed_2022.csv", index_label="rowLabels")
    return tmp / "matrix_eu-ic-io_ind-by-ind_24ed_2022.csv"


def figaro_flat(tmp: Path, m: Made) -> Path:
    """One flow a row, with the codes of both sides apart and joined."""
    wide = pd.read_csv(figaro(tmp, m), index_col=0)
    long = wide.stack().reset_index()
    long.columns = ["icioiRow", "icioiCol", "obsValue"]
    for new, old in (("Row", "icioiRow"), ("Col", "icioiCol")):
        long[[f"area{new}", f"code{new}"]] = long[old].str.split("_", n=1, expand=True)
    long = long.rename(
        columns={"areaRow": "refArea", "codeRow": "rowIi", "areaCol": "counterpartArea", "codeCol": "colIi"}
    )
    path = tmp / "flatfile_eu-ic-io_ind-by-ind_24ed_2022.csv"
    long[["icioiRow", "icioiCol", "refArea", "rowIi", "counterpartArea", "colIi", "obsValue"]].to_csv(
        path, index=False
    )
    return path


def _margins(m: Made, rows: list[tuple[object, ...]], gap: object) -> list[list[object]]:
    values = {"inputs": m.inputs, "taxes": m.taxes, "zero": 0 * m.x, "va": m.va, "x": m.x}
    return [[*labels, *values[str(what)], *[gap] * 7] for *labels, what in rows]


def wiod_2013(tmp: Path, m: Made) -> Path:
    """Titles in the corner beside the heads, sector codes, names, countries and numbers; margins without a country."""
    heads = ["World Input-Output Table for 2009", "41 countries, in current prices", "(industry-by-industry)"]
    heads += ["(millions of US$)", None, None]
    codes = [["AtB", "C"] * 3 + [None] * 7, [*NAMES * 3, *USES * 3, "Total output"]]
    codes += [[c for c in LAND for _ in range(2)] * 2 + [None]]
    codes += [["c1", "c2"] * 3 + ["c37", "c41"] * 3 + [None]]
    grid = [
        [heads[0]],
        [heads[1]],
        *([h, None, None, None, *c] for h, c in zip(heads[2:], codes, strict=True)),
    ]
    for k, (c, s) in enumerate(_keys()):
        grid.append([["AtB", "C"][s - 1], NAMES[s - 1], c, f"c{s}", *m.cells[k], m.x[k]])
    grid += _margins(
        m,
        [
            (None, "Total intermediate consumption", "TOT", "r60", "inputs"),
            (None, "taxes less subsidies on products", None, "r99", "taxes"),
            (None, "Cif/ fob adjustments on exports", None, "r61", "zero"),
            (None, "Direct purchases abroad by residents", None, "r62", "zero"),
            (None, "Purchases on the domestic territory by non-residents", None, "r63", "zero"),
            (None, "Value added at basic prices", None, "r64", "va"),
            (None, "International Transport Margins", None, None, "zero"),
            (None, "Output at basic prices", None, "r69", "x"),
        ],
        None,
    )
    return _grid(tmp / "wiot09_row_sep12.csv", grid)


def wiod_2016(tmp: Path, m: Made) -> Path:
    """Rows r1 beside columns c1; final use c57 ..., total c62; margins r65 to r73 of a country TOT."""
    grid: list[list[object]] = [["World Input-Output Table"], ["in current prices, millions of dollars"]]
    grid += [[None] * 4 + ["A01", "A02"] * 3 + ["CONS_h", "GFCF"] * 3 + ["GO"]]
    grid += [[None] * 4 + [*NAMES * 3, *USES * 3, "Total output"]]
    grid += [[None] * 4 + [c for c in LAND for _ in range(2)] * 2 + ["TOT"]]
    grid += [[None] * 4 + ["c1", "c2"] * 3 + ["c57", "c60"] * 3 + ["c62"]]
    for k, (c, s) in enumerate(_keys()):
        grid.append([f"A0{s}", NAMES[s - 1], c, f"r{s}", *m.cells[k], m.x[k]])
    grid += _margins(
        m,
        [
            ("II_fob", "Total intermediate consumption", "TOT", "r65", "inputs"),
            ("TXSP", "taxes less subsidies on products", "TOT", "r66", "taxes"),
            ("EXP_adj", "Cif/ fob adjustments on exports", "TOT", "r67", "zero"),
            ("PURR", "Direct purchases abroad by residents", "TOT", "r68", "zero"),
            ("PURNR", "Purchases on the domestic territory by non-residents ", "TOT", "r69", "zero"),
            ("VA", "Value added at basic prices", "TOT", "r70", "va"),
            ("IntTTM", "International Transport Margins", "TOT", "r71", "zero"),
            ("GO", "Output at basic prices", "TOT", "r73", "x"),
        ],
        0.0,
    )
    return _grid(tmp / "WIOT2014_Nov16_ROW.csv", grid)


def adb(tmp: Path, m: Made, *, codes: bool = False, names: bool = True) -> Path:
    """Title, subtitle, unit and a gap; names, countries and numbers, with a head row of plain codes in newer files."""
    grid: list[list[object]] = [
        ["Multiregional Input-Output Table 2024"],
        ["72 economies, at current prices"],
    ]
    grid += [["In millions of US$"], [None]]
    if codes:
        grid += [[None] * 4 + ["0001", "0002"] * 3 + ["1001", "1004"] * 3 + [None]]
    uses = ["Households", USES[1]] * 3
    grid += [[None] * 4 + [*NAMES * 3, *uses, "TOTAL"]] if names else []
    land = ("AUS", "PRC", "RoW")
    grid += [[None] * 4 + [c for c in land for _ in range(2)] * 2 + ["ToT"]]
    grid += [[None] * 4 + ["c1", "c2"] * 3 + ["F1", "F4"] * 3 + [None]]
    for k, (c, s) in enumerate(_keys(land)):
        grid.append([None, NAMES[s - 1], c, f"c{s}", *m.cells[k], m.x[k]])
    grid += _margins(
        m,
        [
            (None, "Intermediate input total", "TOT", "r60", "inputs"),
            (None, "Taxes less subsidies on products", "TOT", "r99", "taxes"),
            (None, "CIF / FOB adjustments", "TOT", "r61", "zero"),
            (None, "Direct purchases abroad by residents", "TOT", "r62", "zero"),
            (None, "Purchases on the domestic territory by non-residents", "TOT", "r63", "zero"),
            (None, "Value added at basic prices", "TOT", "r64", "va"),
            (None, "International Transport Margins", "TOT", "trs", "zero"),
            (None, "TOTAL", "TOT", "r69", "x"),
        ],
        " ",
    )
    return _grid(tmp / "ADB-MRIO-2024.csv", grid)


def adb_coded(tmp: Path, m: Made) -> Path:
    """The newer sheets, with four head rows."""
    return adb(tmp, m, codes=True)


def adb_two_heads(tmp: Path, m: Made) -> Path:
    """Countries and numbers alone above the cells."""
    return adb(tmp, m, names=False)


def eora(tmp: Path, m: Made) -> Path:
    """A folder of figures without labels, label files whose lines end in a tab, a last country ROW of one sector."""
    root = tmp / "eora"
    root.mkdir(exist_ok=True)
    zero = np.zeros
    T = np.block([[m.Z, 0.5 * np.ones((6, 1))], [m.taxes[None, :], zero((1, 1))]])
    FD = np.block([[m.F, zero((6, 1))], [zero((1, 7))]])
    FD[np.arange(6), np.arange(6) // 2 * 2] -= 0.5  # of each country's own final demand
    parts = {"T": T, "FD": FD, "VA": np.hstack([np.vstack([0.7 * m.va, 0.3 * m.va]), zero((2, 1))])}
    for part, values in parts.items():
        np.savetxt(root / f"Eora26_2015_bp_{part}.txt", values, delimiter="\t", fmt="%.17g")
    names = {"AUS": "Australia", "CHN": "China", "USA": "USA"}
    sectors = [f"{names[c]}\t{c}\tIndustries\t{NAMES[s - 1]}\t" for c, s in _keys()]
    final = [f"{names[c]}\t{c}\tFinal Demand\t{u}\t" for c in LAND for u in USES]
    (root / "labels_T.txt").write_text("\n".join([*sectors, "ROW\tROW\tTOTAL\tTotal\t"]) + "\n")
    (root / "labels_FD.txt").write_text("\n".join([*final, "ROW\tROW\tTOTAL\tTotal\t"]) + "\n")
    np.savetxt(
        root / "Eora26_2015_bp_Q.txt",
        np.hstack([[m.x, 2.0 * m.x], [[0.0], [0.0]]]),
        delimiter="\t",
        fmt="%.17g",
    )
    (root / "labels_Q.txt").write_text("Energy\tPetroleum (TJ)\t\nCO2\tTotal (Gg)\t\n")
    (root / "labels_VA.txt").write_text(
        "Primary Inputs\tCompensation of employees D.1\t\nPrimary Inputs\tOperating surplus\t\n"
    )
    return root


def exiobase(tmp: Path, m: Made, *, coefficients: bool = False) -> Path:
    """A folder of tab-separated tables with two head rows and a row of the index' names, as pandas writes them."""
    root = tmp / ("coefficients" if coefficients else "IOT_2019_pxp")
    (root / "satellite").mkdir(parents=True, exist_ok=True)
    keys = pd.MultiIndex.from_tuples([(c, NAMES[s - 1]) for c, s in _keys()], names=["region", "sector"])
    final = pd.MultiIndex.from_product([LAND, USES], names=["region", "category"])
    name, cells = ("A", m.Z / m.x) if coefficients else ("Z", m.Z)
    pd.DataFrame(cells, keys, keys).to_csv(root / f"{name}.txt", sep="\t")
    pd.DataFrame(m.F, keys, final).to_csv(root / "Y.txt", sep="\t")
    if not coefficients:
        pd.DataFrame({"indout": m.x}, keys).to_csv(root / "x.txt", sep="\t")
    factors = {
        "Taxes less subsidies on products purchased: Total": m.taxes,
        "Other net taxes on production": 0.1 * m.va,
        "Compensation of employees; wages, salaries, & employers' social contributions: Low-skilled": 0.5
        * m.va,
        "Operating surplus: Remaining net operating surplus": 0.4 * m.va,
        "CO2 - combustion - air": 2.0 * m.x,
    }
    frame = pd.DataFrame(np.vstack(list(factors.values())), pd.Index(list(factors), name="stressor"), keys)
    frame.to_csv(root / "satellite" / "F.txt", sep="\t")
    pd.DataFrame({"unit": "M.EUR"}, keys).to_csv(root / "unit.txt", sep="\t")
    return root


def exiobase_coefficients(tmp: Path, m: Made) -> Path:
    """A release of coefficients only."""
    return exiobase(tmp, m, coefficients=True)


def exiobase_zip(tmp: Path, m: Made) -> Path:
    """The archive as published, one folder inside."""
    root, path = exiobase(tmp, m), tmp / "IOT_2020_pxp.zip"
    with ZipFile(path, "w") as parts:
        for file in sorted(p for p in root.rglob("*") if p.is_file()):
            parts.write(file, f"IOT_2020_pxp/{file.relative_to(root).as_posix()}")
    return path


GLORIA = "20240110_120secMother_AllCountries_002_{}-Results_2019_059_Markup001(full).csv"


def gloria(tmp: Path, m: Made, *, mixed: np.ndarray | None = None) -> Path:
    """Figures without labels, each region's industries, then its products; the labels in a workbook beside the folder.

    `mixed` are the shares of the products (columns) that each industry of a region (rows) makes; each its own product
    without it. Use is laid out so that the industries deliver what `m` says where each makes its own product.
    """
    root = tmp / "GLORIA_MRIOs_59_2019"
    root.mkdir(exist_ok=True)
    shares = np.eye(SECTORS) if mixed is None else mixed
    products = m.x.reshape(3, SECTORS)  # use of products, and so what is made of them
    T, V = np.zeros((3, 2, SECTORS, 3, 2, SECTORS)), np.zeros((3, 2, 3, 2, SECTORS))
    Y = np.zeros((3, 2, SECTORS, 6))
    for r in range(3):
        T[r, 0, :, r, 1] = shares * products[r]
        V[r, :, r, 0] = np.outer([0.6, 0.4], m.va.reshape(3, SECTORS)[r])
    T[:, 1, :, :, 0] = m.Z.reshape(3, SECTORS, 3, SECTORS)
    Y[:, 1] = m.F.reshape(3, SECTORS, 6)
    for part, cells in {"T": T.reshape(12, 12), "Y": Y.reshape(12, 6), "V": V.reshape(6, 12)}.items():
        np.savetxt(root / GLORIA.format(part), cells, delimiter=",", fmt="%.17g")
    sheets = {
        "Regions": {"Lfd_Nr": [1, 2, 3], "Region_acronyms": LAND, "Region_names": LAND},
        "Sectors": {"Lfd_Nr": [1, 2], "Sector_names": NAMES},
        "Value added and final demand": {
            "Lfd_Nr": [1, 2],
            "Value_added_names": ["Compensation of employees", "Net operating surplus"],
            "Final_demand_names": USES,
        },
    }
    with pd.ExcelWriter(tmp / "GLORIA_ReadMe_059.xlsx") as book:
        for name, columns in sheets.items():
            pd.DataFrame(columns).to_excel(book, sheet_name=name, index=False)
    return root


def ceads(tmp: Path, m: Made, *, spoil: float = 1.0, heading: str = "Errors") -> Path:
    """CEADs as published: a title, provinces written once, names, codes; imports, TII, VA001 ..., checks, CO2 below."""
    land, uses = ("Beijing", "Liaoning", "Yunnan"), ("Rural household consumption", "Fixed capital formation")
    e, err, imported = 0.1 * m.x, 0.01 * m.x, 0.05 * m.x
    go = m.x + e + err
    va = go - m.Z.sum(axis=0) - imported
    once = [v for c in land for v in (c, None)]
    tail = [
        "Export",
        "Total Final Use",
        heading,
        "Gross Output",
        "Proportion of errors in gross output (less than 5%)",
    ]
    grid: list[list[object]] = [
        ["Multi-regional input-output table of China, 2017"],
        [None] * 3 + once + [None, *once],
    ]
    grid += [[None] * 3 + [*NAMES * 3, "Total intermediate use", *uses * 3, *tail]]
    grid += [
        [None] * 3 + ["01", "02"] * 3 + ["TIU"] + ["FU101", "FU201"] * 3 + ["EX", "TFU", "ERR", "GO", None]
    ]
    for k, (c, s) in enumerate(_keys(land)):
        z = m.Z[k] * ([spoil] + [1.0] * 5 if k == 0 else 1.0)
        cells = [*z, m.Z[k].sum(), *m.F[k], e[k], m.F[k].sum() + e[k], err[k], go[k], err[k] / go[k]]
        grid.append([c if s == 1 else None, NAMES[s - 1], f"0{s}", *cells])
    used = 0.05 * m.F.sum(axis=0)
    grid += [[None, "Imports", "IM", *imported, imported.sum(), *used, None, used.sum(), None, None]]
    below = {
        "TII": m.Z.sum(axis=0) + imported,
        "VA001": 0.6 * va,
        "VA002": 0.1 * va,
        "VA003": 0.1 * va,
        "VA004": 0.2 * va,
    }
    below |= {"TVA": va, "TI": go}
    names = ["Total Intermediate Input", "Conpensation of employees", "Net taxes on production"]
    names += ["Depreciation on the fixed capital", "Operationg surplus", "Total Value Added", "Total Input"]
    grid += [[None, name, code, *values] for name, (code, values) in zip(names, below.items(), strict=True)]
    grid += [[None, "Gross Input", None, *go], [None], [None, "CO2 (Mt)", None, *(0.5 * m.x)]]
    return _grid(tmp / "China MRIO 2017.csv", grid)


def bureau(tmp: Path, *, spoil: float = 1.0, sectors: int = 3) -> Path:
    """A table of the national bureau: title and unit, a row of names and one of codes, subtotals beside their parts."""
    rng = np.random.default_rng(5)
    codes = [f"{n:05d}" for n in range(1001, 1001 + sectors)]
    n = sectors
    names = [f"{c}产品" for c in codes]
    Z, FU = rng.integers(10, 90, (n, n)).astype(float), rng.integers(100, 400, (n, 5)).astype(float) * (n / 3)
    ex, im = rng.integers(50, 90, n).astype(float), rng.integers(20, 60, n).astype(float)
    err = rng.integers(-3, 3, n).astype(float)
    final = FU.sum(axis=1) + ex
    go = Z.sum(axis=1) + final - im + err
    heads = [
        "中间使用合计",
        "农村居民消费支出",
        "城镇居民消费支出",
        "居民消费支出小计",
        "政府消费支出",
        "最终消费支出合计",
    ]
    heads += [
        "固定资本形成总额",
        "存货变动",
        "资本形成总额合计",
        "出口",
        "最终使用合计",
        "进口",
        "其他",
        "总产出",
    ]
    coded = [
        "TIU",
        "FU101",
        "FU102",
        "THC",
        "FU103",
        "TC",
        "FU201",
        "FU202",
        "GCF",
        "EX",
        "TFU",
        "IM",
        "ERR",
        "GO",
    ]
    grid: list[list[object]] = [["2017年全国投入产出表"], ["（按当年生产者价格计算）", "单位：万元"]]
    grid += [["投入", None, *names, *heads], [None, "代码", *codes, *coded]]
    for k in range(n):
        z = Z[k] * np.where(np.arange(n) == 1, spoil if k == 0 else 1.0, 1.0)
        house = FU[k, 0] + FU[k, 1]
        parts = [*FU[k, :2], house, FU[k, 2], house + FU[k, 2], *FU[k, 3:], FU[k, 3:].sum()]
        grid.append([names[k], codes[k], *z, Z[k].sum(), *parts, ex[k], final[k], im[k], err[k], go[k]])
    va = go - Z.sum(axis=0)
    below = {
        "中间投入合计": ("TII", Z.sum(axis=0)),
        "劳动者报酬": ("VA001", 0.5 * va),
        "生产税净额": ("VA002", 0.1 * va),
    }
    below |= {
        "固定资产折旧": ("VA003", 0.2 * va),
        "营业盈余": ("VA004", 0.2 * va),
        "增加值合计": ("TVA", va),
        "总投入": ("TI", go),
    }
    grid += [[name, code, *values] for name, (code, values) in below.items()]
    return _grid(tmp / f"nbs{n}.csv", grid)


def oecd_national(tmp: Path, *, apart: bool = False, spoil: float = 1.0) -> Path:
    """CZE2014ttl: TTL_ rows with IMPO negative, other imports and taxes below; or DOM_ and IMP_ rows of one file."""
    rng = np.random.default_rng(8)
    sectors, uses = ["A01T03", "C10T12", "G45T47"], ["HFCE", "GFCF", "EXPO"]
    D, F = rng.uniform(5, 20, (3, 3)), rng.uniform(20, 60, (3, 3))
    M, FM = 0.2 * D, 0.1 * F
    FM[:, 2] = 0.0
    imports = M.sum(axis=1) + FM.sum(axis=1)
    x = D.sum(axis=1) + F.sum(axis=1)
    taxes, other = 0.02 * x, 0.01 * x
    va = x - D.sum(axis=0) - M.sum(axis=0) - taxes - other
    columns = [*sectors, *uses] + ([] if apart else ["IMPO"])
    if apart:
        rows = {f"DOM_{s}": [*D[k], *F[k], x[k]] for k, s in enumerate(sectors)}
        rows |= {f"IMP_{s}": [*M[k], *FM[k], imports[k]] for k, s in enumerate(sectors)}
    else:
        rows = {f"TTL_{s}": [*(D + M)[k], *(F + FM)[k], -imports[k], x[k]] for k, s in enumerate(sectors)}
    first = next(iter(rows.values()))
    first[1] *= spoil
    pad = [0.0] * (len(columns) - 3 + 1)
    below = {
        "IMP_OTHER": other,
        "TXS_INT_FNL": taxes,
        "TTL_INT_FNL": D.sum(axis=0) + M.sum(axis=0) + other + taxes,
    }
    below |= {
        "VALU": va,
        "LABR": 0.6 * va,
        "OTXS": 0.05 * va,
        "CFC": 0.15 * va,
        "NOPS": 0.2 * va,
        "OUTPUT": x,
    }
    rows |= {name: [*values, *pad] for name, values in below.items()}
    path = tmp / f"CZE2014{'domimp' if apart else 'ttl'}.csv"
    pd.DataFrame.from_dict(rows, orient="index", columns=[*columns, "TOTAL"]).to_csv(path)
    return path


def eurostat(tmp: Path, *, spoil: float = 1.0, old: bool = False) -> Path:
    """Eurostat's TSV: dimensions joined in the first column, periods as columns, flags after figures, ':' for none."""
    rng = np.random.default_rng(9)
    codes, uses = ["CPA_A01", "CPA_C10-12"], ["P3_S13", "P3_S14", "P51G", "P52", "P53", "P6"]
    D, F = rng.uniform(5, 20, (2, 2)).round(2), rng.uniform(20, 60, (2, 6)).round(2)
    M, FM = (0.2 * D).round(2), (0.1 * F).round(2)
    x = D.sum(axis=1) + F.sum(axis=1)
    taxes = (0.02 * x).round(2)
    va = x - D.sum(axis=0) - M.sum(axis=0) - taxes
    flows = {}
    for k, code in enumerate(codes):
        for flow, cells in (
            ("DOM", [*D[k], *F[k], x[k]]),
            ("IMP", [*M[k], *FM[k], M[k].sum() + FM[k].sum()]),
        ):
            flows |= {(flow, u, code): v for u, v in zip([*codes, *uses, "TU"], cells, strict=True)}
            sums = {"P3": sum(cells[2:4]), "P5M": sum(cells[5:7]), "P5G": sum(cells[4:7])}
            flows |= {(flow, u, code): v for u, v in sums.items()}
    for code, values in (
        ("D21X31", taxes),
        ("D1", 0.6 * va),
        ("D29X39", 0.1 * va),
        ("B2A3G", 0.3 * va),
        ("B1G", va),
        ("P1", x),
    ):
        flows |= {("TOTAL", u, code): v for u, v in zip(codes, values, strict=True)}
    flows["DOM", codes[1], codes[0]] *= spoil
    names = (
        "unit,stk_flow,induse,prod_na,geo\\time"
        if old
        else "freq,unit,stk_flow,prd_use,prd_ava,geo\\TIME_PERIOD"
    )
    lines = [f"{names}\t2010 \t2015 "]
    for (flow, use, row), value in flows.items():
        lines.append(f"{'' if old else 'A,'}MIO_EUR,{flow},{use},{row},AT\t: \t{value:.6f} p")
    path = tmp / "naio_10_cp1700.tsv"
    path.write_text("\n".join(lines) + "\n")
    return path


INDUSTRIES = ("A01", "B05", "B06", "C10-12", "L68A", "L68B")
SUMS = {"B": ("B05", "B06"), "L68": ("L68A", "L68B")}  # codes beside codes of their parts


def eurostat_industries(tmp: Path, *, origins: tuple[str, ...] = ("TOTAL", "DOM", "IMP")) -> Path:
    """Industry by industry: no prefix, sections beside divisions, margins in every origin, P5M without its parts."""
    rng = np.random.default_rng(10)
    n = len(INDUSTRIES)
    D, F = rng.integers(5, 20, (n, n)).astype(float), rng.integers(20, 60, (n, 5)).astype(float)
    F[:, 1] = 0.0  # one part of consumption has no figures: the sum is the other part
    M, FM = 0.5 * D, 0.5 * F
    x = D.sum(axis=1) + F.sum(axis=1)
    taxes = 0.25 * D.sum(axis=0)
    rest = {"D1": 0.5, "D29X39": 0.125, "B2A3G": 0.375}
    va = x - 1.5 * D.sum(axis=0) - taxes
    lines = ["freq,unit,stk_flow,ind_use,ind_ava,geo\\TIME_PERIOD\t2020"]
    for origin in origins:
        z, f = {"DOM": (D, F), "IMP": (M, FM), "TOTAL": (D + M, F + FM)}[origin]
        body = pd.DataFrame(z, INDUSTRIES, INDUSTRIES)
        body["TOTAL"] = z.sum(axis=1)
        body[["P3_S13", "P3_S14", "P51G", "P5M", "P6"]] = f
        body["P3"], body["P5"], body["P6_B0"] = f[:, 0], f[:, 2] + f[:, 3], 0.75 * f[:, 4]
        body["TFU"] = f.sum(axis=1)
        body["TU"] = body["TOTAL"] + body["TFU"]
        margins = {"TOTAL": z.sum(axis=0), "D21X31": taxes, "P1": x, "B1G": va}
        margins |= {name: part * va for name, part in rest.items()}
        margins["P2_ADJ"] = 1.5 * D.sum(axis=0) + taxes
        margins |= (
            {"IMP": M.sum(axis=0)} if origin == "DOM" else {"TS_BP": x + M.sum(axis=1) + FM.sum(axis=1)}
        )
        below = pd.DataFrame.from_dict(margins, orient="index", columns=INDUSTRIES)
        if origin == "IMP":
            below = below.loc[["TOTAL"]]
        whole = pd.concat([body, below])
        for code, members in SUMS.items():
            whole[code] = whole[list(members)].sum(axis=1)
            whole.loc[code] = whole.loc[list(members)].sum()
        whole.loc["U"] = np.nan  # an industry that nobody reports
        whole["U"] = np.nan
        for (row, column), value in whole.stack(future_stack=True).items():
            lines.append(f"A,MIO_NAC,{origin},{column},{row},FI\t{':' if np.isnan(value) else f'{value} p'}")
    path = tmp / "naio_10_cp1750.tsv"
    path.write_text("\n".join(lines) + "\n")
    return path
