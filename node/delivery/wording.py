"""The text of a mail: a subject and a body with placeholders, checked before the first mail goes out.

A template file is UTF-8 text: the first line `Subject: …`, an empty line, then the body. `$name` stands for a
value, `$$` for a dollar sign.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Final

from node.store.delivery import Carries
from rootseal.errors import ConfigError

__all__ = ["PLACEHOLDERS", "Wording", "about_copies", "built_in", "parse_wording", "read_wording", "rehearsal_notice"]

PLACEHOLDERS: Final = {
    "name": "title of the micro-credential",
    "learner": "name of the learner",
    "institution": "name of the institution",
    "awarded_on": "date of the award, YYYY-MM-DD",
    "link": "the claim link; only where mail_carries is link",
    "claim_expires": "last day of the claim link, YYYY-MM-DD; only where mail_carries is link",
}
"""Every placeholder and what it stands for."""

_LINK_ONLY: Final = frozenset({"link", "claim_expires"})
_MAX_BYTES: Final = 32 * 1024
_MAX_SUBJECT: Final = 200


@dataclass(frozen=True, slots=True)
class Wording:
    """A checked template. `notice` is no part of it: nothing in it is filled in."""

    subject: str
    body: str
    notice: str = ""

    def written(self, values: Mapping[str, str]) -> tuple[str, str]:
        """Subject (one line) and body with every placeholder filled in; `notice` stands above it."""
        subject = Template(self.subject).substitute(values)
        body = Template(self.body).substitute(values)
        return " ".join(subject.split()), f"{self.notice}\n\n{body}" if self.notice else body


def read_wording(path: Path, carries: Carries) -> Wording:
    """The template in a file. Raises `ConfigError` naming what is wrong with it."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError("mail_template", f"cannot be read: {error.strerror}", str(path)) from error
    if len(data) > _MAX_BYTES:
        raise ConfigError("mail_template", f"is larger than {_MAX_BYTES} bytes", str(path))
    try:
        return parse_wording(data.decode("utf-8-sig"), carries)
    except UnicodeDecodeError as error:
        raise ConfigError("mail_template", f"is not UTF-8 at byte {error.start}", str(path)) from error


def parse_wording(text: str, carries: Carries) -> Wording:
    """Split and check. Raises `ConfigError` for an unknown placeholder, a lone dollar sign, a missing part."""
    head, _, body = text.replace("\r\n", "\n").partition("\n\n")
    kind, colon, subject = head.partition(":")
    if kind.strip().lower() != "subject" or not colon or not subject.strip() or "\n" in subject.strip():
        raise ConfigError("mail_template", "must begin with one line `Subject: …` and an empty line")
    if not body.strip():
        raise ConfigError("mail_template", "has no text below its subject")
    if len(subject) > _MAX_SUBJECT:
        raise ConfigError("mail_template", f"has a subject of more than {_MAX_SUBJECT} characters")
    used: set[str] = set()
    for part in (subject, body):
        template = Template(part)
        if not template.is_valid():
            raise ConfigError(
                "mail_template", "has a dollar sign that begins no placeholder; write $$ for a dollar sign"
            )
        used |= set(template.get_identifiers())
    _check_placeholders(used, carries)
    return Wording(subject.strip(), body)


def _check_placeholders(used: set[str], carries: Carries) -> None:
    for name in sorted(used - set(PLACEHOLDERS)):
        raise ConfigError("mail_template", f"${name} is no placeholder; there are ${', $'.join(PLACEHOLDERS)}")
    if carries == "link" and "link" not in used:
        raise ConfigError("mail_template", "must hold $link: mail_carries is link, so the mail brings nothing else")
    if carries == "file":
        for name in sorted(used & _LINK_ONLY):
            raise ConfigError("mail_template", f"${name} has no value: mail_carries is file")


def about_copies(language: str, copies: int) -> str:
    """A paragraph for a mail that brings several copies of one credential; empty for one alone."""
    return "" if copies == 1 else _COPIES[language].format(copies)


def built_in(language: str, carries: Carries, base: str | None = None) -> Wording:
    """The text that comes with the program; `base` is the address below which the page for checking files lies.

    Raises `KeyError` for a language that it does not have.
    """
    page, program = _CHECKING[language]
    address = "" if base is None else f"{page}\n\n    {base}/verify\n\n".replace("$", "$$")
    return parse_wording(_TEXTS[language, carries].replace(_CHECKING_MARK, f"{address}{program}\n\n"), carries)


def rehearsal_notice(language: str) -> str:
    """What stands above every mail of a node that rehearses. Raises `KeyError` as `built_in`."""
    return _REHEARSAL[language]


_CHECKING_MARK: Final = "@CHECKING@"
_CHECKING: Final = {
    "en": (
        "To check the file without any program, give it to this page:",
        "There is a free wallet for your own computer (Python 3.11). Get it from us or with the source code of the\n"
        "Rootseal project, and from nobody else.",
    ),
    "de": (
        "Ohne jedes Programm können Sie die Datei auf dieser Seite prüfen:",
        "Für den eigenen Rechner gibt es eine kostenlose Wallet, eine digitale Brieftasche (Python 3.11). Sie\n"
        "erhalten sie von uns oder mit dem Quelltext des Projekts Rootseal; nehmen Sie sie von niemandem sonst.",
    ),
    "sl": (
        "Brez programa lahko datoteko preverite na tej strani:",
        "Za lastni računalnik je na voljo brezplačna digitalna denarnica (Python 3.11). Dobite jo pri nas ali\n"
        "z izvorno kodo projekta Rootseal; od nikogar drugega je ne jemljite.",
    ),
}
_REHEARSAL: Final = {
    "en": "*** TEST: this is a rehearsal on a test ledger. The credential is worth nothing. ***",
    "de": "*** TEST: Dies ist eine Probe auf einem Testregister. Der Nachweis ist ohne jeden Wert. ***",
    "sl": "*** TEST: to je preskus v preskusnem registru. Dokazilo nima nobene vrednosti. ***",
}


