"""China's tables in the layouts of every edition seen: `reference/valueadded/china_layouts.csv` names the sources."""

from __future__ import annotations

from pathlib import Path

import china_files as files
import numpy as np
import pytest
from china_files import Layout

from exportlab.errors import DataError, OptionError
from exportlab.valueadded import IOTable, read_ceads, read_iot, read_nbs

OUTFLOW, INFLOW = ("OF", "FU302"), ("IF", "FU304")


def given(e: files.Economy, codes: tuple[str, ...]) -> np.ndarray:
    return sum((e.uses[c] for c in codes if c in e.uses), np.zeros(len(e.Z)))


@pytest.mark.parametrize("layout", files.layouts("NBS", "provinces"), ids=str)
@pytest.mark.parametrize("codes", ["text", "numbers", "none"])
def test_every_edition_of_the_bureaus(tmp_path: Path, layout: Layout, codes: str) -> None:
    e = files.economy(layout.columns)
    path = files.bureau(tmp_path / "table.csv", layout, e, codes=codes)
    t = (read_iot if codes == "none" else read_nbs)(path)
    assert isinstance(t, IOTable)
    assert t.kind == "competitive"
    np.testing.assert_allclose(t.Z, e.Z, rtol=1e-12)
    np.testing.assert_allclose(t.x, e.uses["GO"], rtol=1e-12)
    uses = given(e, ("FU101", "FU102", "FU103", "FU201", "FU202"))
    np.testing.assert_allclose(t.F.sum(axis=1), uses, rtol=1e-12)
    both = ((t.e, ("EX",)), (t.m, ("IM",)), (t.o, OUTFLOW), (t.inflow, INFLOW), (t.error, ("ERR",)))
    for found, coded in both:
        np.testing.assert_allclose(found, given(e, coded), rtol=1e-12)
    compared = " ".join(c.what for c in t.controls)
    for total in ("中间使用合计", "总产出", "中间投入合计", "增加值合计", "总投入"):
        assert total in compared


def test_a_spoilt_cell_of_an_edition_is_told(tmp_path: Path) -> None:
    layout = files.layouts("NBS")[-1]
    e = files.economy(layout.columns)
    e.Z[1, 2] *= 100
    with pytest.raises(
        DataError, match=r"sum of its cells: column '中间使用合计 TIU' in 1 row\. First: '林产品'"
    ):
        read_nbs(files.bureau(tmp_path / "table.csv", layout, e))


@pytest.mark.parametrize("layout", files.layouts("CEADs"), ids=str)
def test_every_edition_of_ceads(tmp_path: Path, layout: Layout) -> None:
    m = files.made_provinces(layout.columns)
    path = files.ceads(tmp_path / f"MRIO {layout.edition}.xlsx", layout, m)
    tables = [s for s in layout.sheets if s.startswith(("Table", "English"))]
    if "Table_2017_consistent" in tables:
        with pytest.raises(OptionError, match=r"the tables 'Table_2017', 'Table_2017_consistent': name one"):
            read_ceads(path)
    else:
        assert isinstance(read_iot(path), type(read_ceads(path)))
    for name in tables:
        t = read_ceads(path, sheet=name)
        land = list(files.LAND if "English" in name else files.LAND.values())
        assert list(t.countries) == [*land, "ROW"]
        np.testing.assert_allclose(t.Z[:6, :6], m.Z, rtol=1e-12)
        np.testing.assert_allclose(t.x[:6], m.output, rtol=1e-12)
        np.testing.assert_allclose(t.Z[6, :6], m.bought, rtol=1e-12)
        np.testing.assert_allclose(t.Y[:6, 3], m.exports, rtol=1e-12)
        own = m.F.reshape(6, 3, 5).sum(axis=2)
        own[np.arange(6), np.arange(6) // 2] += m.errors
        np.testing.assert_allclose(t.Y[:6, :3], own, rtol=1e-12)


def test_a_net_outflow_is_refused_by_its_name(tmp_path: Path) -> None:
    """Provincial tables of 2002 have one column of it, coded NOF, of either sign."""
    layout = files.layouts("NBS")[0]
    e = files.economy(layout.columns)
    path = files.bureau(tmp_path / "2002.csv", layout, e)
    path.write_text(
        path.read_text(encoding="utf-8").replace("ERR", "NOF").replace("其他", "净流出"), encoding="utf-8"
    )
    with pytest.raises(DataError, match=r"neither sectors nor known uses in 1 row\. First: '净流出 NOF'"):
        read_nbs(path)
