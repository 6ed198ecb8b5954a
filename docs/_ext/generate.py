"""Pages drawn from what the package declares, and figures from examples that never touch pyplot."""

from __future__ import annotations

import csv
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import family
import pandas as pd
from rst import code, plain, table, title, write

import exportlab as xl

ROOT = Path(__file__).parents[2]


def pages(source: Path) -> None:
    """Write generated/: indicators by family, the data, the errors, the conventions, the benchmarks."""
    out = source / "generated"
    out.mkdir(exist_ok=True)
    family.pages(out)
    write(out / "data.rst", data_page())
    write(out / "errors.rst", errors_page())
    write(out / "conventions.rst", conventions_page())
    write(out / "benchmarks.rst", benchmarks_page())
    write(out / "glossary.rst", glossary_page())
    front_picture(out / "provinces.svg")
    growth(out)
    write(out / "valueadded_names.rst", names_page())
    write(out / "panel_size.inc", size_tables())
    write(out / "panel_shocks.inc", shock_tables())
    write(out / "panel_overlap_size.inc", overlap_tables())


def front_picture(path: Path) -> None:
    """The picture of the first page: one call on embedded data."""
    trade = xl.datasets.load("province_trade")
    trade = trade[trade["measure"].str.contains("operating unit")]
    flows = xl.flows(trade, period="year", exporter="province", value="value", unit="100m USD")
    source = "National Bureau of Statistics"
    ax = xl.plots.market_shares(
        flows, member="exporter", title="Largest provinces in China's trade", source=source
    )
    ax.figure.savefig(path, bbox_inches="tight", metadata={"Date": None})


def glossary_page() -> str:
    """Terms in English and Chinese, by family, with the function that computes each."""
    with (ROOT / "docs" / "glossary.csv").open(encoding="utf-8", newline="") as file:
        terms = list(csv.DictReader(file))
    head, widths = ["中文", "English", "函数／名称"], "36 40 24"
    parts = [title("专业术语对照 (glossary)"), GLOSSARY_TEXT]
    for family_name in dict.fromkeys(i.family for i in xl.CATALOGUE.values()):
        rows = [
            ["、".join(dict.fromkeys(chinese(i))), plain(i.title), f"``xl.{i.name}``"]
            for i in xl.CATALOGUE.family(family_name)
        ]
        parts += [title(family_name.replace("_", " ").capitalize(), "-"), table(head, rows, widths=widths)]
    parts += [title("其他术语 (other terms)", "-")]
    parts.append(
        table(head, [[t["chinese"], t["english"], f"``{t['name']}``"] for t in terms], widths=widths)
    )
    return "\n".join(parts)


def chinese(indicator: Any) -> list[str]:
    """The Chinese names of an indicator: its title's, then its aliases."""
    from exportlab.words import in_all_languages

    return [*in_all_languages(indicator.title)[1:], *(a for a in indicator.aliases if not a.isascii())]


GLOSSARY_TEXT = """
指标可用中文名查找：``xl.CATALOGUE["区位熵"]``、``exportlab indicators 区位熵 --lang zh``。
Indicators are found by their Chinese names, too.
"""


def data_page() -> str:
    """What is embedded, with what is not in it and where each figure came from."""
    from exportlab import datasets

    parts = [title("Embedded data"), DATA_TEXT]
    rows = []
    for name in datasets.names():
        d = datasets.about(name)
        rows.append([f"`{name}`_", d.title, d.rows, ", ".join(d.units)])
    parts.append(table(["name", "title", "rows", "units"], rows, widths="30 40 10 20"))
    parts += [dataset(name) for name in datasets.names()]
    return "\n".join(parts)


def dataset(name: str) -> str:
    """One data set: what is not in it, its columns, and where every figure was published."""
    from exportlab import datasets

    d, frame = datasets.about(name), datasets.load(name)
    parts = [title(name, "-"), f"{d.title}. {d.licence}\n"]
    parts += [f"**Not in it:** {'; '.join(map(plain, d.not_in))}.\n"] if d.not_in else []
    parts += [f"- Sources disagree: {plain(text)}" for text in d.disagreements] + [""]
    columns = [[f"``{c}``", plain(d.columns.get(c, "")), kind(frame[c])] for c in frame.columns]
    parts.append(table(["column", "meaning", "filled"], columns, widths="20 50 30"))
    if "source" in frame:
        counts = frame["source"].value_counts()
        listed = table(["source", "rows"], [[plain(s), n] for s, n in counts.items()], widths="88 12")
        parts.append(folded(f"The {len(counts)} sources of its {len(frame):,} rows", listed))
    return "\n".join(parts)


