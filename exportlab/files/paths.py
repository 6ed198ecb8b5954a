"""Files found and opened: patterns, archives, encodings, and the cells of input-output tables as they stand."""

from __future__ import annotations

import csv
import gzip
import re
import zlib
from codecs import (
    BOM_UTF8,
    BOM_UTF16_BE,
    BOM_UTF16_LE,
    IncrementalDecoder,
    getincrementaldecoder,
    lookup,
)
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import reduce
from glob import glob, has_magic
from io import StringIO, TextIOWrapper
from itertools import islice
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias, cast
from zipfile import BadZipFile

from exportlab.errors import DataError, OptionError
from exportlab.files.unpacking import blocks, names_in
from exportlab.files.workbook import WORKBOOKS, read_stata, read_workbook
from exportlab.words import NOTHING, Said, said

if TYPE_CHECKING:
    import pandas as pd

Paths: TypeAlias = str | PathLike[str] | Sequence[str | PathLike[str]]
Advance: TypeAlias = Callable[[int], None]
TEXT = (".csv", ".txt", ".tsv", ".csv.gz", ".txt.gz", ".tsv.gz")
BOOKS = (*WORKBOOKS, ".dta")
# Of Chinese files; each other one is named by the caller, or told by its mark.
ENCODINGS = ("utf-8", "gb18030")
UNFINISHED = (".part", ".partial", ".crdownload", ".download", ".tmp")
LINE = 1 << 26  # characters of a line


def find(paths: Paths, suffixes: Sequence[str]) -> list[Path]:
    """The files that paths, globs and folders stand for: sorted, each once.

    Raises
    ------
    DataError
        Nothing matches (what is there is listed), or a folder holds a download that is not finished.
    """
    listed = [paths] if isinstance(paths, str | PathLike) else list(paths)
    if not listed or not all(str(path) for path in listed):
        raise DataError(
            said("no file is named"), said("Give a path, a glob such as 'downloads/*.csv', or a folder.")
        )
    found = [file for path in listed for file in _expand(Path(path), suffixes)]
    return sorted(dict.fromkeys(found))


def find_one(path: str | PathLike[str], suffixes: Sequence[str]) -> Path:
    """The one file that a path, glob or folder stands for.

    Raises
    ------
    DataError
        None, or several.
    """
    found = find(path, suffixes)
    if len(found) > 1:
        raise DataError(
            said("{path} stands for {n} files", path=repr(str(path)), n=f"{len(found):,}"),
            said("Name one of them."),
            first=repr(found[0].name),
        )
    return found[0]


def _expand(path: Path, suffixes: Sequence[str]) -> list[Path]:
    if path.is_dir():
        inside = sorted(p for p in path.iterdir() if p.is_file())
        unfinished = [p.name for p in inside if p.name.lower().endswith(UNFINISHED)]
        if unfinished:
            raise DataError(
                said("folder {path} holds {n} unfinished download", path=repr(str(path)), n=1)
                if len(unfinished) == 1
                else said(
                    "folder {path} holds {n} unfinished downloads", path=repr(str(path)), n=len(unfinished)
                ),
                said("Wait until it is complete, or remove it."),
                first=unfinished[0],
            )
        found = [p for p in inside if p.name.lower().endswith(tuple(suffixes))]
        if not found:
            raise DataError(
                said("folder {path} has no {kinds} file", path=repr(str(path)), kinds=_or(suffixes)),
                _there(path),
            )
        return found
    if path.is_file():
        return [path]
    if has_magic(str(path)):
        matches = glob(str(path), recursive=True)  # noqa: PTH207, as Path.glob takes no absolute pattern
        found = [p for p in map(Path, matches) if p.is_file()]
        if found:
            return found
        raise DataError(said("no file matches {path}", path=repr(str(path))), _there(_fixed(path)))
    raise DataError(said("there is no file {path}", path=repr(str(path))), _there(path.parent))


def _fixed(path: Path) -> Path:
    """The part of a glob before its first wildcard."""
    while has_magic(str(path)):
        path = path.parent
    return path


