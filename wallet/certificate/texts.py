"""The certificate's own words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["TEXTS"]

TEXTS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "kind": "Micro-credential",
        "awarded": "awarded to",
        "nobody": "a person whose name is not shown",
        "by": "by",
        "outcomes": "Learning outcomes",
        "test": "TEST: made on a test ledger. It is worth nothing.",
        "check": "How to check it",
        "paper": "This paper proves nothing by itself: anybody can print one. What can be checked is the file that "
        "this PDF carries and the codes below repeat.",
        "how": "With your own copy of a Rootseal verifier: rootseal verify certificate.pdf, or read all codes with "
        "the camera of its page. Never use a verifier that a link in this document, or the person who hands "
        "it to you, leads to.",
        "complete": "The codes and the attached file disclose everything that was issued, the seed included. Hand it "
        "only to whom you trust with all of it.",
        "codes": "Codes: read all of them, in any order",
        "place": "Place in the log",
        "entry": "Entry",
        "attachment": "The credential itself, to be checked with a Rootseal verifier",
    },
    "de": {
        "kind": "Microcredential",
        "awarded": "verliehen an",
        "nobody": "eine Person, deren Name nicht gezeigt wird",
        "by": "von",
        "outcomes": "Lernergebnisse",
        "test": "TEST: in einem Testregister erstellt. Ohne jeden Wert.",
        "check": "So prüfen Sie den Nachweis",
        "paper": "Dieses Papier beweist für sich allein nichts: Jeder kann so etwas drucken. Prüfen lässt sich die "
        "Datei, die dieses PDF enthält und die die Codes unten wiederholen.",
        "how": "Mit Ihrer eigenen Kopie eines Rootseal-Prüfprogramms: rootseal verify certificate.pdf, oder lesen Sie "
        "alle Codes mit der Kamera auf dessen Prüfseite ein. Verwenden Sie nie ein Prüfprogramm, zu dem Sie "
        "ein Link in diesem Dokument oder die Person führt, die es Ihnen übergibt.",
        "complete": "Die Codes und die angehängte Datei legen alles offen, was ausgestellt wurde, auch den Startwert "
        "(seed). Geben Sie sie nur weiter, wenn Sie der anderen Person all das anvertrauen.",
        "codes": "Codes: alle einlesen, in beliebiger Reihenfolge",
        "place": "Stelle im Verzeichnis",
        "entry": "Eintrag",
        "attachment": "Der Nachweis selbst, mit einem Rootseal-Prüfprogramm zu prüfen",
    },
    "sl": {
        "kind": "Mikrodokazilo",
        "awarded": "podeljeno osebi",
        "nobody": "(ime ni prikazano)",
        "by": "podelila ustanova",
        "outcomes": "Učni izidi",
        "test": "TEST: izdelano v preskusnem registru. Nima nobene vrednosti.",
        "check": "Kako ga preverite",
        "paper": "Ta list sam po sebi ničesar ne dokazuje: natisne ga lahko kdorkoli. Preveriti je mogoče datoteko, "
        "ki jo vsebuje ta PDF in jo ponavljajo spodnje kode.",
        "how": "Z lastno kopijo preverjevalnika Rootseal: rootseal verify certificate.pdf, ali pa preberite vse "
        "kode s kamero na njegovi strani. Nikoli ne uporabite preverjevalnika, do katerega vas vodi povezava v "
        "tem dokumentu ali oseba, ki vam ta dokument izroči.",
        "complete": "Kode in priložena datoteka razkrijejo vse, kar je bilo izdano, tudi seme (seed). Izročite jih le "
        "tistemu, ki mu vse to zaupate.",
        "codes": "Kode: preberite vse, v poljubnem vrstnem redu",
        "place": "Mesto v dnevniku",
        "entry": "Vpis",
        "attachment": "Samo dokazilo, za preverjanje s preverjevalnikom Rootseal",
    },
}
