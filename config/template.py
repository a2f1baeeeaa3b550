"""Writes the commented archiver.toml out of the settings classes, so that the two cannot drift apart."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ByteSize
from pydantic.fields import FieldInfo

from archiver.config.sections import Section, Settings

WIDTH = 100
_OPENING = """\
Settings of this archive. Every setting is listed with its default; to change one, remove the # before it.
An environment variable goes first: ARCHIVER_NETWORK__TIMEOUT=30 is timeout in [network]. Paths are
relative to the folder of this file; sizes may be written "64KiB", "1GiB"."""


def render_template() -> str:
    """The text of an archiver.toml in which every setting is commented out, with its default (TOML 1.0)."""
    blocks = [_comment(_OPENING)]
    for name, field in Settings.model_fields.items():
        section = field.annotation
        assert isinstance(section, type)
        assert issubclass(section, Section)
        blocks.append("\n".join((_comment(section.__doc__ or ""), f"[{name}]")))
        blocks.extend(_entries(section))
    return "\n\n".join(blocks) + "\n"


def _entries(section: type[Section]) -> Iterator[str]:
    for key, field in section.model_fields.items():
        yield f"{_comment(field.description or '')}\n#{key} = {_toml(_default(field))}"


def _default(field: FieldInfo) -> Any:
    return field.get_default(call_default_factory=True)


def _toml(value: Any) -> str:
    if value is None:
        return '""'
    if isinstance(value, ByteSize):
        return _size(value)
    if isinstance(value, tuple):
        return "[{}]".format(", ".join(_toml(entry) for entry in value))
    if isinstance(value, Path):
        value = value.as_posix()
    return json.dumps(value)  # TOML's strings, numbers and booleans are written as JSON's


def _size(size: int) -> str:
    for unit, factor in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if size and size % factor == 0:
            return f'"{size // factor}{unit}"'
    return str(int(size))


def _comment(text: str) -> str:
    return textwrap.fill(" ".join(text.split()), WIDTH, initial_indent="# ", subsequent_indent="# ")
