"""Pictures of value added: what is drawn is what the table says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from exportlab.errors import DataError
from exportlab.plots.valueadded import content_bars, interval_bars, origin_heatmap, position_scatter
from exportlab.valueadded import IOTable
from exportlab.valueadded.liaoning import china_multipliers, content_bounds
from exportlab.valueadded.national import domestic_content


def table() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "sector": ["Manufacture of ships", "steel", "none"],
            "exports": [50.0, 100.0, 0.0],
            "domestic": [40.0, 60.0, 0.0],
            "imported": [10.0, 40.0, 0.0],
            "tax": 0.0,
        }
    )


def test_bars_show_the_shares_in_falling_order_of_exports() -> None:
    ax = content_bars(table(), source="by hand")
    widths = [patch.get_width() for patch in ax.patches]
    assert widths == pytest.approx([60, 80, 40, 20])
    assert [t.get_text() for t in ax.get_yticklabels()] == ["Steel", "Ships"]
    legend = ax.get_legend()
    assert legend is not None
    assert [t.get_text() for t in legend.get_texts()] == ["domestic value added", "imported"]
    assert ax.get_xlabel() == "share of exports, %"
    assert any("Source: by hand" in t.get_text() for t in ax.texts)
    again = content_bars(table(), ax=ax, largest=None, parts=["imported"])
    assert again is ax
    with pytest.raises(DataError, match="nothing to draw"):
        content_bars(table().assign(exports=0.0))
    with pytest.raises(DataError, match="the table has no column 'sectors'"):
        content_bars(table(), label="sectors")


def test_bars_of_a_result() -> None:
    t = IOTable.from_numpy([[10.0]], imported=[[5.0]], final=[20.0], exports=[10.0], sectors=["a"])
    ax = domestic_content(t).plot()
    assert sum(patch.get_width() for patch in ax.patches) == pytest.approx(100)


def test_scatter_places_and_names_the_largest() -> None:
    m = china_multipliers(2020)
    ax = position_scatter(m, size="export_share", label="description", named=3)
    points = np.asarray(ax.collections[0].get_offsets())
    assert len(points) == 42
    assert points[0] == pytest.approx([m["upstreamness"].iloc[0], 100 * m["domestic"].iloc[0]])
    names = [t.get_text() for t in ax.texts]
    assert any(n.startswith("Communication equipment") for n in names)
    assert "upstreamness" in ax.get_xlabel()
    undefined = m.assign(upstreamness=np.where(m.index == "01", np.nan, m["upstreamness"]))
    plain = position_scatter(undefined, size=None, label="description", named=0)
    assert len(np.asarray(plain.collections[0].get_offsets())) == 41


def test_heat_map_gives_shares_of_columns() -> None:
    flows = pd.DataFrame([[3.0, 1.0, 0.0], [1.0, 1.0, 0.0]], ["China", "Japan"], ["China", "Japan", "none"])
    ax = origin_heatmap(flows, source="by hand")
    drawn = np.ma.filled(ax.collections[0].get_array().reshape(2, 3), np.nan)
    assert drawn[:, :2] == pytest.approx(np.array([[75, 50], [25, 50]]))
    assert np.isnan(drawn[:, 2]).all()
    assert any("Source: by hand" in t.get_text() for t in ax.texts)
    level = origin_heatmap(-flows, share=False, unit="CNY")
    assert level.collections[0].get_array().min() == -3.0
    bar = level.figure.axes[1]
    assert bar.get_ylabel() == "CNY"


def test_bounds_as_bars() -> None:
    bounds = content_bounds(pd.Series({"ships": 0.4}), china_multipliers(2020))
    ax = bounds.plot(source="by hand")
    row = bounds.table.iloc[0]
    ends = [sorted(np.asarray(drawn.get_offsets())[:, 0]) for drawn in ax.collections]
    assert any(e == pytest.approx([100 * row["low"], 100 * row["high"]]) for e in ends if len(e) == 2)
    with pytest.raises(DataError, match="the table has no column 'lower'"):
        interval_bars(bounds.table, low="lower")
