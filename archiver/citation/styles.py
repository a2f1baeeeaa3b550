"""The citation styles by the names that users type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from archiver.citation.files import bibtex, csl_json, ris
from archiver.citation.markup import robust_link, wikipedia
from archiver.citation.prose import apa, chicago, mla, plain_text
from archiver.citation.reference import Citation

STYLES: Final[Mapping[str, Callable[[Citation], str]]] = {
    "text": plain_text,
    "apa": apa,
    "chicago": chicago,
    "mla": mla,
    "bibtex": bibtex,
    "ris": ris,
    "csl-json": csl_json,
    "wikipedia": wikipedia,
    "robust-link": robust_link,
}
"""Each style's name and the function that writes it; pure, and never failing for any snapshot."""
