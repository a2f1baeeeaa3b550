"""How far this machine's clock can be believed, as its kernel says (adjtimex(2))."""

from __future__ import annotations

import ctypes
import sys
from typing import Any

_UNSYNCHRONISED = 0x0040
_NANOSECONDS = 0x2000


class _Timex(ctypes.Structure):
    """The beginning of `struct timex`, and room for the rest."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_char * 256),
    )


def clock_state() -> dict[str, Any]:
    """`source`, and where the kernel knows it `synchronised`, `offset_us`, `maximum_error_us`."""
    state: dict[str, Any] = {"source": "system"}
    if not sys.platform.startswith("linux"):
        return state
    timex = _Timex()
    try:
        if ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(timex)) < 0:
            return state
    except (OSError, AttributeError):
        return state
    state["synchronised"] = not timex.status & _UNSYNCHRONISED
    state["offset_us"] = timex.offset // 1000 if timex.status & _NANOSECONDS else timex.offset
    state["maximum_error_us"] = timex.maxerror
    return state