def folded(summary: str, body: str) -> str:
    opened = f".. raw:: html\n\n   <details><summary>{summary}</summary>\n"
    return f"{opened}\n{body}\n.. raw:: html\n\n   </details>\n"


DATA_TEXT = """
Facts from public announcements and statistics, each row with its source and the day it was published. Nothing is
estimated, filled in or converted; rows whose year or period no source prints stay out.

.. code-block:: python

   from exportlab import datasets

   datasets.describe()
   datasets.load("liaoning_trade_by_partner")
"""


def kind(column: pd.Series) -> str:
    filled = (column.notna() & (column.astype(str) != "")).sum()
    return f"{filled:,} of {len(column):,}; {column.nunique():,} different"


def errors_page() -> str:
    """Every refusal of the door, called for real, with the words it says."""
    from refusals import CASES

    parts = [title("Errors"), ERRORS_TEXT]
    for name, call in CASES.items():
        try:
            call()
        except xl.errors.ExportlabError as error:
            parts += [f"**{name}**\n", code(f"{type(error).__name__}: {error}", "text")]
        else:
            raise AssertionError(f"{name} was not refused")
    return "\n".join(parts)


ERRORS_TEXT = """
A table that cannot be trusted is refused, with what is wrong, in how many rows, the first one, and what to do. Nothing
is repaired on the way in. On the command line an error is one paragraph and exit code 2; ``--debug`` shows where it
arose.

All errors derive from ``exportlab.errors.ExportlabError``: ``DataError`` (also a ``ValueError``), ``OptionError``,
``UnknownName`` (also a ``KeyError``), ``EngineError`` and ``MissingDependency``. Each text below was raised while this
page was made.
"""


def conventions_page() -> str:
    """docs/conventions.csv, a row a convention, by program."""
    with (ROOT / "docs" / "conventions.csv").open(encoding="utf-8", newline="") as file:
        listed = list(csv.DictReader(file))
    rows = [
        [
            r["quantity"],
            r["program"],
            r["convention"],
            f"``{r['option']}``",
            f"{plain(r['number'])} {proof(r['test'])}",
        ]
        for r in listed
    ]
    head = ["quantity", "program", "its convention", "here", "number reproduced, and its test"]
    return f"{title('Conventions')}\n{CONVENTIONS_TEXT}\n{table(head, rows, widths='12 14 26 28 20')}"


def proof(test: str) -> str:
    path, _, name = test.partition("::")
    return f"(``{Path(path).stem}::{name}``)"


CONVENTIONS_TEXT = """
One name often stands for several formulae. Each row says what another program computes under it, the call here that
computes the same, one number of theirs that it reproduces, and the test that proves it. ``xl`` is the package, ``t`` an
inter-country table, ``io`` a table of one economy, ``p`` a policy panel, ``e`` an estimate. The table is
``docs/conventions.csv``; the tests check that every call exists with those options, that every test is there, and that
it holds the number. How far each family is from its peers on one common data set is on the :doc:`benchmarks page
<benchmarks>`.
"""


def benchmarks_page() -> str:
    """Every table of benchmarks/results, under what its script says it measures."""
    said = tomllib.loads((ROOT / "docs" / "benchmarks.toml").read_text(encoding="utf-8"))
    parts = [title("Benchmarks"), f"{said['introduction']}\n", f"**Machine:** {said['machine']}.\n"]
    for path in sorted((ROOT / "benchmarks" / "results").glob("*.csv")):
        about = said.get(path.stem, {})
        if not about.get("skip"):
            parts.append(benchmark(path, about, said))
    return "\n".join(parts)


