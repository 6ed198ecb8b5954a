"""How people write periods: years, half-years, quarters, months and months added up from January."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np
import pandas as pd

NAMES = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
FULL = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
HAN = ["一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二"]
# How a month is written, by year and month.
MONTHS = {
    "iso": lambda y, m: f"{y}-{m:02d}",
    "short": lambda y, m: f"{y}-{m}",
    "digits": lambda y, m: f"{y}{m:02d}",
    "number": lambda y, m: 100 * y + m,
    "numpy": lambda y, m: np.int64(100 * y + m),
    "float": lambda y, m: float(100 * y + m),
    "slash": lambda y, m: f"{y}/{m}",
    "dot": lambda y, m: f"{y}.{m:02d}",
    "M": lambda y, m: f"{y}M{m:02d}",
    "stata": lambda y, m: f"{y}m{m}",
    "sdmx": lambda y, m: f"{y}-M{m:02d}",
    "chinese": lambda y, m: f"{y}年{m}月",
    "chinese padded": lambda y, m: f"{y}年{m:02d}月",
    "chinese blanks": lambda y, m: f"{y} 年 {m} 月份",
    "han": lambda y, m: f"{y}年{HAN[m - 1]}月",
    "full width": lambda y, m: f"{y}年{m}月".translate({ord(str(d)): chr(0xFF10 + d) for d in range(10)}),
    "month year": lambda y, m: f"{m:02d}/{y}",
    "name": lambda y, m: f"{NAMES[m - 1]}-{y % 100:02d}",
    "upper": lambda y, m: f"{NAMES[m - 1].upper()} {y}",
    "long": lambda y, m: f"{FULL[m - 1]} {y}",
    "year name": lambda y, m: f"{y}-{NAMES[m - 1]}",
    "day": lambda y, m: f"{y}-{m:02d}-01",
    "day slash": lambda y, m: f"{y}/{m}/1",
    "day digits": lambda y, m: 10000 * y + 100 * m + 1,
    "time": lambda y, m: f"{y}-{m:02d}-01 00:00:00",
    "day first": lambda y, m: f"01/{m:02d}/{y}",
    "month first": lambda y, m: f"{m}/1/{y}",
    "excel": lambda y, m: (date(y, m, 1) - date(1899, 12, 30)).days,
    "date": lambda y, m: date(y, m, 1),
    "datetime": lambda y, m: datetime(y, m, 1),
    "timestamp": lambda y, m: pd.Timestamp(y, m, 1),
    "datetime64": lambda y, m: np.datetime64(f"{y}-{m:02d}-01"),
    "period": lambda y, m: pd.Period(f"{y}-{m:02d}", "M"),
    "last day": lambda y, m: pd.Period(f"{y}-{m:02d}", "M").end_time.date(),
    "last day text": lambda y, m: pd.Period(f"{y}-{m:02d}", "M").end_time.date().isoformat(),
}
YEARS = {
    "text": str,
    "number": int,
    "float": float,
    "chinese": lambda y: f"{y}年",
    "first day": lambda y: date(y, 1, 1),
    "last day": lambda y: f"{y}-12-31",
    "period": lambda y: pd.Period(str(y), "Y"),
    "blank": lambda y: f" {y}",
}
QUARTERS = {
    "iso": lambda y, q: f"{y}-Q{q}",
    "plain": lambda y, q: f"{y}Q{q}",
    "stata": lambda y, q: f"{y}q{q}",
    "behind": lambda y, q: f"Q{q} {y}",
    "bank": lambda y, q: f"{q}Q{y % 100}",
    "chinese": lambda y, q: f"{y}年{q}季度",
    "han": lambda y, q: f"{y}年第{HAN[q - 1]}季度",
    "months": lambda y, q: f"{y}年{3 * q - 2}-{3 * q}月",
    "names": lambda y, q: f"{NAMES[3 * q - 3]}-{NAMES[3 * q - 1]} {y}",
    "period": lambda y, q: pd.Period(f"{y}Q{q}"),
}
HALVES = {
    "iso": lambda y, h: f"{y}-H{h}",
    "plain": lambda y, h: f"{y}H{h}",
    "sdmx": lambda y, h: f"{y}-S{h}",
    "behind": lambda y, h: f"H{h} {y}",
    "chinese": lambda y, h: f"{y}年{'上下'[h - 1]}半年",
    "months": lambda y, h: f"{y}年{6 * h - 5}—{6 * h}月",
}
CUMULATED = {
    "iso": lambda y, k: f"{y}-01/{k:02d}",
    "chinese": lambda y, k: f"{y}年1-{k}月",
    "dash": lambda y, k: f"{y}年1—{k}月",
    "to": lambda y, k: f"{y}年1月至{k}月",
    "first months": lambda y, k: f"{y}年前{HAN[k - 1]}个月",
    "names": lambda y, k: f"Jan-{NAMES[k - 1]} {y}",
    "january alone": lambda y, k: f"{y}年1-{k}月" if k > 1 else f"{y}年1月",
}

FORMS = {"year": YEARS, "half": HALVES, "quarter": QUARTERS, "month": MONTHS, "cumulated": CUMULATED}
PARTS = {"year": 1, "half": 2, "quarter": 4, "month": 12, "cumulated": 12}


def written(frequency: str, spelling: str, year: int, part: int):
    """A period in one of the spellings of its frequency."""
    write = FORMS[frequency][spelling]
    return write(year) if frequency == "year" else write(year, part)