_COPIES: Final[dict[str, str]] = {
    "en": "You receive {} copies of this credential, which say the same. Put all of them into a wallet and show each\n"
    "employer a part of another one (rootseal wallet present … --for WHO). Handed on whole, they show everybody that\n"
    "it is the same learner.",
    "de": "Sie erhalten {} gleichlautende Ausfertigungen dieses Nachweises. Nehmen Sie alle in eine Wallet auf und\n"
    "zeigen Sie jeder Stelle einen Teil einer anderen Ausfertigung (rootseal wallet present … --for NAME). Ganz\n"
    "weitergegeben, zeigen sie jedem, dass es dieselbe Person ist.",
    "sl": "Prejeli ste več izvodov tega dokazila z enako vsebino (skupaj {}). Shranite vse v denarnico in vsakemu\n"
    "delodajalcu pokažite del drugega izvoda (rootseal wallet present … --for IME). Če jih posredujete cele, vsakomur\n"
    "pokažejo, da gre za isto osebo.",
}

_TEXTS: Final[dict[tuple[str, Carries], str]] = {
    ("en", "file"): """Subject: Your micro-credential: $name

Dear $learner,

$institution has awarded you this micro-credential:

    $name
    awarded on $awarded_on

It is attached as a file. Please keep the file: it is the credential itself, and it stays valid without us.
It contains all your data, so pass it on only to people who may see everything. To show only parts of it, or to
prove that it is yours, put it into a wallet: rootseal wallet receive.

@CHECKING@If this mail was not meant for you, please tell us by answering it, and delete the file.

$institution
""",
    ("en", "link"): """Subject: Your micro-credential: $name

Dear $learner,

$institution has awarded you this micro-credential:

    $name
    awarded on $awarded_on

Fetch it here, once, until $claim_expires (your credential itself does not expire on that day):

    $link

Please keep the file: it is the credential itself, and it stays valid without us. Do not pass on the link: whoever
opens it first receives the file with all your data.

@CHECKING@If this mail was not meant for you, please tell us by answering it.

$institution
""",
    ("de", "file"): """Subject: Ihr Microcredential: $name

Guten Tag $learner,

$institution hat Ihnen dieses Microcredential verliehen:

    $name
    verliehen am $awarded_on

Es liegt dieser E-Mail als Datei bei. Bitte bewahren Sie die Datei auf: Sie ist der Nachweis selbst und bleibt auch ohne
uns gültig. Sie enthält alle Ihre Angaben; geben Sie sie nur an Personen weiter, die alles sehen dürfen. Wenn Sie nur
einen Teil zeigen oder belegen wollen, dass der Nachweis Ihnen gehört, nehmen Sie die Datei in eine Wallet auf:
rootseal wallet receive.

@CHECKING@Falls diese E-Mail nicht für Sie bestimmt ist, antworten Sie uns bitte und löschen Sie die Datei.

$institution
""",
    ("de", "link"): """Subject: Ihr Microcredential: $name

Guten Tag $learner,

$institution hat Ihnen dieses Microcredential verliehen:

    $name
    verliehen am $awarded_on

Hier können Sie es einmal abrufen, spätestens am $claim_expires (das Microcredential selbst läuft an diesem Tag
nicht ab):

    $link

Bitte bewahren Sie die Datei auf: Sie ist der Nachweis selbst und bleibt auch ohne uns gültig. Geben Sie den Link nicht
weiter: Wer ihn zuerst öffnet, erhält die Datei mit allen Ihren Angaben.

@CHECKING@Falls diese E-Mail nicht für Sie bestimmt ist, antworten Sie uns bitte.

$institution
""",
    ("sl", "file"): """Subject: Vaše mikrodokazilo: $name

Pozdravljeni, $learner!

Ustanova $institution vam je podelila to mikrodokazilo:

    $name
    datum podelitve: $awarded_on

Priloženo je kot datoteka. Datoteko shranite: ona sama je dokazilo in ostane veljavna tudi brez nas. Vsebuje vse vaše
podatke, zato jo posredujte le osebam, ki smejo videti vse. Če želite pokazati le del podatkov ali dokazati, da je
dokazilo vaše, ga shranite v denarnico: rootseal wallet receive.

@CHECKING@Če to sporočilo ni namenjeno vam, nas o tem obvestite z odgovorom nanj in datoteko izbrišite.

$institution
""",
    ("sl", "link"): """Subject: Vaše mikrodokazilo: $name

Pozdravljeni, $learner!

Ustanova $institution vam je podelila to mikrodokazilo:

    $name
    datum podelitve: $awarded_on

Prevzamete ga lahko enkrat, najpozneje dne $claim_expires (dokazilo samo ta dan ne poteče):

    $link

Datoteko shranite: ona sama je dokazilo in ostane veljavna tudi brez nas. Povezave ne posredujte drugim: kdor jo prvi
odpre, prejme datoteko z vsemi vašimi podatki.

@CHECKING@Če to sporočilo ni namenjeno vam, nas o tem obvestite z odgovorom nanj.

$institution
""",
}
