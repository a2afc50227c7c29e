"""From a presentation (or a complete file) to a PDF/A-3b, the same bytes each time on one machine."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from hashlib import sha256
from importlib import resources
from typing import Any, Final

import segno
from jinja2 import Environment, StrictUndefined

from rootseal.credential import read_document
from rootseal.errors import ConfigError
from rootseal.explaining import content_lines
from rootseal.instants import format_date
from rootseal.languages import say
from rootseal.opened import OpenedCredential
from rootseal.opening import open_file
from rootseal.policy import TEST_CHAINS
from wallet.certificate.texts import TEXTS
from wallet.compact import compact, frames

__all__ = ["certificate"]

# They stand large at the top, not in the table below.
_AT_TOP: Final = ("title", "learner_name", "issuer_name", "issuer_id", "learner_id")
_SCALE: Final = 3


@dataclass(frozen=True, slots=True)
class _Page:
    """What one credential's page shows."""

    title: str
    learner: str | None
    issuer: str
    facts: tuple[tuple[str, str], ...]
    outcomes: tuple[str, ...]
    home: str
    index: int
    commitment: str


def certificate(data: bytes, language: str = "en") -> bytes:
    """The PDF for the file `data`, which is attached to it. Raises `InputError` for what is no such file, or too
    large for codes; `ConfigError` where the system's text libraries are missing."""
    opened = open_file(data)
    codes = [segno.make(code, error="l", boost_error=False) for code in frames(compact(data))]
    texts = TEXTS[language]
    html = _template().render(
        language=language,
        texts=texts,
        pages=[_page(credential, language) for credential in opened.credentials],
        codes=[code.svg_data_uri(scale=_SCALE, border=4) for code in codes],
        complete=all(credential.complete for credential in opened.credentials),
        test=any(credential.home.chain_id in TEST_CHAINS for credential in opened.credentials),
    )
    return _pdf(html, data, texts["attachment"])


def _page(opened: OpenedCredential, language: str) -> _Page:
    facts = read_document(opened.document)
    top = {say(f"label.{name}", {"number": 0}, language) for name in _AT_TOP}
    numbers = range(1, len(facts.learning_outcomes) + 1)
    outcomes = {say("label.learning_outcome", {"number": number}, language) for number in numbers}
    left_out = {say("label.hidden", None, language), say("label.left_out", None, language)}
    lines = content_lines(opened, language)
    return _Page(
        facts.title or "",
        facts.learner_name,
        facts.issuer_name or opened.issuer_id or "",
        tuple((a, b) for a, b in lines if a not in top and a not in outcomes and b not in left_out),
        facts.learning_outcomes,
        f"{opened.home}",
        opened.proofs.index,
        opened.commitment.hex(),
    )


def _template() -> Any:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["date"] = format_date
    source = resources.files("wallet.certificate").joinpath("certificate.html").read_text(encoding="utf-8")
    return environment.from_string(source)


def _pdf(html: str, data: bytes, description: str) -> bytes:
    try:
        from weasyprint import HTML, Attachment
        from weasyprint.urls import URLFetcher
    except OSError as error:  # it looks for the shared libraries while it is imported
        problem = "the system's text libraries are missing; on Debian: apt install libpango-1.0-0 libpangoft2-1.0-0"
        raise ConfigError("pdf", problem, str(error)) from error

    stamp = "2000-01-01T00:00:00Z"  # no clock: the same file gives the same certificate
    attachment = Attachment(
        file_obj=io.BytesIO(data),
        name="credential.presentation.json",
        description=description,
        relationship="Data",
        created=_moment(stamp),
        modified=_moment(stamp),
    )
    # The codes are data: addresses; whatever else a hostile text smuggles in is not fetched.
    page = HTML(string=html, url_fetcher=URLFetcher(allowed_protocols=("data",)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # it leaves its colour profile open
        made: bytes = page.write_pdf(
            pdf_variant="pdf/a-3b", attachments=[attachment], pdf_identifier=sha256(data).digest()
        )
    return made


def _moment(text: str) -> Any:
    from datetime import datetime

    return datetime.fromisoformat(text)
