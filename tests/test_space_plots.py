"""Maps of equal tiles: each place once, its colour and figure those of the table, what is refused."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

import exportlab as xl
from exportlab.classifications._tables import rows
from exportlab.errors import DataError, OptionError
from exportlab.plots.space import ABOVE, BELOW, COLOURS
from exportlab.plots.style import LEFT_OVER
from exportlab.space import places
from exportlab.tables.drawing import svg
from exportlab.words import speaking


def hovers(ax):
    return re.findall(r"<title>([^<]*)</title>", svg(ax))


def colours(ax):
    """The colour of each tile by its place, column and row from the top."""
    high = round(ax.get_ylim()[1])
    return {
        (round(p.get_x() - 0.03), round(high - 1.03 - p.get_y())): to_hex(p.get_facecolor())
        for p in ax.patches
    }


def legend(ax):
    return [t.get_text() for t in ax.get_legend().get_texts()]


@pytest.fixture
def provinces():
    return places("provinces").assign(lq=np.linspace(0.1, 3.1, 31))


@pytest.mark.parametrize("of", ["provinces", "liaoning"])
def test_every_place_has_a_tile_of_its_own_near_its_neighbours(of):
    tiles = {r["name"]: r for r in rows("china_tiles") if r["set"] == of}
    known = places(of).set_index("name")
    assert set(tiles) == set(known.index)
    for column in ("code", "name_zh"):
        assert {n: r[column] for n, r in tiles.items()} == known[column].to_dict()
    assert (
        len({r["short"] for r in tiles.values()})
        == len({r["short_zh"] for r in tiles.values()})
        == len(tiles)
    )
    at = {n: np.array([int(r["column"]), int(r["row"])]) for n, r in tiles.items()}
    assert len({tuple(x) for x in at.values()}) == len(tiles)
    pairs = xl.spatial_weights(of).table
    apart = [np.abs(at[a] - at[b]).max() for a, b in zip(pairs["unit"], pairs["neighbour"], strict=True)]
    assert np.mean(np.array(apart) == 1) > 0.75
    assert max(apart) <= 5  # Inner Mongolia is long
    east = known.loc[list(at), "longitude"].corr(pd.Series({n: x[0] for n, x in at.items()}))
    north = known.loc[list(at), "latitude"].corr(pd.Series({n: -x[1] for n, x in at.items()}))
    assert min(east, north) > 0.85


def test_a_map_of_quotients_has_the_table_s_colours_and_figures(provinces):
    ax = xl.plots.tile_map(provinces, unit="name", value="lq", title="T", source="S")
    assert len(ax.patches) == 31
    found = colours(ax)
    for name, x, want in (
        ("Beijing", 0.1, BELOW[0]),
        ("InnerMongolia", 0.5, BELOW[1]),  # a limit belongs above itself
        ("Jilin", 0.7, BELOW[1]),
        ("Heilongjiang", 0.8, BELOW[2]),
        ("Jiangsu", 1.0, ABOVE[0]),
        ("Xinjiang", 3.1, ABOVE[2]),
    ):
        tile = next(r for r in rows("china_tiles") if r["name"] == name)
        assert provinces.set_index("name").loc[name, "lq"] == pytest.approx(x), name
        assert found[int(tile["column"]), int(tile["row"])] == want, name
    assert "Beijing: 0.10" in hovers(ax)
    assert "BJ\n0.10" in [t.get_text() for t in ax.texts]
    assert legend(ax) == ["under 0.5", "0.5 to 0.8", "0.8 to 1", "1 to 1.25", "1.25 to 2", "2 and more"]
    assert [t.get_text() for t in ax.texts][-1] == "Source: S"


def test_names_in_chinese_and_codes_give_the_same_map(provinces):
    one = colours(xl.plots.tile_map(provinces, unit="name", value="lq"))
    for unit in ("name_zh", "code"):
        assert colours(xl.plots.tile_map(provinces, unit=unit, value="lq")) == one
    numbers = provinces.assign(code=provinces["code"].astype(int))
    assert colours(xl.plots.tile_map(numbers, unit="code", value="lq")) == one
    with speaking("zh"):
        ax = xl.plots.tile_map(provinces, unit="name", value="lq")
        assert colours(ax) == one
        assert "辽\n0.60" in [t.get_text() for t in ax.texts]
        assert "辽宁：0.60" in hovers(ax)


def test_a_place_without_a_figure_is_left_grey(provinces):
    gone = provinces.assign(lq=provinces["lq"].where(provinces["name"] != "Hebei"))
    ax = xl.plots.tile_map(gone[gone["name"] != "Tianjin"], unit="name", value="lq")
    assert [h for h in hovers(ax) if h.startswith(("Hebei", "Tianjin"))] == [
        "Tianjin: no figure",
        "Hebei: no figure",
    ]
    assert legend(ax)[-1] == "no figure"
    assert {"HE", "TJ"} <= {t.get_text() for t in ax.texts}


def test_a_map_of_clusters_has_the_result_s_colours():
    cities = places("liaoning")
    cities["x"] = [1, 9, 1, 1, 1, 8, 1, 9, 1, 1, 1, 1, 2, 1.0]
    found = xl.local_clusters(
        cities, value="x", unit="name", weights=xl.spatial_weights("liaoning"), false_discovery=0.5
    )
    ax = found.map(of="liaoning")
    clusters = found.table.set_index("name")["cluster"]
    assert (clusters != "").any()
    drawn = colours(ax)
    for tile in (r for r in rows("china_tiles") if r["set"] == "liaoning"):
        want = to_hex(COLOURS.get(clusters[tile["name"]], LEFT_OVER))
        assert drawn[int(tile["column"]), int(tile["row"])] == want
    assert legend(ax)[-1] == "not told from chance"
    assert len(legend(ax)) == 1 + clusters[clusters != ""].nunique()
    assert len(hovers(ax)) == 14


def test_classes_of_one_s_own(provinces):
    ax = xl.plots.tile_map(provinces, unit="name", value="lq", classes=[2.0], middle=2.0)
    assert set(colours(ax).values()) == {BELOW[-1], ABOVE[0]}
    assert legend(ax) == ["under 2", "2 and more"]
    assert (
        len(xl.plots.tile_map(provinces, unit="name", value="lq", ax=xl.plots.axes("single")).patches) == 31
    )


def test_refusals(provinces):
    def draw(table=provinces, **options):
        return xl.plots.tile_map(table, **{"unit": "name", "value": "lq", **options})

    more = pd.concat([provinces, pd.DataFrame({"name": ["Total"], "lq": [1.0]})])
    with pytest.raises(
        DataError, match=r"none of the 31 places of the map 'provinces' in 1 row\. First: Total"
    ):
        draw(more)
    with pytest.raises(DataError, match=r"a place appears more than once in 2 rows\. First: 110000"):
        draw(pd.concat([provinces, provinces[:1]]))
    with pytest.raises(DataError, match="none of the 14 places of the map 'liaoning' in 31 rows"):
        draw(of="liaoning")
    with pytest.raises(OptionError, match=r"Allowed: limits that rise"):
        draw(classes=(1.0, 1.0))
    with pytest.raises(OptionError, match=r"middle=3 is not allowed"):
        draw(middle=3.0)
    with pytest.raises(OptionError, match=r"Allowed: up to 2 limits on a side of the middle"):
        draw(classes=(0.2, 0.4, 0.8, 1.0))
    with pytest.raises(OptionError, match=r"Allowed: up to 2 limits on a side of the middle"):
        draw(classes=(1.0, 2.0, 3.0, 4.0))
    with pytest.raises(OptionError, match="of='towns' is not allowed"):
        draw(of="towns")
