"""The presentation that a PDF carries."""

from __future__ import annotations

import io
import logging
from itertools import islice
from typing import Final

from rootseal.canonical import MAX_BYTES
from rootseal.errors import InputError

__all__ = ["MAX_PDF_BYTES", "carried_in_pdf"]

MAX_PDF_BYTES: Final = 8 * 1024 * 1024
_SUFFIX: Final = ".json"


def carried_in_pdf(data: bytes, where: str) -> bytes:
    """The one file of ours that is attached to the PDF. Raises `InputError` where there is none, or several."""
    from pypdf import PdfReader  # half a second of imports

    if len(data) > MAX_PDF_BYTES:
        raise InputError(where, f"is a PDF of more than {MAX_PDF_BYTES >> 20} MiB; no certificate is so large")
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it reports on what it repairs: nothing for an employer
    try:
        ours = (found for found in PdfReader(io.BytesIO(data)).attachment_list if found.name.endswith(_SUFFIX))
        # Counted first, unpacked then: each may be small here and 75 MB in memory, and a PDF holds hundreds.
        named = list(islice(ours, 2))
        content = bytes(named[0].content) if len(named) == 1 else b""
    except Exception as error:  # noqa: BLE001 - pypdf raises whatever the first surprise in the file raises
        problem = f"is a PDF that cannot be read ({type(error).__name__})"
        raise InputError(where, f"{problem}; ask for the file itself") from None
    if len(named) != 1 or len(content) > MAX_BYTES:
        problem = "carries several files" if len(named) > 1 else "carries no credential: a scan or a printout"
        raise InputError(where, f"is a PDF that {problem}; ask for the file itself")
    return content
