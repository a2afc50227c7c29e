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
        "locked and cannot read it. That it opens does not mean that it is genuine.",
        "open": "Open",
        "save": "Save the file",
        "check": "Go to this server’s checking page",
        "advice": "Now check it. This page came by the same link as the file, so it proves nothing: save the file, and "
        "give it to a checking page or program that you have from elsewhere. Only if you knew the address above from "
        "elsewhere as the institution’s own, go to the checking page here: the text is filled in there, it stays in "
        "your browser, and nobody is asked before you press “Check this text”.",
        "blocked": "Your browser did not let the page open. Save the file, and give it to a checking page.",
        "noscript": "This page needs JavaScript: the file is unlocked in your browser.",
        "working": "One moment …",
        "done": "Unlocked, in your browser: nothing is uploaded.",
        "incomplete": "The link is incomplete. Copy it whole.",
        "ended": "This link has ended, or was never here. That says nothing about the credential, which may well be "
        "valid: ask whoever sent you the link for a new one.",
        "wrong": "The link does not open this file: it was altered, or not copied whole.",
        "trouble": "That did not work. Try again in a minute.",
    },
    "de": {
        "title": "Ein Nachweis wurde mit Ihnen geteilt",
        "introduction": "Die Datei wird in Ihrem Browser geöffnet, mit dem Schlüssel, der im Link steht. Dieser "
        "Server bewahrt sie verschlossen auf und kann sie nicht lesen. Dass sie sich öffnen lässt, heißt nicht, dass "
        "der Nachweis echt ist.",
        "open": "Öffnen",
        "save": "Datei speichern",
        "check": "Zur Prüfseite dieses Servers",
        "advice": "Prüfen Sie ihn nun. Diese Seite kam mit demselben Link wie die Datei und beweist daher nichts: "
        "Speichern Sie die Datei und prüfen Sie sie mit einer Prüfseite oder einem Programm aus anderer Quelle. Nur "
        "wenn Sie die Adresse oben schon aus anderer Quelle als die der Einrichtung kannten, gehen Sie zur Prüfseite "
        "hier: Der Text ist dort schon eingesetzt, er bleibt in Ihrem Browser, und nichts wird abgefragt, bevor Sie "
        "„Diesen Text prüfen“ drücken.",
        "blocked": "Ihr Browser hat das Öffnen der Prüfseite nicht zugelassen. Speichern Sie die Datei und prüfen Sie "
        "sie mit einer Prüfseite.",
        "noscript": "Diese Seite benötigt JavaScript: Die Datei wird in Ihrem Browser entschlüsselt.",
        "working": "Einen Moment …",
        "done": "In Ihrem Browser entschlüsselt: Es wird nichts hochgeladen.",
        "incomplete": "Der Link ist unvollständig. Kopieren Sie ihn ganz.",
        "ended": "Dieser Link gilt nicht mehr, oder es gab ihn hier nie. Über den Nachweis sagt das nichts; er kann "
        "durchaus gültig sein: Bitten Sie die Person, die Ihnen den Link gesendet hat, um einen neuen.",
        "wrong": "Der Link öffnet diese Datei nicht: Er wurde verändert oder nicht ganz kopiert.",
        "trouble": "Das hat nicht funktioniert. Versuchen Sie es in einer Minute noch einmal.",
    },
    "sl": {
        "title": "Nekdo je z vami delil dokazilo",
        "introduction": "Datoteka se odpre v vašem brskalniku s ključem, ki je v povezavi. Ta strežnik jo hrani "
        "zaklenjeno in je ne more prebrati. Da se odpre, še ne pomeni, da je dokazilo pristno.",
        "open": "Odpri",
        "save": "Shrani datoteko",
        "check": "Na stran za preverjanje na tem strežniku",
        "advice": "Zdaj ga preverite. Ta stran je prišla z isto povezavo kot datoteka in zato ničesar ne dokazuje: "
        "shranite datoteko in jo preverite na strani za preverjanje ali s programom, ki ga imate od drugod. Le če ste "
        "naslov zgoraj že od drugod poznali kot naslov ustanove, pojdite na stran za preverjanje tukaj: besedilo je "
        "tam že vneseno, ostane v vašem brskalniku in poizvedbe ni, dokler ne pritisnete »Preveri to besedilo«.",
        "blocked": "Brskalnik ni dovolil odpreti strani za preverjanje. Shranite datoteko in jo preverite na taki "
        "strani.",
        "noscript": "Ta stran potrebuje JavaScript: datoteka se odklene v vašem brskalniku.",
        "working": "Trenutek …",
        "done": "Odklenjeno v vašem brskalniku: nič se ne naloži na strežnik.",
        "incomplete": "Povezava ni popolna. Prekopirajte jo v celoti.",
        "ended": "Povezava ne velja več ali pa je tu nikoli ni bilo. O dokazilu to ne pove ničesar; lahko je povsem "
        "veljavno: za novo povezavo prosite tistega, ki vam jo je poslal.",
        "wrong": "Povezava te datoteke ne odpre: bila je spremenjena ali pa ni prekopirana v celoti.",
        "trouble": "Ni uspelo. Poskusite znova čez minuto.",
    },
}
"""Language → key → text."""
