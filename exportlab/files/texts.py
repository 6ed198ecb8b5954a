"""Columns of text in which each distinct text is held once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd


class Texts:
    """The text of many rows: what is written, each of it in some row, and for each row which of it."""

    def __init__(self, labels: Sequence[str], codes: NDArray[np.int32]) -> None:
        self.labels, self.codes = labels, codes

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, row: int) -> str:
        return self.labels[int(self.codes[row])]

    def __iter__(self) -> Iterator[str]:
        return map(self.labels.__getitem__, self.codes.tolist())

    def __contains__(self, text: object) -> bool:
        return text in self.labels

    def renamed(self, new: Mapping[str, str]) -> Texts:
        """The same rows with other texts, each of which `new` has."""
        return Texts([new[label] for label in self.labels], self.codes)

    def series(self) -> pd.Series[Any]:
        """A pandas column of text."""
        import pandas as pd

        return pd.Series(pd.Series(list(self.labels), dtype="str").array.take(self.codes))


class _Known(dict[str, int]):
    """A number for each text, stripped of blanks; new ones are counted on."""

    def __init__(self) -> None:
        self.labels: list[str] = []

    def __missing__(self, text: str) -> int:
        bare = text.strip()
        if bare != text:
            self[text] = self[bare]
        else:
            self[text] = len(self.labels)
            self.labels.append(text)
        return self[text]


class Gathered:
    """Text that comes in parts."""

    def __init__(self) -> None:
        self._known, self._codes = _Known(), [np.empty(0, np.int32)]

    def add(self, texts: Sequence[str]) -> None:
        """Further rows, without the blanks around them."""
        self._codes.append(np.fromiter(map(self._known.__getitem__, texts), np.int32, len(texts)))

    def whole(self) -> Texts:
        """All rows."""
        return Texts(self._known.labels, np.concatenate(self._codes))


def gathered(texts: Sequence[str]) -> Texts:
    """Text that is there already."""
    whole = Gathered()
    whole.add(texts)
    return whole.whole()