def _there(folder: Path) -> Said:
    where = repr(str(folder))
    if not folder.is_dir():
        return said("There is no folder {folder} either.", folder=where)
    names = sorted(p.name + "/" * p.is_dir() for p in folder.iterdir())
    if not names:
        return said("The folder {folder} holds: nothing.", folder=where)
    few, more = ", ".join(names[:10]), len(names) - 10
    if more <= 0:
        return said("The folder {folder} holds: {names}.", folder=where, names=few)
    return said("The folder {folder} holds: {names}, and {n} more.", folder=where, names=few, n=f"{more:,}")


def _or(names: Sequence[str]) -> Said:
    return reduce(lambda a, b: said("{a} or {b}", a=a, b=b), map(Said, names))


def raw(path: Path) -> BinaryIO:
    """The bytes of a file, unzipped where its name ends in .gz."""
    return cast("BinaryIO", gzip.open(path)) if path.suffix.lower() == ".gz" else path.open("rb")


def tail(path: Path, size: int = 4096) -> bytes:
    """The last bytes of a file, unzipped where its name ends in .gz."""
    if path.suffix.lower() != ".gz":
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - size))
            return file.read()
    last = b""
    for block in blocks(path):
        last = (last + block)[-size:]
    return last


def encoding_of(path: Path, encodings: Sequence[str]) -> str:
    """The first of `encodings` that the whole file is written in; a byte-order mark decides at once.

    Raises
    ------
    DataError
        The file is empty, is not text, has a line without end, or is in none of the encodings (the first bad byte
        is shown).
    """
    decoders = {name: _decoder(name) for name in encodings}
    lines, failed, start, since = 1, NOTHING, True, 0
    for block in blocks(path):
        if "utf-16" not in encodings:
            _refuse_zero_bytes(path, block, start)
        if start and block.startswith(BOM_UTF8) and "utf-8" in encodings:
            decoders = {"utf-8": decoders["utf-8"]}
        start = False
        for name in list(decoders):
            try:
                decoders[name].decode(block)
            except UnicodeDecodeError as error:
                failed = _bad_byte(name, lines, error)
                del decoders[name]
        if not decoders:
            break
        lines += block.count(b"\n")
        last = max(block.rfind(b"\n"), block.rfind(b"\r"))
        since = since + len(block) if last < 0 else len(block) - last
        if since > LINE:
            raise DataError(
                said(
                    "file {path}, line {lines} has more than {line} characters",
                    path=repr(str(path)),
                    lines=f"{lines:,}",
                    line=f"{LINE:,}",
                ),
                said("Rows end with a line break."),
            )
    if start:
        raise DataError(
            said("file {path} is empty", path=repr(str(path))), said("Download or export it again.")
        )
    return _written_in(path, encodings, decoders, failed=failed, lines=lines)


def _refuse_zero_bytes(path: Path, block: bytes, start: bool) -> None:
    """Every other byte of UTF-16 is zero, and some of what is no text."""
    if start and block.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        raise DataError(
            said("file {path} is UTF-16 text", path=repr(str(path))),
            said("Save it as UTF-8, or say encoding='utf-16'."),
        )
    if b"\0" in block:
        raise DataError(
            said("file {path} is not a text file: it has zero bytes", path=repr(str(path))),
            said(
                "Give CSV files; a spreadsheet or Parquet file goes through xl.read_flows by its own ending."
            ),
        )


def _written_in(
    path: Path, encodings: Sequence[str], decoders: Mapping[str, Any], *, failed: Said, lines: int
) -> str:
    """The first of the decoders left that also ends well."""
    for name, decoder in decoders.items():
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            failed = said(
                "{name}: the last character, in line {n}, is cut short ({reason})",
                name=name,
                n=lines,
                reason=error.reason,
            )
        else:
            return "utf-8-sig" if name == "utf-8" else name
    raise DataError(
        said(
            "file {path} is not written in {kinds}",
            path=repr(str(path)),
            kinds=_or(list(encodings)),
        ),
        said("Say encoding=... with the one it has, or save it as UTF-8."),
        first=failed,
    )


