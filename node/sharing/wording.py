"""The words of the page behind a link. A link that has ended says nothing about the credential: every text keeps
the two apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["SHARED_TEXTS"]

SHARED_TEXTS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "title": "A credential was shared with you",
        "introduction": "It is opened in your browser, with the key that stands in the link. This server keeps it "
        "locked and cannot read it; nor can it tell you whether it is genuine: check that yourself.",
        "open": "Open",
        "save": "Save the file",
        "check": "Check it in this browser",
        "noscript": "This page needs JavaScript: the file is unlocked in your browser.",
        "working": "One moment …",
        "done": "Unlocked. Save the file, or check it: nothing is uploaded.",
        "incomplete": "The link is incomplete. Copy it whole.",
        "ended": "This link has ended, or was never here. That says nothing about the credential, which may well be "
        "valid: ask whoever sent you the link for a new one.",
        "wrong": "The link does not open this file: it was altered, or not copied whole.",
        "trouble": "That did not work. Try again in a minute.",
    },
    "de": {
        "title": "Ein Microcredential wurde mit Ihnen geteilt",
        "introduction": "Es wird in Ihrem Browser geöffnet, mit dem Schlüssel, der im Link steht. Dieser Server "
        "bewahrt es verschlossen auf und kann es nicht lesen; er kann auch nicht sagen, ob es echt ist: Prüfen Sie es "
        "selbst.",
        "open": "Öffnen",
        "save": "Datei speichern",
        "check": "In diesem Browser prüfen",
        "noscript": "Diese Seite benötigt JavaScript: Die Datei wird in Ihrem Browser aufgeschlossen.",
        "working": "Einen Moment …",
        "done": "Aufgeschlossen. Speichern Sie die Datei, oder prüfen Sie sie: Es wird nichts hochgeladen.",
        "incomplete": "Der Link ist unvollständig. Kopieren Sie ihn ganz.",
        "ended": "Dieser Link ist abgelaufen, oder es gab ihn hier nie. Über das Microcredential sagt das nichts, es "
        "kann durchaus gültig sein: Bitten Sie die Person, die Ihnen den Link sandte, um einen neuen.",
        "wrong": "Der Link öffnet diese Datei nicht: Er wurde verändert oder nicht ganz kopiert.",
        "trouble": "Das hat nicht funktioniert. Versuchen Sie es in einer Minute noch einmal.",
    },
    "sl": {
        "title": "Nekdo je z vami delil dokazilo",
        "introduction": "Odpre se v vašem brskalniku s ključem, ki je v povezavi. Ta strežnik ga hrani zaklenjenega in "
        "ga ne more prebrati; prav tako ne ve, ali je pristno: to preverite sami.",
        "open": "Odpri",
        "save": "Shrani datoteko",
        "check": "Preveri v tem brskalniku",
        "noscript": "Ta stran potrebuje JavaScript: datoteka se odklene v vašem brskalniku.",
        "working": "Trenutek …",
        "done": "Odklenjeno. Shranite datoteko ali jo preverite: nič se ne naloži na strežnik.",
        "incomplete": "Povezava ni popolna. Prekopirajte jo v celoti.",
        "ended": "Povezava je potekla ali je tu nikoli ni bilo. O dokazilu to ne pove ničesar, lahko je povsem "
        "veljavno: prosite tistega, ki vam je poslal povezavo, za novo.",
        "wrong": "Povezava te datoteke ne odpre: bila je spremenjena ali ni prekopirana v celoti.",
        "trouble": "Ni uspelo. Poskusite znova čez minuto.",
    },
}
"""Language → key → text."""
