"""Files that people hand in, read as text: which encoding it is, and lines of bounded length."""

import codecs
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from core.contract.errors import invalid

MAX_LINE: Final = 1_000_000
"""Characters of a line that are kept; what is longer is cut, and its row refused by name."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """How bytes are read as text, and what a person is told about it."""

    codec: str
    told: str


_MARKS: Final = (
    (codecs.BOM_UTF8, Encoding("utf-8-sig", "UTF-8")),
    (codecs.BOM_UTF16_LE, Encoding("utf-16", "UTF-16")),
    (codecs.BOM_UTF16_BE, Encoding("utf-16", "UTF-16")),
)
_UTF8: Final = Encoding("utf-8", "UTF-8")
_CP1252: Final = Encoding("cp1252", "Windows-1252 (assumed: it is not UTF-8)")


def encoding_of(chunks: Iterable[bytes]) -> Encoding:
    """The encoding of a file, found by reading all of it. Raises `Invalid` for what is no text."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    utf8, first = True, True
    for chunk in chunks:
        if first:
            marked = next((encoding for mark, encoding in _MARKS if chunk.startswith(mark)), None) or _unmarked(chunk)
            if marked is not None:
                return marked
            first = False
        if b"\x00" in chunk:
            raise invalid("file", "this is no text file (there are NUL bytes in it): hand in CSV or JSON Lines")
        try:
            decoder.decode(chunk) if utf8 else None
        except UnicodeDecodeError:
            utf8 = False
    if first:
        raise invalid("file", "this file is empty")
    return _UTF8 if utf8 else _CP1252


def _unmarked(chunk: bytes) -> Encoding | None:
    """UTF-16 without its mark: every second byte of plain letters is 0."""
    sample = chunk[:1_000]
    for codec, zeros in (("utf-16-le", sample[1::2]), ("utf-16-be", sample[0::2])):
        if len(zeros) > 3 and zeros.count(0) > 0.8 * len(zeros):
            return Encoding(codec, "UTF-16 (assumed: it has no byte order mark)")
    return None


class Lines:
    """The lines of a file, each with its end. `bytes_read` says how far it is.

    Of a line that is longer than is kept the beginning is handed out; `cut` says so, and `dropped_quotes` how many
    quotes were in the rest.
    """

    def __init__(self, chunks: Iterable[bytes], encoding: Encoding) -> None:
        self._raw = _Chunks(chunks)
        self._file = io.TextIOWrapper(
            io.BufferedReader(self._raw, 256 * 1024), encoding.codec, errors="replace", newline=""
        )
        self.guesses = encoding.codec not in (_UTF8.codec, "utf-8-sig")
        """Whether bytes may stand for no character, which U+FFFD shows."""
        self.cut = False
        self.dropped_quotes = 0

    @property
    def bytes_read(self) -> int:
        return self._raw.bytes_read

    def text(self, characters: int) -> str:
        """The next characters, whatever lines they are in; empty at the end."""
        return self._file.read(characters)

    def __iter__(self) -> Iterator[str]:
        while line := self._file.readline(MAX_LINE):
            self.cut = line[-1] not in "\r\n" and len(line) == MAX_LINE
            if self.cut:
                self._drop_rest()
                line += "\n"
            yield line

    def _drop_rest(self) -> None:
        self.dropped_quotes = 0
        while more := self._file.readline(MAX_LINE):
            self.dropped_quotes += more.count('"')
            if more[-1] in "\r\n":
                return


class _Chunks(io.RawIOBase):
    """Chunks of bytes as a stream to read from."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._rest = memoryview(b"")
        self.bytes_read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._rest:
            self._rest = memoryview(next(self._chunks, b""))
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        self.bytes_read += size
        return size
