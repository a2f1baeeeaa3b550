"""Brings a foreign WARC file into the one form that can be read at offsets: one gzip member per record.

A file that has this form already is copied byte for byte. An uncompressed one, or one that is compressed as
a whole, is packed anew; its records stay as they are to the byte, so that `gunzip` gives the same content.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import IO

from archiver.errors import StorageError, UnsafeInputError
from archiver.model.digest import Digest
from archiver.storage.warc.check import LARGEST_RECORD
from archiver.storage.warc.compression import DeflatedMember
from archiver.storage.warc.inflate import MAGIC, GzipError
from archiver.storage.warc.members import MemberReader
from archiver.storage.warc.reader import (
    LONGEST_HEADER,
    RecordError,
    SeveralRecordsError,
    Unpacked,
    content_length,
    parse_fields,
)
from archiver.storage.warc.segments import storage_error

_PIECE = 1 << 18
_END = b"\r\n\r\n"
_RECORD = b"WARC/"
_ARC = b"filedesc://"
_ZIP = b"PK\x03\x04"


class Form(Enum):
    """How the records of a WARC file are packed."""

    MEMBERS = "one gzip member per record"
    PLAIN = "not compressed"
    WHOLE = "compressed as a whole"


@dataclass(frozen=True, slots=True)
class Copied:
    """A copy: the sha256 and length of what was read, and of what was written."""

    read: Digest
    read_bytes: int
    written: Digest
    written_bytes: int


def form_of(path: Path) -> Form:
    """How the file at `path` is packed. Raises UnsafeInputError for what is no WARC file, StorageError."""
    try:
        with path.open("rb") as file:
            start = file.read(len(_ARC))
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror}") from error
    if start.startswith(_RECORD):
        return Form.PLAIN
    if start.startswith(_ARC):
        raise _is_arc(path)
    if start.startswith(_ZIP):
        raise UnsafeInputError(f"{path} is a ZIP file; unpack a WACZ and import the files in its archive/")
    if not start.startswith(MAGIC):
        raise UnsafeInputError(f"{path} is no WARC file")
    return _compressed_form(path)


def _is_arc(path: Path) -> UnsafeInputError:
    return UnsafeInputError(
        f"{path} is an ARC file; make a WARC file of it with `warcio recompress OLD.arc.gz NEW.warc.gz`"
    )


def _compressed_form(path: Path) -> Form:
    with MemberReader(path) as members:
        members.open_member()
        try:
            if members.read().startswith(_ARC):
                raise _is_arc(path)
        except GzipError:
            return Form.MEMBERS  # the check will say what is wrong with it
    with MemberReader(path) as members:
        members.open_member()
        try:
            for _ in Unpacked(members).chunks():
                pass
        except SeveralRecordsError:
            members.skip(LARGEST_RECORD)
            return Form.WHOLE if members.position == members.size else Form.MEMBERS
        except (GzipError, RecordError):
            pass
    return Form.MEMBERS


def copy_as_members(source: Path, target: Path, form: Form, on_bytes: Callable[[int], None]) -> Copied:
    """Copy the file `source`, which has `form`, to the new file `target`, one gzip member a record, durably.

    `on_bytes` is called with the number of bytes read or written before each step, and may raise. Raises
    UnsafeInputError for what is no WARC record, StorageError.
    """
    read, written = hashlib.sha256(), hashlib.sha256()
    counted = [0, 0]

    def pieces(file: IO[bytes]) -> Iterator[bytes]:
        while piece := file.read(_PIECE):
            on_bytes(len(piece))
            read.update(piece)
            counted[0] += len(piece)
            yield piece

    try:
        with source.open("rb") as file, target.open("xb") as out:

            def append(content: bytes) -> None:
                on_bytes(len(content))
                written.update(content)
                counted[1] += len(content)
                out.write(content)

            if form is Form.MEMBERS:
                for piece in pieces(file):
                    append(piece)
            else:
                _repack(pieces(file) if form is Form.PLAIN else _unpacked(pieces(file)), append)
            out.flush()
            os.fsync(out.fileno())
    except OSError as error:
        raise storage_error(error, f"copying {source}") from error
    except RecordError as error:
        raise UnsafeInputError(f"{source}: {error}") from None
    return Copied(Digest(read.digest()), counted[0], Digest(written.digest()), counted[1])


def _unpacked(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The content of the one gzip member in `pieces`, in pieces of bounded length."""
    member = zlib.decompressobj(31)
    try:
        for piece in pieces:
            while piece:
                yield member.decompress(piece, _PIECE)
                piece = member.unconsumed_tail
            if member.unused_data:
                raise RecordError("there is something behind the end of the compressed file")
        yield member.flush()
    except zlib.error as error:
        raise RecordError(f"the compressed bytes are damaged ({error})") from error
    if not member.eof:
        raise RecordError("the compressed file is cut off")


def _repack(pieces: Iterator[bytes], append: Callable[[bytes], None]) -> None:
    """Write each record of an uncompressed WARC file as one gzip member."""
    stream = _Stream(pieces)
    while head := stream.head():
        if not head.startswith(_RECORD):
            raise RecordError(f"no WARC record begins at {stream.position - len(head)}")
        length = content_length(parse_fields(head[: -len(_END) + 2])[1])
        if length > LARGEST_RECORD:
            raise RecordError(f"a record claims {length} bytes, more than {LARGEST_RECORD}")
        member = DeflatedMember(append)
        member.write(head)
        for piece in stream.take(length):
            member.write(piece)
        end = b"".join(stream.take(len(_END)))
        if end != _END:
            raise RecordError(
                f"the record that ends at {stream.position} is not followed by CR LF CR LF: its"
                " Content-Length is wrong"
            )
        member.write(end)
        member.flush()


class _Stream:
    """Takes records' headers and blocks off a run of pieces; `position` counts the bytes taken."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""
        self.position = 0

    def head(self) -> bytes:
        """The next record's header with its empty line; nothing at the end. Raises RecordError."""
        while (end := self._rest.find(_END)) < 0:
            if len(self._rest) > LONGEST_HEADER:
                raise RecordError(f"the header at {self.position} is longer than {LONGEST_HEADER} bytes")
            piece = next(self._pieces, None)
            if piece is None:
                if self._rest:
                    raise RecordError(f"the file ends within the header at {self.position}")
                return b""
            self._rest += piece
        return b"".join(self.take(end + len(_END)))

    def take(self, count: int) -> Iterator[bytes]:
        """The next `count` bytes in pieces. Raises RecordError when the file ends before."""
        while count:
            if not self._rest:
                piece = next(self._pieces, None)
                if piece is None:
                    raise RecordError(f"the file ends {count} bytes before the end of its last record")
                self._rest = piece
            taken, self._rest = self._rest[:count], self._rest[count:]
            count -= len(taken)
            self.position += len(taken)
            if taken:
                yield taken
