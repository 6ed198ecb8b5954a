"""Tables published as several files: a folder of them, or a zip archive."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile, ZipFile

from exportlab.errors import DataError
from exportlab.files.unpacking import names_in

if TYPE_CHECKING:
    import pandas as pd


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
                f"{str(self.path)!r} holds several files where one is needed",
                "Give a folder or archive of one year.",
                rows=len(found),
                first=repr(found[0]),
            )
        if not found and needed:
            listed = ", ".join(map(repr, self.names[:8])) or "nothing"
            raise DataError(f"{str(self.path)!r} holds no file like {pattern!r}", f"It holds: {listed}.")
        return found[0] if found else None

    def table(self, name: str, **options: Any) -> pd.DataFrame:
        """`pandas.read_csv` of one file, tab-separated."""
        import pandas as pd

        try:
            made: pd.DataFrame
            if not self.zipped:
                made = pd.read_csv(self.path / name, sep="\t", low_memory=False, **options)
                return made
            with ZipFile(self.path) as parts, parts.open(name) as file:
                made = pd.read_csv(file, sep="\t", low_memory=False, **options)
                return made
        except (UnicodeError, ValueError, EOFError, BadZipFile) as error:
            raise DataError(
                f"file {name!r} of {str(self.path)!r} cannot be read as tab-separated text",
                "Download it again.",
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
        raise DataError(f"there is no folder or zip archive {str(place)!r}", "Give the path of one.")
    try:
        return Bundle(place, names_in(place))
    except BadZipFile as error:
        raise DataError(f"file {str(place)!r} is not a whole zip archive", "Download it again.") from error
