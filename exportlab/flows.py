"""The first door: a table of trade flows comes in, its columns named by role, or is refused."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, Literal

import narwhals.stable.v2 as nw

from exportlab import audit as columns
from exportlab.classifications.labels import Scheme
from exportlab.errors import DuplicateCells, one_of
from exportlab.flow_table import KEY_ROLES, ROLES, Columns, Flows, Frequency
from exportlab.frames import adopt, engine_speaks
from exportlab.goods import Goods, Levels, ZeroQuantity, coded, leveled, one_revision
from exportlab.options import check
from exportlab.periods import FREQUENCIES
from exportlab.places import Naming, Places, beside, harmonised, written_alike
from exportlab.spelling import taken_in


def flows(
    table: Any,
    *,
    period: str | None = None,
    exporter: str | None = None,
    market: str | None = None,
    product: str | None = None,
    value: str | None = None,
    quantity: str | None = None,
    unit: str | None = None,
    quantity_unit: str | None = None,
    source: str | None = None,
    keys: Columns = (),
    aggregate: Literal["sum"] | None = None,
    frequency: Frequency | None = None,
    nomenclature: str | None = None,
    digits: int | None = None,
    levels: Levels | None = None,
    revision: str | None = None,
    zero_quantity: ZeroQuantity = "unknown",
    labels: Places = "as written",
    scheme: Scheme | None = None,
    residual: Sequence[Hashable] = (),
    validate: Literal["rows", "schema"] = "rows",
) -> Flows:
    """Take a table of flows in through the door, or refuse it with the reason.

    Parameters
    ----------
    table : pandas, Polars, PyArrow, DuckDB or PySpark frame
        One row per cell; any frame that Narwhals supports.
    period, exporter, market, product, value, quantity : str, optional
        The table's column for each role. A role left out is taken from a column of that very name where
        there is one, and is absent otherwise. Only `value` must be there. `product` holds text codes
        ('010121' keeps its zero); `period` years, half-years, quarters, months, or days that stand for one,
        in any usual spelling, of one kind.
    unit : str, optional
        The money's unit ("100m CNY"), or the name of a column that holds it; two units in one table are refused.
    quantity_unit : str, optional
        The quantities' unit, or the column that holds it: several units never meet, and the column becomes a key.
    source : str, optional
        Kept and shown with the figures.
    keys : str or sequence of str
        Further columns that are part of a cell's identity (trade regime, registration place).
    aggregate : "sum", optional
        Say that several rows of one cell are to be added up; without it they are refused.
    frequency : {"year", "half", "quarter", "month"}, optional
        What the periods are, where their column does not say: it takes days to the period in which they lie, and
        decides whether 2001-02 is a month or a fiscal year.
    nomenclature : str, optional
        What the product codes are: "HS", "HS2017" or "H5", "SITC3", or "own"; or the column that holds it. By default
        the whole column decides, and codes that are no one's stay as they are: :doc:`how-to-product-codes`.
    digits : int, optional
        How many digits the finest codes have: mends those that a spreadsheet or a data frame disfigured ('10121',
        '10121.0', '="010121"').
    levels : "finest", optional
        Keep the most detailed codes where parents stand beside their parts, and the rest of a larger parent as one
        member, '84 (rest)'. Without it they are refused.
    revision : str, optional
        The edition to keep where there are several, such as "HS2017"; "mixed" takes them as they are.
    zero_quantity : {"unknown", "zero"}
        What a quantity of zero is where there is value.
    labels : {"as written", "iso3"}
        "iso3" writes every market and exporter that is a country by its ISO3 code, a state that is gone by an own one
        (BLX, SUN), a bloc by its short name; a lazy table is asked for its labels once. Rows that become one cell are
        refused unless ``aggregate="sum"``.
    scheme : {"comtrade", "gacc", "m49"}, optional
        The list of the codes of countries: UN Comtrade and CEPII, China's customs, or M49. By default the one list in
        which the column's codes are valid; where they are in both, what needs to read them refuses.
    residual : sequence, optional
        Labels of markets, exporters or products for what is left over ("Others", "其他", 899). They stay in every total
        and are no member of any distribution; see `measure`.
    validate : {"rows", "schema"}
        "rows" checks every row: at once for tables in memory, in one aggregate query when first needed for
        lazy ones. "schema" checks columns and types only: for tables checked before.

    Returns
    -------
    Flows

    Raises
    ------
    DataError
        Missing columns; text in value; missing, negative or infinite values; missing keys; duplicate cells;
        nothing but zeros; totals among members ("World", "TOTAL", "全部"); markets or exporters that overlap in a
        period (EU beside Poland from 2004), are written in two ways, or are what is left over without `residual`;
        product codes read as numbers, disfigured, of several levels or editions; years beside months, one period
        written in two ways, or other periods that do not go together; two units.

    Examples
    --------
    >>> import pandas as pd, exportlab as xl
    >>> table = pd.DataFrame({"year": 2023, "partner": ["Japan", "USA"], "usd": [60.0, 40.0]})
    >>> xl.flows(table, period="year", market="partner", value="usd", unit="million USD")
    Flows(period='year', market='partner', value='usd'; rows: 2, pandas; unit: million USD)
    """
    one_of("validate", validate, ("rows", "schema"))
    if aggregate is not None:
        one_of("aggregate", aggregate, ("sum",))
    if frequency is not None:
        one_of("frequency", frequency, FREQUENCIES)
    given = dict(zip(ROLES, (period, exporter, market, product, value, quantity), strict=True))
    frame = adopt(table)
    for name, text in {"unit": unit, "quantity_unit": quantity_unit, "source": source}.items():
        check(name, text, str | None)
    check("keys", keys, str | Sequence[str | int])
    check("labels", labels, Places)
    check("scheme", scheme, Scheme | None)
    check("residual", residual, Sequence[Hashable])
    naming = Naming(scheme, (residual,) if isinstance(residual, str) else tuple(residual))
    further = (keys,) if isinstance(keys, str) else tuple(keys)
    goods, spelling = Goods(nomenclature, digits, levels, revision, zero_quantity), None
    with engine_speaks():
        roles = columns.roles(frame, given, further)
        named = {*roles.values(), *further, unit}
        spare = [c for c in frame.collect_schema().names() if c not in named]
        frame, unit = columns.single_unit(frame, unit, roles)
        frame, goods = one_revision(frame, goods)
        quantity_unit, further = columns.quantity_units(frame, quantity_unit, roles, further)
        frame = frame.select(*(nw.col(c).alias(r) for r, c in roles.items()), *further)
        if "period" in roles:
            frame, spelling = taken_in(columns.whole_objects(frame, "period"), roles["period"], frequency)
        frame = columns.schema(coded(frame, roles, goods), roles, further)
        if labels == "iso3":
            frame = harmonised(frame, roles, naming)
        frame, told = leveled(frame, (*(r for r in KEY_ROLES if r in roles), *further), roles, goods)
    made = Flows(
        frame, roles, further, unit, quantity_unit, source, unique=aggregate is None, pending=validate == "rows",
        spelling=spelling, told=told, goods=goods, naming=naming,
    )  # fmt: skip
    if not made.lazy:
        try:
            made.check()
        except DuplicateCells as error:
            raise beside(error if labels == "as written" else written_alike(error), spare) from None
    return made