def benchmark(path: Path, about: dict[str, Any], said: dict[str, Any]) -> str:
    """One table of results; a long one is named, not shown."""
    frame = pd.read_csv(path, keep_default_na=False)
    parts = [title(about.get("title", path.stem.replace("_", " ").capitalize()), "-")]
    parts += [f"{about['text']}\n"] if "text" in about else []
    versions = about.get("versions", said["engines" if about.get("engines") else "versions"])
    script = about.get("script", f"{path.stem}.py")
    parts.append(f"Made by ``benchmarks/{script}``. Versions: {versions}.\n")
    parts += [
        f".. image:: {name}\n   :width: 90%\n   :alt: {alt}\n"
        for name, alt in about.get("figures", {}).items()
    ]
    if len(frame) > LONG:
        parts.append(f"{len(frame):,} rows in ``benchmarks/results/{path.name}``.\n")
    else:
        parts.append(
            table(list(frame.columns), [[plain(v) for v in row] for row in frame.to_numpy().tolist()])
        )
    return "\n".join(parts)


LONG = 60  # rows; more than this is no table to read


def growth(out: Path) -> None:
    """Seconds and memory of each job as its work grows, from the kept measurements: a figure each."""
    from matplotlib.ticker import NullFormatter

    from exportlab.plots.style import MARKERS, PALETTE, context, finish, new_axes

    found = pd.read_csv(ROOT / "benchmarks" / "results" / "scaling.csv")
    for column, label in (("cpu", "CPU seconds"), ("mb", "memory beyond the input, MB")):
        with context():
            ax = new_axes(size=(7.2, 3.6))
            for k, (job, rows) in enumerate(found.groupby("job", sort=False)):
                ax.loglog(
                    rows["work"],
                    rows[column].clip(lower=0.01),
                    color=PALETTE[k % 8],
                    marker=MARKERS[k % 8],
                    label=job,
                )
            ax.set_xticks([1, 10, 100], ["1", "10", "100"])
            ax.xaxis.set_minor_formatter(NullFormatter())
            ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
            finish(ax, title=f"{label} as the work grows by 10 and by 100", x="work", y=label)
            ax.figure.savefig(out / f"benchmarks_scaling_{column}.png", dpi=150, bbox_inches="tight")


SHOWN = (
    "CR1 t(G-1)",
    "CR2 Bell-McCaffrey",
    "CR3 t(G-1)",
    "WCR11",
    "WCU11",
    "RI estimate",
    "RI t",
    "Callaway-Sant'Anna own standard error",
    "Callaway-Sant'Anna RI",
    "Conley-Taber",
)


def size_tables() -> str:
    """How often each method rejects a true null, by the number of treated clusters, from the kept simulation."""
    found = pd.read_csv(ROOT / "benchmarks" / "results" / "panel_size.csv")
    parts = []
    for errors, said in (("equal", "All cities alike"), ("unequal", "Treated cities vary twice as much")):
        part = found[(found["adoption"] == "common") & (found["errors"] == errors)]
        rows = []
        for method in SHOWN:
            of = part[part["method"] == method].set_index("treated")
            rows.append([method, *(size(of.loc[n]) if n in of.index else "" for n in range(1, 8))])
        draws = sorted({int(n) for n in part["replications"] if n})
        parts.append(f"{said}; {' or '.join(map(str, draws))} draws:\n")
        parts.append(
            table(["treated cities", *map(str, range(1, 8))], rows, widths="30 10 10 10 10 10 10 10")
        )
    return "\n".join(parts)


UNALIKE = (
    "own: CR1 t(G-1)",
    "CR2 Bell-McCaffrey",
    "WCR11",
    "RI t",
    "Callaway-Sant'Anna own",
    "Callaway-Sant'Anna RI",
    "Conley-Taber",
    "Ibragimov-Mueller",
    "Synthetic DiD, placebo rank",
    "honest_did, M = 0, own errors",
    "honest_did, M = 0, placebo errors",
)


