"""Reads the settings: environment over archiver.toml over defaults; says exactly what is wrong with them."""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from archiver.config.folder import Home
from archiver.config.sections import Section, Settings
from archiver.config.template import render_template
from archiver.errors import ConfigurationError

__all__ = ["Settings", "load_settings", "render_template"]

PREFIX = "ARCHIVER_"
_SHOWN = 60
_PORTS = (("web", "replay_port"), ("web", "port"))
_CREDENTIALS = re.compile("//[^/]*@")
_SIZE = 'should be a size such as "1GiB", or a number of bytes'
_REASONS = {
    "tuple_type": 'should be a list, such as ["one", "two"]',
    "model_type": "should be a section of its own",
    "byte_size": f"{_SIZE} (could not parse value and unit)",
    "byte_size_unit": f"{_SIZE} (there is no such unit)",
}


def load_settings(home: Home, environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings of `home`, checked; a home without archiver.toml has the defaults.

    Environment variables are named ARCHIVER_SECTION__KEY; lists in them are JSON. Raises ConfigurationError,
    which names the file and line or the variable, the key, and what is allowed.
    """
    settings = _from_file(home.config_file)
    for variable, section, key in _variables(environ):
        settings = _overridden(settings, section, key, environ[variable], variable)
    _check_ports(settings, home.config_file, environ)
    return settings


def _check_ports(settings: Settings, path: Path, environ: Mapping[str, str]) -> None:
    """Only all settings together can tell: each of the two ports may be changed by itself."""
    port = settings.web.port
    if port == 0 or port != settings.web.replay_port:
        return
    set_by = [variable for variable, section, key in _variables(environ) if (section, key) in _PORTS]
    if set_by:
        where = f"environment variable {set_by[0]}"
    else:
        text = path.read_text(encoding="utf-8")
        where = max((_place(path, text, location) for location in _PORTS), key=len)  # with a line, if found
    raise ConfigurationError(
        f"{where}: web.port and web.replay_port are both {port}; choose another for one of them: archived"
        " pages are shown from an origin of their own"
    )


def _from_file(path: Path) -> Settings:
    try:
        text = path.read_text(encoding="utf-8")
        tables = tomllib.loads(text)
    except FileNotFoundError:
        return Settings()
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path} is not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path} is not TOML: {error}") from None
    try:
        # JSON's strict mode takes TOML's types as they are: an array for a tuple, but no text for a number.
        return Settings.model_validate_json(json.dumps(tables, default=_dated), strict=True)
    except ValidationError as error:
        location = error.errors()[0]["loc"]
        raise ConfigurationError(f"{_place(path, text, location)}: {_explained(error)}") from None


def _dated(moment: object) -> dict[str, str]:
    """A TOML date, as something that no setting takes."""
    return {"date": str(moment)}


def _variables(environ: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """The variables that are settings: name, section, key."""
    for variable in sorted(environ):
        if not variable.startswith(PREFIX):
            continue
        name = variable.removeprefix(PREFIX).lower()
        section, separator, key = name.partition("__")
        if separator:
            yield variable, section, key
            continue
        section, _, key = name.partition("_")
        if section in Settings.model_fields and key:
            meant = f"{PREFIX}{section.upper()}__{key.upper()}"
            raise ConfigurationError(f"environment variable {variable} is no setting; write {meant}")


def _overridden(settings: Settings, section: str, key: str, raw: str, variable: str) -> Settings:
    current = getattr(settings, section) if section in Settings.model_fields else None
    if not isinstance(current, Section):
        raise ConfigurationError(f"environment variable {variable}: {_unknown((section,))}")
    values = {name: getattr(current, name) for name in type(current).model_fields}
    failure: ValidationError | None = None
    for value in _readings(raw):
        try:
            changed = type(current).model_validate({**values, key: value})
        except ValidationError as error:
            failure = failure or error
        else:
            return settings.model_copy(update={section: changed})
    assert failure is not None
    raise ConfigurationError(f"environment variable {variable}: {_explained(failure, section)}") from None


def _readings(raw: str) -> Iterator[Any]:
    """What a variable's text may mean: JSON (numbers, true, lists), or itself."""
    with suppress(ValueError):
        yield json.loads(raw)
    yield raw


def _explained(error: ValidationError, section: str | None = None) -> str:
    """The first thing that is wrong: the key, what was given, what is allowed."""
    problems = error.errors()
    first = problems[0]
    location = first["loc"] if section is None else (section, *first["loc"])
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    if first["type"] == "extra_forbidden":
        return _unknown(location) + more
    reason = _REASONS.get(first["type"]) or first["msg"].removeprefix("Value error, ").removeprefix("Input ")
    given = _CREDENTIALS.sub("//...@", json.dumps(first["input"], default=str))
    given = given if len(given) <= _SHOWN else f"{given[: _SHOWN - 3]}..."
    description = _description(location)
    about = f". About this setting: {description}" if description else ""
    return f"{_dotted(location)} = {given} {reason}{more}{about}"


def _unknown(location: tuple[int | str, ...]) -> str:
    """That there is no such section or key, and which there are."""
    name = str(location[-1])
    if len(location) == 1:
        known, what = list(Settings.model_fields), "section"
    else:
        annotation = Settings.model_fields[str(location[0])].annotation
        assert isinstance(annotation, type)
        assert issubclass(annotation, Section)
        known, what = list(annotation.model_fields), f"setting in [{location[0]}]"
    close = get_close_matches(name, known, n=1)
    meant = f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}"
    return f"{name} is no {what}; {meant}"


def _description(location: tuple[int | str, ...]) -> str:
    if len(location) < 2:
        return ""
    section = Settings.model_fields[str(location[0])].annotation
    assert isinstance(section, type)
    assert issubclass(section, Section)
    return section.model_fields[str(location[1])].description or ""


def _dotted(location: tuple[int | str, ...]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).lstrip(".")


def _place(path: Path, text: str, location: tuple[int | str, ...]) -> str:
    """File and line of a key; the file alone when the key is written in a way that is not found."""
    section, key = str(location[0]), str(location[1]) if len(location) > 1 else None
    current = ""
    for number, line in enumerate(text.splitlines(), start=1):
        header = re.match(r"\s*\[\[?\s*([A-Za-z0-9_-]+)\s*\]\]?", line)
        if header:
            current = header[1]
            if key is None and current == section:
                return f"{path}:{number}"
            continue
        assigned = re.match(r"\s*([A-Za-z0-9_.-]+)\s*=", line)
        written = f"{current}.{assigned[1]}".lstrip(".") if assigned else ""
        if assigned and written in (f"{section}.{key}", section):
            return f"{path}:{number}"
    return str(path)
