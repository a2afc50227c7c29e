"""The words of the page `/verify/form` around those of the catalogue, in its languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["NAMES", "TEXTS", "why_not_asked"]

NAMES: Final = {"en": "English", "de": "Deutsch", "sl": "Slovenščina"}
"""Each language in its own words."""

TEXTS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "title": "Check a credential",
        "first": "Check in your browser: the file stays with you",
        "first_hint": "It uploads nothing and needs JavaScript. To see whether a credential still holds, it asks a "
        "node of the chain, and says which before it does. Or send the file to this server, below.",
        "no_script": "This page checks the file inside your browser and needs JavaScript for that. Without "
        "JavaScript, the server of {institution} can check it instead: the file is sent there, checked and forgotten.",
        "no_script_link": "Have it checked by the server",
        "own": "This page is the issuer’s own. It trusts {institution} and nobody else, and you have to trust this "
        "server. The surer way is a copy of your own that asks the chain itself:",
        "own_page": "the page that checks in your browser and uploads nothing",
        "own_program": "or the program, with the command",
        "stored": "What you send is checked and forgotten: nothing of it is kept, not even in a log.",
        "form": "What do you have?",
        "file": "A file",
        "file_hint": "It ends in .credential.json or .presentation.json; at most 1 MiB.",
        "text": "Or the text of such a file",
        "question": "I asked the holder to sign a question",
        "question_hint": "Fill in both, exactly as you gave them to the holder.",
        "audience": "Your name (audience)",
        "nonce": "Your random word (nonce)",
        "check": "Check",
        "problem": "This could not be checked",
        "nothing": "Choose a file, or paste its text, then press Check.",
        "both": "You chose a file and pasted a text. Give one of the two.",
        "half_question": "You filled in one half of the question. Give your name and your random word, or neither.",
        "too_large": "The file is larger than 1 MiB; no credential is. Nothing was checked.",
        "pdf": "A PDF certificate carries the file as an attachment. Save the attachment from your PDF reader and send "
        "that, or check the PDF with the program (rootseal verify).",
        "picture": "This is a picture. If a QR code is in it, read it with the page in your browser; or ask for the "
        "file whose name ends in .presentation.json. Nothing was checked.",
        "zip": "This is a ZIP archive. Unpack it and send the file in it whose name ends in .presentation.json or "
        ".credential.json. Nothing was checked.",
        "code": "This is the text of a QR code. Check it with the page in your browser, or with the program.",
        "busy": "Many files are being checked just now. Try again in a minute.",
        "broken": "The form did not arrive as this page sends it. Open the page again and repeat it.",
        "result": "Result",
        "word_verified": "Verified",
        "word_rejected": "Not accepted",
        "word_undetermined": "Could not be decided",
        "another": "Check another file",
        "fake": "How to recognise a false page",
        "fake_text": "Anybody can build a page that says “Verified”. Look at the address above: it must be one that "
        "you know to be the issuer’s from somewhere else, never from the file or from whoever handed it to you. Never "
        "follow a link on a certificate to check that certificate.",
        "why_chain": "it did not answer this server.",
        "why_elsewhere": "this server asks only about credentials of its own institution.",
        "why_too_many": "the file names more publications than this server looks up; use your own copy.",
    },
    "de": {
        "title": "Einen Nachweis prüfen",
        "first": "Im Browser prüfen: Die Datei bleibt bei Ihnen",
        "first_hint": "Diese Seite lädt nichts hoch und braucht JavaScript. Ob ein Nachweis noch gilt, fragt sie bei "
        "einem Knoten der Blockchain ab, und sie sagt vorher, bei welchem. Oder senden Sie die Datei unten an diesen "
        "Server.",
        "no_script": "Diese Seite prüft die Datei in Ihrem Browser und braucht dafür JavaScript. "
        "Ohne JavaScript kann stattdessen der Server von {institution} prüfen: Die Datei wird dorthin gesendet, "
        "geprüft und vergessen.",
        "no_script_link": "Vom Server prüfen lassen",
        "own": "Diese Seite gehört der ausstellenden Einrichtung selbst. Sie vertraut {institution} und sonst "
        "niemandem, und Sie müssen diesem Server vertrauen. Sicherer ist eine eigene Kopie, die selbst die "
        "Blockchain abfragt:",
        "own_page": "die Seite, die in Ihrem Browser prüft und nichts hochlädt",
        "own_program": "oder das Programm mit dem Befehl",
        "stored": "Was Sie senden, wird geprüft und vergessen: Nichts davon wird aufbewahrt, auch in keinem Protokoll.",
        "form": "Was haben Sie?",
        "file": "Eine Datei",
        "file_hint": "Sie endet auf .credential.json oder .presentation.json; höchstens 1 MiB.",
        "text": "Oder den Text einer solchen Datei",
        "question": "Ich habe die vorlegende Person eine Frage unterzeichnen lassen",
        "question_hint": "Füllen Sie beides genau so aus, wie Sie es der vorlegenden Person gegeben haben.",
        "audience": "Ihr Name (audience)",
        "nonce": "Ihr Zufallswort (nonce)",
        "check": "Prüfen",
        "problem": "Das konnte nicht geprüft werden",
        "nothing": "Wählen Sie eine Datei oder fügen Sie ihren Text ein, dann drücken Sie „Prüfen“.",
        "both": "Sie haben eine Datei gewählt und einen Text eingefügt. Geben Sie eines von beiden an.",
        "half_question": "Die Frage ist nur zur Hälfte ausgefüllt. Geben Sie Ihren Namen und Ihr Zufallswort an, oder "
        "keines von beiden.",
        "too_large": "Die Datei ist größer als 1 MiB; so groß ist kein Nachweis. Es wurde nichts geprüft.",
        "pdf": "Ein PDF-Zertifikat trägt die Datei als Anlage. Speichern Sie die Anlage aus Ihrem PDF-Programm und "
        "senden Sie diese, oder prüfen Sie das PDF mit dem Programm (rootseal verify).",
        "picture": "Das ist ein Bild. Enthält es einen QR-Code, lesen Sie ihn mit der Seite in Ihrem Browser; oder "
        "bitten Sie um die Datei, deren Name auf .presentation.json endet. Es wurde nichts geprüft.",
        "zip": "Das ist ein ZIP-Archiv. Entpacken Sie es und senden Sie daraus die Datei, deren Name auf "
        ".presentation.json oder .credential.json endet. Es wurde nichts geprüft.",
        "code": "Das ist der Text eines QR-Codes. Prüfen Sie ihn mit der Seite in Ihrem Browser oder mit dem Programm.",
        "busy": "Gerade werden viele Dateien geprüft. Versuchen Sie es in einer Minute noch einmal.",
        "broken": "Das Formular kam nicht so an, wie diese Seite es sendet. Öffnen Sie die Seite neu und wiederholen "
        "Sie es.",
        "result": "Ergebnis",
        "word_verified": "Bestätigt",
        "word_rejected": "Nicht akzeptiert",
        "word_undetermined": "Nicht entschieden",
        "another": "Eine andere Datei prüfen",
        "fake": "Woran Sie eine gefälschte Seite erkennen",
        "fake_text": "Jeder kann eine Seite bauen, auf der „Bestätigt“ steht. Sehen Sie auf die Adresse oben: Sie "
        "müssen sie aus anderer Quelle als die der Einrichtung kennen, nie aus der Datei und nie von der Person, die "
        "sie Ihnen gab. Folgen Sie nie einem Link auf einem Zertifikat, um dieses Zertifikat zu prüfen.",
        "why_chain": "Die Blockchain hat diesem Server nicht geantwortet.",
        "why_elsewhere": "Dieser Server fragt nur nach Nachweisen der eigenen Einrichtung.",
        "why_too_many": "Die Datei nennt mehr Veröffentlichungen, als dieser Server nachschlägt; verwenden Sie Ihre "
        "eigene Kopie.",
    },
    "sl": {
        "title": "Preverjanje dokazila",
        "first": "Preverite v brskalniku: datoteka ostane pri vas",
        "first_hint": "Ta stran ničesar ne naloži na strežnik in potrebuje JavaScript. Ali dokazilo še velja, preveri "
        "pri vozlišču verige blokov in prej pove, pri katerem. Ali pa datoteko spodaj pošljite temu strežniku.",
        "no_script": "Ta stran preverja datoteko v vašem brskalniku in za to potrebuje JavaScript. Brez "
        "JavaScripta jo lahko namesto tega preveri strežnik ustanove {institution}: datoteka se pošlje tja, preveri "
        "in ne shrani.",
        "no_script_link": "Naj preveri strežnik",
        "own": "Ta stran je izdajateljeva. Zaupa ustanovi {institution} in nikomur drugemu, vi pa morate zaupati temu "
        "strežniku. Zanesljivejša je vaša lastna kopija, ki poizvedbo v verigi blokov opravi sama:",
        "own_page": "stran, ki preverja v vašem brskalniku in ničesar ne naloži na strežnik",
        "own_program": "ali program z ukazom",
        "stored": "Kar pošljete, se le preveri: nič od tega se ne shrani, niti v dnevnik strežnika.",
        "form": "Kaj imate?",
        "file": "Datoteko",
        "file_hint": "Ime se konča z .credential.json ali .presentation.json; največ 1 MiB.",
        "text": "Ali besedilo take datoteke",
        "question": "Imetnik je na mojo zahtevo podpisal vprašanje",
        "question_hint": "Izpolnite oboje, natanko tako, kot ste navedli imetniku.",
        "audience": "Vaše ime (audience)",
        "nonce": "Vaša naključna beseda (nonce)",
        "check": "Preveri",
        "problem": "Tega ni bilo mogoče preveriti",
        "nothing": "Izberite datoteko ali prilepite njeno besedilo in pritisnite »Preveri«.",
        "both": "Izbrali ste datoteko in prilepili besedilo. Navedite eno od obojega.",
        "half_question": "Izpolnili ste le polovico vprašanja. Navedite svoje ime in naključno besedo ali pa nič od "
        "tega.",
        "too_large": "Datoteka je večja od 1 MiB; tako veliko ni nobeno dokazilo. Nič ni bilo preverjeno.",
        "pdf": "Potrdilo PDF nosi datoteko kot prilogo. Shranite prilogo iz bralnika PDF in pošljite njo ali preverite "
        "PDF s programom (rootseal verify).",
        "picture": "To je slika. Če je na njej koda QR, jo preberite s stranjo v brskalniku ali prosite za datoteko, "
        "katere ime se konča z .presentation.json. Nič ni bilo preverjeno.",
        "zip": "To je arhiv ZIP. Razpakirajte ga in pošljite datoteko iz njega, katere ime se konča z "
        ".presentation.json ali .credential.json. Nič ni bilo preverjeno.",
        "code": "To je besedilo kode QR. Preverite ga s stranjo v brskalniku ali s programom.",
        "busy": "Trenutno se preverja veliko datotek. Poskusite znova čez minuto.",
        "broken": "Obrazec ni prispel tak, kot ga pošlje ta stran. Znova odprite stran in poskusite še enkrat.",
        "result": "Izid",
        "word_verified": "Potrjeno",
        "word_rejected": "Ni sprejeto",
        "word_undetermined": "Ni bilo mogoče odločiti",
        "another": "Preveri drugo datoteko",
        "fake": "Kako prepoznati lažno stran",
        "fake_text": "Vsakdo lahko naredi stran, na kateri piše »Potrjeno«. Poglejte naslov zgoraj: poznati ga morate "
        "kot izdajateljevega od drugod, nikoli iz datoteke ali od tistega, ki vam jo je dal. Nikoli ne sledite "
        "povezavi na potrdilu, da bi preverili to potrdilo.",
        "why_chain": "veriga blokov temu strežniku ni odgovorila.",
        "why_elsewhere": "ta strežnik sprašuje le o dokazilih svoje ustanove.",
        "why_too_many": "datoteka navaja več objav, kot jih ta strežnik poišče; uporabite svojo kopijo.",
    },
}
"""Language → key → text. All languages have the same keys."""


def why_not_asked(why: str, language: str) -> str:
    """The sentence for `chain`, `elsewhere` or `too_many` of `node.verifying.judging`."""
    return TEXTS[language][f"why_{why}"]