def _decoder(name: str) -> IncrementalDecoder:
    """The decoder of a text encoding; refuses what is none."""
    try:
        found = lookup(name)
    except LookupError:
        found = None
    if found is None or not getattr(found, "_is_text_encoding", True) or name.startswith("unicode"):
        raise OptionError(
            said(
                "encoding={name} is not known. Allowed: 'auto', 'utf-8', 'gb18030', 'utf-16', 'cp1252', ...",
                name=repr(name),
            )
        )
    return getincrementaldecoder(name)()


def _bad_byte(name: str, lines: int, error: UnicodeDecodeError) -> Said:
    line = lines + error.object[: error.start].count(b"\n")
    byte = f"0x{error.object[error.start]:02x}"
    return said("{name}: byte {byte} in line {n}", name=name, byte=byte, n=f"{line:,}")


def refuse_twice(path: Path, names: Iterable[str], *, fold: bool = False) -> None:
    """Refuse two columns of one name, of which an engine would take one in silence; with `fold`, letter case aside."""
    seen: dict[str, str] = {}
    for name in filter(None, names):
        before = seen.get(name.casefold() if fold else name)
        if before == name:
            raise DataError(
                said(
                    "file {path} has two columns named {name}",
                    path=repr(str(path)),
                    name=repr(name),
                ),
                said("Rename or remove one of them."),
            )
        if before is not None:
            raise DataError(
                said(
                    "file {path} has two columns that differ in letter case alone: {before}, {name}",
                    path=repr(str(path)),
                    before=repr(before),
                    name=repr(name),
                ),
                said("DuckDB does not tell them apart: rename one of them, or say engine='pandas'."),
            )
        seen[name.casefold() if fold else name] = name


