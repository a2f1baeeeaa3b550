"""The dates that people type, as click parameter types."""

from __future__ import annotations

from datetime import datetime

import click

from archiver.model.moment import parse_moment


class Moment(click.ParamType[datetime]):
    """A date in any form of the contract; a partial one means its first (or its `last`) moment."""

    name = "date"

    def __init__(self, *, last: bool = False) -> None:
        self._last = last

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The UTC moment that `value` means; a usage error for what is no date."""
        if isinstance(value, datetime):
            return value
        try:
            first, last = parse_moment(str(value))
        except ValueError as error:
            said = str(error)
            self.fail(
                said if said.startswith("not a date") else f"not a date: {value!r} ({said})", param, ctx
            )
        return last if self._last else first


DATE_FORMS = "2017-11-14, 2017-11-14T10:00Z, 20171114100000 or a part such as 201711"
