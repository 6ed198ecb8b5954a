"""What a column holds, decided in one place for flows, panels and regressions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import narwhals.stable.v2 as nw

from exportlab.frames import Frame

if TYPE_CHECKING:
    import pandas as pd

Kind: TypeAlias = Literal["whole", "decimal", "truth", "text", "category", "date", "empty", "other"]

NUMBERS = ("whole", "decimal")
LABELS = ("whole", "truth", "text", "category", "date")
# What pandas calls the cells of a column of objects.
_CELLS: dict[str, Kind] = {
    "string": "text", "empty": "empty", "boolean": "truth", "integer": "whole", "floating": "decimal",
    "mixed-integer-float": "decimal", "date": "date", "datetime": "date", "datetime64": "date",
}  # fmt: skip


def kind_of(dtype: Any) -> Kind:
    """The kind of a column by its type; durations, spans of time, nested and complex ones are "other"."""
    if dtype.is_integer():
        return "whole"
    if dtype.is_float() or dtype.is_decimal():
        return "decimal"
    if isinstance(dtype, nw.Boolean):
        return "truth"
    if isinstance(dtype, nw.String):
        return "text"
    if isinstance(dtype, nw.Categorical | nw.Enum):
        return "category"
    return "date" if isinstance(dtype, nw.Date | nw.Datetime) else "other"


def kinds(frame: Frame) -> dict[str, Kind]:
    """The kind of each column: by its type, and for a pandas column of objects or categories by what is in it."""
    schema = frame.collect_schema()
    if isinstance(frame, nw.LazyFrame) or not frame.implementation.is_pandas():
        return {name: kind_of(dtype) for name, dtype in schema.items()}
    native: Any = frame.to_native()
    return {name: series_kind(native.iloc[:, place]) for place, name in enumerate(schema)}


def series_kind(column: pd.Series[Any]) -> Kind:
    """The kind of a pandas column; categories count as what they are categories of."""
    import pandas as pd

    if column.dtype == object:
        found = _CELLS.get(pd.api.types.infer_dtype(column, skipna=True), "other")
        return found if found != "whole" or all(abs(v) < 2**63 for v in column.dropna()) else "other"
    if isinstance(column.dtype, pd.SparseDtype):
        return series_kind(pd.Series([], dtype=column.dtype.subtype))
    kind = kind_of(nw.from_native(column, series_only=True).dtype)
    if kind == "other" and getattr(column.dtype, "kind", "O") == "f":  # longer floats than narwhals names
        return "decimal"
    if kind == "category" and isinstance(column.dtype, pd.CategoricalDtype):
        inner = series_kind(column.dtype.categories.to_series())
        return "other" if inner == "other" else "category"
    return kind