def shock_tables() -> str:
    """How often each method rejects a true null where clusters are unlike or share shocks, and what is said there."""
    found = pd.read_csv(ROOT / "benchmarks" / "results" / "panel_shocks.csv")
    found = found.assign(recommended=found["believed"])
    names = list(dict.fromkeys(found["scenario"]))
    parts = []
    for treated, part in found.groupby("treated"):
        by = part.drop_duplicates("scenario").set_index("scenario")
        rows = [
            [m, *(size(of.loc[n]) if n in of.index else "refused" for n in names)]
            for m in UNALIKE
            for of in [part[part["method"] == m].set_index("scenario")]
        ]
        rows += [
            [f"*finds that {said}*", *(f"{by.loc[n, column]:.0%}" for n in names)]
            for said, column in (
                ("the treated vary differently", "unlike"),
                ("the treated load apart", "shocks"),
            )
        ]
        rows.append(["*draws*", *(f"{by.loc[n, 'replications']:,}" for n in names)])
        slow = f"{part['replications'].min():,} draws of those that estimate many times"
        parts.append(f'{treated} of 14 treated, "{by["message"].iloc[0]}"; {slow}:\n')
        parts.append(table(["", *names], rows, widths="30 14 14 14 14 14"))
    return "\n".join(parts)


def overlap_tables() -> str:
    """How often estimators of policies that switch, overlap or share shocks reject a true null."""
    found = pd.read_csv(ROOT / "benchmarks" / "results" / "panel_overlap_size.csv").assign(recommended=False)
    names = list(dict.fromkeys(found["scenario"]))
    parts = []
    for treated, part in found.groupby("treated"):
        rows = [
            [m, *(size(of.loc[n]) if n in of.index else "" for n in names), f"{of['replications'].max():,}"]
            for m in dict.fromkeys(part["method"])
            for of in [part[part["method"] == m].set_index("scenario")]
        ]
        parts.append(f"{treated} of 14 treated:\n")
        parts.append(table(["", *names, "draws"], rows, widths="36 " + "14 " * len(names) + "8"))
    return "\n".join(parts)


def size(cell: pd.Series) -> str:
    if pd.isna(cell["rejection"]):
        return "none"
    printed = f"{cell['rejection']:.3f}".lstrip("0")
    return f"**{printed}**" if cell["recommended"] else printed


def names_page() -> str:
    """Every term of a decomposition beside its names elsewhere, from the table the package ships."""
    parts = [title("Names of value added"), NAMES_TEXT]
    path = files("exportlab.valueadded") / "names.csv"
    if path.is_file():
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        ours = ["term", "method", "meaning", "formula"]
        theirs = ["term", "method", *(c for c in rows[0] if c not in (*ours, "warning"))]
        parts.append(table(ours, [[plain(r[c]) for c in ours] for r in rows], widths="16 16 34 34"))
        parts.append(title("What others call it", "-"))
        named = [r for r in rows if any(r[c] for c in theirs[2:])]
        parts.append(table(theirs, [[plain(r[c]) for c in theirs] for r in named]))
        parts.append(title("Names that mislead", "-"))
        parts += [f"- **{r['term']}** ({r['method']}): {plain(r['warning'])}" for r in rows if r["warning"]]
    return "\n".join(parts) + "\n"


NAMES_TEXT = """
The literature uses one abbreviation for different quantities. The scopes, in words:

- **domestic content** (``DC``; TiVA's ``EXGR_DVA``) counts value added again each time it leaves the country;
- **domestic value added** (``DVA`` of Borin and Mancini) counts it once: GDP in exports;
- **value added absorbed abroad** (``VAX``) leaves out what returns home in imports;
- **import content** (``GVCB``; the ``VS`` of Hummels, Ishii and Yi) is foreign content plus domestic double counting;
- **foreign content** (``FC``; the ``VS`` of Koopman, Wang and Wei) is smaller by that double counting;
- **province's value added** is not **national** value added in a province's exports: what other provinces earn lies
  between them (``IOTable.province`` reports both).
"""


def axes_scraper(block, block_vars, gallery_conf):
    """Save the Axes or Figures that an example's block assigned, in order, each once."""
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from sphinx_gallery.scrapers import figure_rst

    from exportlab.plots.style import context

    seen = block_vars.setdefault("_drawn", set())
    found, names = block_vars["example_globals"], []
    for value in list(found.values()):
        figure = value.figure if isinstance(value, Axes) else value
        if isinstance(figure, Figure) and id(figure) not in seen:
            seen.add(id(figure))
            path = next(block_vars["image_path_iterator"])
            with context():
                figure.savefig(path, dpi=150, bbox_inches="tight")
            names.append(path)
    return figure_rst(names, gallery_conf["src_dir"])
