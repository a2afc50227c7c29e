"""The page behind a claim link: plain HTML, one script, one style sheet, all from here.

It asks before it fetches, so that a mail scanner that opens the link does not use it up.
"""

from __future__ import annotations

from html import escape
from importlib.resources import files
from string import Template
from typing import Final

__all__ = ["POLICY", "claim_page", "page_file"]

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""The page's Content-Security-Policy."""

_TEXTS: Final[dict[str, dict[str, str]]] = {
    "en": {
        "title": "Fetch your credential",
        "introduction": "The file holds all your data. Use a device of your own, and keep the file: it stays valid "
        "without us. This link works once.",
        "button": "Get my credential",
        "noscript": "This page needs JavaScript. Without it, use the link with the command",
        "working": "One moment …",
        "done": "Your credential is saved in your downloads. If it is not there, press the button again within ten "
        "minutes.",
        "several": "Your credential comes in several copies that say the same, one file each. All of them are saved in "
        "your downloads; if one is missing, save it here. Put all of them into a wallet and show each employer a part "
        "of another one (rootseal wallet present … --for WHO). Handed on whole, they show everybody that it is the "
        "same learner.",
        "copy": "Copy",
        "incomplete": "The link is incomplete. Copy it whole from the mail.",
        "unknown": "This link is not known here. Was it copied whole? Ask the office that awarded your credential for "
        "a new one.",
        "used": "This link was used already. Ask the office that awarded your credential for a new one.",
        "expired": "This link has expired; your credential has not. Ask the office that awarded it for a new link.",
        "gone": "This credential is not handed out any more. Ask the office that awarded it.",
        "busy": "Many people are asking just now. Try again in a minute.",
        "trouble": "That did not work. Try again in a minute; your link is still good.",
    },
    "de": {
        "title": "Ihren Nachweis abrufen",
        "introduction": "Die Datei enthält alle Ihre Angaben. Verwenden Sie ein eigenes Gerät und bewahren Sie die "
        "Datei auf: Sie bleibt auch ohne uns gültig. Dieser Link funktioniert nur einmal.",
        "button": "Nachweis abrufen",
        "noscript": "Diese Seite benötigt JavaScript. Ohne JavaScript verwenden Sie den Link mit dem Befehl",
        "working": "Einen Moment …",
        "done": "Ihr Nachweis liegt bei Ihren Downloads. Falls nicht, drücken Sie die Schaltfläche innerhalb "
        "von zehn Minuten noch einmal.",
        "several": "Ihr Nachweis liegt in mehreren gleichlautenden Ausfertigungen vor, jede als eigene Datei. Alle "
        "liegen bei Ihren Downloads; falls eine fehlt, speichern Sie sie hier. Nehmen Sie alle in eine Wallet auf und "
        "zeigen Sie jeder Stelle einen Teil einer anderen Ausfertigung (rootseal wallet present … --for NAME). Ganz "
        "weitergegeben, zeigen sie jedem, dass es dieselbe Person ist.",
        "copy": "Ausfertigung",
        "incomplete": "Der Link ist unvollständig. Bitte kopieren Sie ihn ganz aus der E-Mail.",
        "unknown": "Dieser Link ist hier nicht bekannt. Haben Sie ihn ganz kopiert? Bitten Sie die ausstellende Stelle "
        "um einen neuen Link.",
        "used": "Dieser Link wurde bereits verwendet. Bitten Sie die ausstellende Stelle um einen neuen Link.",
        "expired": "Dieser Link ist abgelaufen, Ihr Nachweis nicht. Bitten Sie die ausstellende Stelle um einen "
        "neuen Link.",
        "gone": "Dieser Nachweis wird nicht mehr ausgegeben. Bitte wenden Sie sich an die ausstellende Stelle.",
        "busy": "Gerade rufen viele Personen ab. Bitte versuchen Sie es in einer Minute noch einmal.",
        "trouble": "Das hat nicht funktioniert. Bitte versuchen Sie es in einer Minute noch einmal; Ihr Link "
        "gilt weiter.",
    },
    "sl": {
        "title": "Prevzem dokazila",
        "introduction": "Datoteka vsebuje vse vaše podatke. Uporabite svojo napravo in datoteko shranite: veljavna "
        "ostane tudi brez nas. Povezavo lahko uporabite le enkrat.",
        "button": "Prevzemi dokazilo",
        "noscript": "Ta stran potrebuje JavaScript. Brez njega uporabite povezavo z ukazom",
        "working": "Trenutek …",
        "done": "Dokazilo je med vašimi prenosi. Če ga ni, v desetih minutah znova pritisnite gumb.",
        "several": "Dokazilo je na voljo v več izvodih z enako vsebino, vsak v svoji datoteki. Vsi so med vašimi "
        "prenosi; če kateri manjka, ga shranite tukaj. Shranite vse v denarnico in vsakemu delodajalcu pokažite "
        "del drugega izvoda (rootseal wallet present … --for IME). Če jih posredujete cele, vsakomur pokažejo, da gre "
        "za isto osebo.",
        "copy": "Izvod",
        "incomplete": "Povezava ni popolna. Prekopirajte jo v celoti iz e-poštnega sporočila.",
        "unknown": "Te povezave ne poznamo. Ali ste jo prekopirali v celoti? Za novo povezavo prosite izdajatelja "
        "dokazila.",
        "used": "Ta povezava je že bila uporabljena. Za novo prosite izdajatelja dokazila.",
        "expired": "Povezava je potekla, vaše dokazilo pa ne. Za novo povezavo prosite izdajatelja dokazila.",
        "gone": "Tega dokazila ne izročamo več. Obrnite se na izdajatelja dokazila.",
        "busy": "Trenutno je zahtev veliko. Poskusite znova čez minuto.",
        "trouble": "Prevzem ni uspel. Poskusite znova čez minuto; vaša povezava še velja.",
    },
}
_REHEARSAL: Final = {
    "en": "TEST: this comes from a test ledger, on which anybody can issue anything. It is worth nothing.",
    "de": "TEST: Dies stammt aus einem Testregister, in dem jeder alles ausstellen kann. Es ist ohne jeden Wert.",
    "sl": "TEST: to je iz preskusnega registra, v katerem lahko kdorkoli izda karkoli. Nima nobene vrednosti.",
}
_VISIBLE: Final = frozenset({"title", "introduction", "button", "noscript"})


def claim_page(language: str, institution: str, *, test: bool = False) -> str:
    """The page in `language` (en, de or sl). `test`: the node rehearses, and the page says so. Raises `KeyError`."""
    texts = _TEXTS[language]
    data = " ".join(f'data-{name}="{escape(text)}"' for name, text in texts.items() if name not in _VISIBLE)
    shown = {name: escape(texts[name]) for name in _VISIBLE}
    page = Template(page_file("claim.html"))
    notice = f'<p class="test">{escape(_REHEARSAL[language])}</p>' if test else ""
    mark = "TEST: " if test else ""
    return page.substitute(
        language=language, institution=escape(institution), data=data, notice=notice, mark=mark, **shown
    )


def page_file(name: str) -> str:
    """One of the files beside the page."""
    return (files("node.delivery") / "pages" / name).read_text(encoding="utf-8")
