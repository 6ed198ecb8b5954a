"""Tables published as several files: a folder of them, or a zip archive."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Any
from zipfile import BadZipFile, ZipFile

from exportlab.errors import DataError
from exportlab.files.unpacking import names_in
from exportlab.words import said

if TYPE_CHECKING:
    import pandas as pd

    from exportlab.frames import Array


@dataclass(frozen=True)
class Bundle:
    """The files of a folder or of an archive, by their names inside it."""

    path: Path
    names: tuple[str, ...]

    @property
    def zipped(self) -> bool:
        """Whether it is an archive."""
        return self.path.is_file()

    def find(self, pattern: str, *, needed: bool = True) -> str | None:
        """The one name whose last part matches a pattern; several are refused, and none where one is needed."""
        found = [name for name in self.names if re.fullmatch(pattern, PurePosixPath(name).name)]
        if len(found) > 1:
            raise DataError(
                said("{path} holds several files where one is needed", path=repr(str(self.path))),
                said("Give a folder or archive of one year."),
                rows=len(found),
                first=repr(found[0]),
            )
        if not found and needed:
            listed = ", ".join(map(repr, self.names[:8])) or "nothing"
            raise DataError(
                said(
                    "{path} holds no file like {pattern}",
                    path=repr(str(self.path)),
                    pattern=repr(pattern),
                ),
                said("It holds: {listed}.", listed=listed),
            )
        return found[0] if found else None

    def table(self, name: str, **options: Any) -> pd.DataFrame:
        """`pandas.read_csv` of one file, tab-separated."""
        import pandas as pd

        with self._opened(name, "tab-separated text") as file:
            made: pd.DataFrame = pd.read_csv(file, sep="\t", low_memory=False, **options)
            return made

    def pieces(self, name: str, rows: int) -> Iterator[Array]:
        """The figures of a file without labels, separated by commas, `rows` at a time in single precision."""
        import numpy as np
        import pandas as pd

        with self._opened(name, "figures separated by commas") as file:
            for piece in pd.read_csv(file, header=None, dtype=np.float32, chunksize=rows):
                yield piece.to_numpy()

    @contextmanager
    def _opened(self, name: str, what: str) -> Iterator[IO[bytes]]:
        """A file of the folder or archive; what goes wrong while it is read is said with its name."""
        try:
            if not self.zipped:
                with (self.path / name).open("rb") as file:
                    yield file
            else:
                with ZipFile(self.path) as parts, parts.open(name) as part:
                    yield part
        except (UnicodeError, ValueError, EOFError, BadZipFile) as error:
            raise DataError(
                said(
                    "file {name} of {path} cannot be read as {what}",
                    name=repr(name),
                    path=repr(str(self.path)),
                    what=what,
                ),
                said("Download it again."),
                first=" ".join(str(error).split()).rstrip("."),
            ) from error


def bundle(path: str | Path) -> Bundle:
    """The files of a folder, those below it too, or of a zip archive.

    Raises
    ------
    DataError
        There is no such folder or archive, or the archive unpacks to more than any table does.
    """
    place = Path(path)
    if place.is_dir():
        inside = sorted(p.relative_to(place).as_posix() for p in place.rglob("*") if p.is_file())
        return Bundle(place, tuple(inside))
    if not place.is_file() or place.suffix.lower() != ".zip":
        raise DataError(
            said("there is no folder or zip archive {place}", place=repr(str(place))),
            said("Give the path of one."),
        )
    try:
        return Bundle(place, names_in(place))
    except BadZipFile as error:
        raise DataError(
            said("file {place} is not a whole zip archive", place=repr(str(place))),
            said("Download it again."),
        ) from error