@contextmanager
def progress_over(files: Sequence[Path], label: str, *, shown: bool) -> Iterator[Advance]:
    """A bar over the bytes of `files`, on terminals only; the function inside moves it on."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(
        *columns, console=console, transient=True, disable=not (shown and console.is_terminal)
    ) as bar:
        task = bar.add_task(label, total=sum(f.stat().st_size for f in files))
        yield lambda size: bar.advance(task, size)


# The cells of input-output tables in files, as they stand.

CSV = (".csv", ".csv.gz", ".csv.zip", ".txt", ".tsv", ".tsv.gz")
KINDS = (*CSV, *BOOKS)
WIDEST = 20_000  # columns; the widest tables published have some 5,000
HEAD, SIDE = 14, 8  # rows and columns among which a sheet's labels are looked for
LARGE = 4_000_000  # bytes of a text file


def cells_of(path: str | Path, sheet: str | int | tuple[re.Pattern[str], ...] = 0) -> pd.DataFrame:
    """Every cell of a CSV file or Excel sheet as it stands, without header or index.

    Of patterns the sheet is taken whose name has the first that any name has, or the first of all. The names of a Stata
    file's variables are its first row.

    Raises
    ------
    DataError
        There is no such file, or it is neither delimited text (UTF-8 or GB18030) nor a workbook.
    """
    import pandas as pd

    file = _file(path)
    raw: Any
    if file.name.lower().endswith(".dta"):
        raw = read_stata(file)
    elif file.name.lower().endswith(BOOKS):
        raw = read_workbook(file, sheet, header=None, dtype=object)
        if not isinstance(raw, pd.DataFrame):
            raise OptionError(
                said("sheet={sheet} is not allowed. Allowed: one sheet, by name or place.", sheet=repr(sheet))
            )
    else:
        raw = text_cells(file, header=None, dtype=object) if file.stat().st_size < LARGE else _large(file)
    if raw.shape[1] > WIDEST or min(raw.shape) < 3:
        raise DataError(
            said(
                "file {file} has {rows} rows and {columns} columns of cells",
                file=repr(str(file)),
                rows=f"{raw.shape[0]:,}",
                columns=f"{raw.shape[1]:,}",
            ),
            said(
                "An input-output table has three or more of each, and at most {widest} columns.",
                widest=f"{WIDEST:,}",
            ),
        )
    made: pd.DataFrame = raw
    return made


def _large(file: Path) -> pd.DataFrame:
    """The cells of a large text file as `text_cells` reads them, but figures as numbers below the heads.

    They are read so where they are in UTF-8 and nothing else stands right of the labels: text takes twice the time.
    """
    import pandas as pd

    options: dict[str, Any] = {"sep": _mark(file), "header": None, "low_memory": False}
    with (
        suppress(UnicodeError, ValueError, csv.Error),
        TextIOWrapper(raw(file), "utf-8-sig", newline="") as text,
    ):
        lines: list[str] = []
        reader = csv.reader(_kept(iter(text.readline, ""), lines), delimiter=options["sep"])
        width = max(map(len, islice(filter(None, reader), HEAD)))
        kinds = {k: object if k < SIDE else float for k in range(width)}
        body = pd.read_csv(text, dtype=kinds, **options)
        if body.shape[1] <= width:
            head = pd.read_csv(StringIO("".join(lines)), dtype=object, **options)
            made: pd.DataFrame = pd.concat([head, body.astype(object)], ignore_index=True)
            return made
    return text_cells(file, header=None, dtype=object)


def _kept(lines: Iterator[str], kept: list[str]) -> Iterator[str]:
    for line in lines:
        kept.append(line)
        yield line


def text_cells(path: str | Path, **options: Any) -> pd.DataFrame:
    """`pandas.read_csv` for files of any origin, in UTF-8 or GB18030, parted by comma, semicolon or tab.

    pandas' parser does for square tables: one that is cut short is no longer square. The second encoding is tried where
    the first fails, since proving one beforehand would read a large file twice.
    """
    import pandas as pd

    file, reason = _file(path), ""
    _refuse_wide(file)
    if "sep" not in options:
        options["sep"] = _mark(file)
    for encoding in ("utf-8-sig", *ENCODINGS[1:]):
        try:
            made: pd.DataFrame = pd.read_csv(file, encoding=encoding, low_memory=False, **options)
            return made
        except (UnicodeError, ValueError, EOFError, OSError, BadZipFile, zlib.error) as error:
            if isinstance(error, PermissionError):
                raise
            reason = reason or " ".join(str(error).split()).rstrip(".")
    raise DataError(
        said(
            "file {file} cannot be read as separated text in UTF-8 or GB18030",
            file=repr(str(file)),
        ),
        said("Save it as CSV in UTF-8."),
        first=reason,
    )


def first_line(path: str | Path) -> list[str]:
    """The names in the first line of a text file."""
    names = text_cells(path, header=None, nrows=1, dtype=str, keep_default_na=False).iloc[0]
    return [str(name).strip() for name in names]


def _mark(file: Path) -> str:
    """What parts the cells of a text file: the one of comma, semicolon and tab that its first lines hold most of."""
    lines = text_cells(
        file, header=None, nrows=20, dtype=str, sep="\0", keep_default_na=False, quoting=csv.QUOTE_NONE
    )
    held = "\n".join(map(str, lines.iloc[:, 0]))
    return max(",;\t", key=held.count)


def _file(path: str | Path) -> Path:
    """The path of a file that is there, of a kind that can be read."""
    file = find_one(path, KINDS)
    if not file.name.lower().endswith(KINDS):
        raise DataError(
            said("file {file} is of no kind that can be read", file=repr(str(file))),
            said("Files end in {kinds}.", kinds=", ".join(KINDS)),
        )
    return file


def _refuse_wide(file: Path) -> None:
    """Refuse what unpacks to far more than it holds, and a first line of more columns than tables have."""
    name = file.name.lower()
    if name.endswith(".zip"):
        with suppress(BadZipFile):  # told with the reading
            names_in(file)
    elif name.endswith(".gz"):
        for _ in blocks(file):  # counted as they are unpacked
            pass
    else:
        with file.open("rb") as lines:
            columns = lines.readline(16 * WIDEST).count(b",") + 1
        if columns > WIDEST:
            raise DataError(
                said(
                    "file {file} has {columns} columns or more",
                    file=repr(str(file)),
                    columns=f"{columns:,}",
                ),
                said("At most {widest} are read.", widest=f"{WIDEST:,}"),
            )
