"""Slovene."""

from __future__ import annotations

__all__ = ["TEXTS"]

_UNREAD = "Ni preverjeno, ker datoteke ni bilo mogoče prebrati."
_ALTERED = "Ni preverjeno, ker prikazano ni enako vpisanemu."

TEXTS: dict[str, str] = {
    # ------------------------------------------------------------------------------------------------ the checks
    "format.ok": "Datoteka je pravilno zapisana.",
    "format.malformed": "Datoteka ni dokazilo ali predložitev sistema Rootseal (tehnični podatek: {problem}).",
    "integrity.ok": "Deli datoteke se ujemajo.",
    "integrity.document": "V dokumentu manjka podatek, ki ga vsebuje vsako dokazilo: {problem}.",
    "integrity.dates": "Prikazani datumi se razlikujejo od zavezujoče določenih.",
    "integrity.credits": "Prikazane kreditne točke se razlikujejo od zavezujoče določenih.",
    "integrity.unchecked": _UNREAD,
    "inclusion.ok": "Prikazano je natanko to, kar je izdajatelj vpisal v svoj dnevnik.",
    "inclusion.mismatch":
        "Prikazano ni to, kar je izdajatelj vpisal v svoj dnevnik: bilo je spremenjeno ali spada na drugo mesto.",
    "inclusion.index": "Datoteka navaja mesto {index} v dnevniku, katerega število vpisov je le {size}.",
    "inclusion.none": "Datoteka ne vsebuje ne zaveze ne objave, zato je ni s čim primerjati.",
    "inclusion.unchecked": _UNREAD,
    "anchor.ok": "Dnevnik je bil dne {date} objavljen v verigi blokov (objava {sequence}).",
    "anchor.block_hash": "Dnevnik je bil dne {date} objavljen v bloku, ki ste ga navedli (objava {sequence}).",
    "anchor.pending":
        "Še ni objavljeno v verigi blokov. Izdajatelj se je zavezal, da bo objavil do {date}. Po tem datumu preverite "
        "znova.",
    "anchor.overdue":
        "Objava v verigi blokov ni izkazana, čeprav se je izdajatelj zavezal, da bo objavil do {date}. Obrnite se na "
        "izdajatelja; objavo morda najde ukaz `rootseal update`.",
    "anchor.not_final": "Blok, ki ga navaja datoteka, še ni dokončen. Preverite znova pozneje.",
    "anchor.none": "Datoteka ne navaja nobene objave svojega izdajatelja v verigi blokov.",
    "anchor.introducing": "Datoteka navaja poznejšo objavo, ne pa tiste, v kateri se je dokazilo prvič pojavilo.",
    "anchor.unreachable": "V verigi blokov ni bilo mogoče preveriti: {problem}",
    "anchor.absent": "V registru te objave ni, čeprav je veriga že mimo bloka, ki ga navaja datoteka.",
    "anchor.moved": "Register vsebuje to objavo, vendar v drugem bloku ali ob drugem času, kot navaja datoteka.",
    "anchor.evidence": "Dokaz iz verige blokov v datoteki se ne ujema (tehnični podatek: {problem}).",
    "anchor.promise": "Zaveza v datoteki ni podpisana s ključem tega izdajatelja.",
    "anchor.equivocation": "Izdajatelj je podpisal eno stanje svojega dnevnika, objavil pa drugo enake velikosti.",
    "anchor.unchecked": _ALTERED,
    "issuer.pinned": "Izdajatelj je {name}; temu izdajatelju zaupate.",
    "issuer.accredited": "Izdajatelj je {name}; ob izdaji je bil akreditiran (podelitelj akreditacije: {accreditor}).",
    "issuer.accredited:scope":
        "Izdajatelj je {name}; ob izdaji je bil akreditiran (podelitelj akreditacije: {accreditor}; navedeni obseg: "
        "{scope}).",
    "issuer.no_policy": "Niste še določili, komu zaupate, zato o izdajatelju ni nič znanega.",
    "issuer.untrusted":
        "Izdajatelj se predstavlja kot {name}. Zanj ne jamčite ne vi ne kdo, ki mu zaupate, zato to kaže le, kako se "
        "sam predstavlja.",
    "issuer.unreachable": "V registru izdajateljev ni bilo mogoče preveriti: {problem}",
    "issuer.unanchored": "Kdo je izdajatelj, pove objava v verigi blokov, ta pa ni izkazana.",
    "issuer.document_missing": "Datoteka še ne vsebuje izdajateljevega opisa; doda ga ukaz `rootseal update`.",
    "issuer.document": "Izdajateljev opis v datoteki ni tisti, ki je bil ob izdaji vpisan v register.",
    "issuer.lapsed": "Izdajatelj je bil ob izdaji akreditiran, zdaj pa ni več; vi zahtevate oboje.",
    "issuer.compromised": "Objavljeno je bilo s ključem, ki ga je izdajatelj za ta čas prijavil kot ukradenega.",
    "issuer.mismatch": "Dokument navaja drugega izdajatelja, kot je tisti, v čigar dnevniku je.",
    "issuer.unchecked": _ALTERED,
    "status.ok": "Ni preklicano in ni začasno odvzeto (stanje na dan {date}).",
    "status.revoked": "Izdajatelj je dokazilo preklical (stanje na dan {date}).",
    "status.suspended": "Izdajatelj je veljavnost dokazila začasno odvzel (stanje na dan {date}).",
    "status.stale": "Zadnje znano stanje je z dne {date}, kar je starejše, kot dopuščate.",
    "status.unreachable": "Ni znano, ali je bilo dokazilo preklicano: {problem}",
    "status.unanchored": "Stanje v verigi blokov tega dokazila še ne zajema.",
    "status.unchecked": _ALTERED,
    "validity.ok": "Veljavno na dan {date}.",
    "validity.ok:until": "Veljavno na dan {date}, do {until}.",
    "validity.expired": "Veljavnost je potekla dne {date}.",
    "validity.not_yet": "Veljavno šele od {date}.",
    "validity.unchecked": _UNREAD,
    "holder.ok":
        "Oseba, ki je dokazilo predložila, ima ključ, na katerega je bilo izdano, in je odgovorila na vaše vprašanje.",
    "holder.absent": "Od nikogar ni bilo zahtevano, naj izkaže, da je dokazilo njegovo.",
    "holder.unasked":
        "Datoteka vsebuje odgovor na neko vprašanje; brez naslovnika in enkratne vrednosti vašega vprašanja ne "
        "dokazuje "
        "ničesar.",
    "holder.hidden": "Ni prikazano, komu je bilo dokazilo izdano, zato ni bilo mogoče preveriti, čigavo je.",
    "holder.none": "Dokazilo ni bilo izdano na noben ključ, zato podpis ne more izkazati, čigavo je.",
    "holder.contract":
        "Odgovor ni podpisan z lastnim ključem; ali za naslovom stoji pogodbena denarnica, ni bilo mogoče preveriti: "
        "{problem}",
    "holder.signature": "Odgovor ni podpisan s ključem, na katerega je bilo dokazilo izdano.",
    "holder.audience": "Odgovor je bil namenjen nekomu drugemu.",
    "holder.nonce": "Odgovor se nanaša na drugo vprašanje.",
    "holder.expired": "Odgovor je potekel dne {date}.",
    "holder.not_yet": "Odgovor ima datum v prihodnosti, {date}.",
    "holder.unchecked": _UNREAD,
    # --------------------------------------------------------------------------------- statements beside the checks
    "note.lapsed": "Akreditacija (podelitelj: {accreditor}) je prenehala dne {date}, po izdaji dokazila.",
    "note.late": "Izdajatelj je objavil dne {date}, pozneje od roka {promised}, h kateremu se je zavezal.",
    "at.status_clear": "Na dan {date} dokazilo ni bilo preklicano in ne začasno odvzeto.",
    "at.status_revoked": "Na dan {date} je bilo dokazilo preklicano.",
    "at.status_suspended": "Na dan {date} je bila veljavnost dokazila začasno odvzeta.",
    "at.status_unknown": "Stanje na dan {date} ni znano: {problem}",
    "at.unpublished":
        "Na dan {date} dokazilo še ni bilo objavljeno v verigi blokov; objavljeno je bilo dne {published}.",
    "at.accredited":
        "Na dan {date} je bil opis, na podlagi katerega je bilo dokazilo izdano, akreditiran (podelitelj "
        "akreditacije: {accreditor}).",
    "at.not_accredited":
        "Na dan {date} opisa, na podlagi katerega je bilo dokazilo izdano, ni akreditiral nihče, ki mu zaupate.",
    "at.document_same": "Na dan {date} je veljal izdajateljev opis, na podlagi katerega je bilo dokazilo izdano.",
    "at.document_other":
        "Na dan {date} je veljal drug izdajateljev opis kot tisti, na podlagi katerega je bilo dokazilo izdano.",
    "at.document_none": "Na dan {date} ni veljal noben izdajateljev opis.",
    "at.key_active": "Na dan {date} je bil ključ, s katerim je bilo objavljeno, v uporabi.",
    "at.key_absent": "Na dan {date} ključ, s katerim je bilo objavljeno, še ni bil dodan.",
    "at.key_retired": "Na dan {date} je bil ključ, s katerim je bilo objavljeno, že umaknjen.",
    "at.key_compromised":
        "Izdajatelj je ključ, s katerim je bilo objavljeno, prijavil kot ukradenega od {since}; objavljeno je bilo "
        "pred tem.",
    # -------------------------------------------------------------------------------- what a {problem} may be
    "problem.not_given": "povezava ni bila navedena.",
    "problem.not_asked": "po tej objavi ni bilo vprašano.",
    "problem.no_map": "seznama stanj v registru ni bilo mogoče prebrati.",
    "problem.no_key": "ključ, s katerim je bilo objavljeno, ni znan.",
    "problem.no_answer": "odgovora ni bilo.",
    "problem.wallet_not_asked": "poizvedbe v verigi blokov ni bilo.",
    "problem.offline": "zahtevali ste preverjanje brez povezave (--offline).",
    "problem.no_policy": "niste še določili, komu zaupate (glejte: rootseal trust), zato poizvedbe ni bilo.",
    "problem.unlisted": "na vašem seznamu zaupanja ni tega registra, zato poizvedbe ni bilo.",
    "problem.no_rpc": "povezava ni bila navedena; uporabite --rpc ali jo dodajte z `rootseal trust add`.",
    "problem.no_events": "dogodki registra niso bili na voljo.",
    "problem.events_differ": "razpoložljivi dogodki ne vodijo do stanja, ki ga ima register.",
    "problem.too_new": "ta čas je poznejši od najnovejših podatkov.",
    "problem.snapshot_hash": "bloka posnetka stanja niste navedli kot bloka, ki ga poznate (--block-hash).",
    "problem.snapshot_other": "posnetek stanja se nanaša na drugega izdajatelja.",
    "problem.snapshot_proof": "dokazi v posnetku stanja ne izkazujejo tega, kar navaja.",
    "problem.snapshot_code": "posnetek stanja se nanaša na drugo pogodbo, kot je tista, ki ji zaupate.",
    # ----------------------------------------------------------------------------------------- the words around
    "verdict.genuine": "Pristno. {reason}",
    "verdict.genuine_but": "Pristno, vendar: {reason}",
    "verdict.rejected": "Ni sprejeto: {reason}",
    "verdict.undetermined": "Ni mogoče odločiti: {reason}",
    "verdict.test": "TEST. {sentence}",
    "report.test":
        "TEST: to je iz preskusnega registra, v katerem lahko kdorkoli izda karkoli. Drugje nima nobene vrednosti.",
    "report.limits_heading": "Česa pozitiven izid ne dokazuje",
    "report.limits":
        "Pozitiven izid kaže, kaj je bilo izdano, kdo je to izdal in od kdaj najpozneje obstaja. Ne kaže, da je oseba "
        "pred vami tista, ki se je učila, razen če je uspelo preverjanje 8, ne, kako dober je bil program, in ničesar, "
        "kar je skrito.",
    "report.checks": "Preverjanja",
    "report.issued": "Kaj je bilo izdano",
    "report.claimed": "Kaj navaja datoteka (nepotrjeno, glejte preverjanja)",
    "report.number": "Dokazilo {number} od {count}",
    "report.as_of": "Stanje",
    "report.note": "Opomba: {sentence}",
    "report.complete":
        "Opomba: to je imetnikova celotna datoteka, ki kaže vse. Zadostovala bi predložitev, narejena iz nje; s to "
        "datoteko ravnajte skrbno.",
    "report.balance": "Izkazano: {shown}. Ni znano: {unknown}.",
    "report.nothing": "nič",
    "report.checked_on": "Preverjeno dne {date}.",
    "report.no_chain": "Poizvedbe v verigi blokov ni bilo: nič od tega ne pove, kaj velja danes.",
    "report.chain_state": "Stanje verige blokov: {date} ({age}).",
    "report.chain": "Veriga blokov in register: {home}.",
    "report.ahead": "novejše od ure tega računalnika",
    "report.days": "starost v dnevih: {count}",
    "report.day": "pred 1 dnevom",
    "report.hours": "starost v urah: {count}",
    "report.hour": "pred 1 uro",
    "report.minutes": "starost v minutah: {count}",
    "report.minute": "pred 1 minuto",
    "report.now": "pravkar",
    "report.pass": "uspešno",
    "report.fail": "NEUSPEŠNO",
    "report.unknown": "ni bilo mogoče preveriti",
    "title.format": "Oblika datoteke",
    "title.integrity": "Deli se ujemajo",
    "title.inclusion": "Nič ni bilo spremenjeno",
    "title.anchor": "Objavljeno v verigi blokov",
    "title.issuer": "Kdo je izdajatelj",
    "title.status": "Ni preklicano",
    "title.validity": "Časovna veljavnost",
    "title.holder": "Pripada osebi, ki ga predloži",
    "shown.inclusion": "nič ni bilo spremenjeno",
    "shown.anchor": "objava v verigi blokov",
    "shown.issuer": "kdo je izdajatelj",
    "shown.status": "ni preklicano",
    "shown.validity": "časovna veljavnost",
    "shown.holder": "pripada osebi, ki ga predloži",
    "open.inclusion": "ali je bilo kaj spremenjeno",
    "open.anchor": "ali je bilo objavljeno v verigi blokov",
    "open.issuer": "kdo je izdajatelj",
    "open.status": "ali je bilo preklicano",
    "open.holder": "ali pripada osebi, ki ga predloži",
    # -------------------------------------------------------------------------------------- labels of the content
    "label.learner_name": "Udeleženec izobraževanja",
    "label.learner_id": "Oznaka udeleženca",
    "label.title": "Naziv",
    "label.issuer_name": "Izdajatelj, kot se sam imenuje",
    "label.issuer_id": "Oznaka izdajatelja",
    "label.credits": "Kreditne točke (ECTS)",
    "label.grade": "Ocena",
    "label.description": "Opis",
    "label.field_of_study": "Študijsko področje",
    "label.awarding_body": "Organ, ki podeljuje",
    "label.country": "Država izdajatelja",
    "label.learning_outcomes": "Učni izidi",
    "label.learning_outcome": "Učni izid {number}",
    "label.workload": "Obremenitev",
    "label.level": "Raven",
    "label.assessment": "Vrsta preverjanja znanja",
    "label.participation": "Oblika udeležbe",
    "label.quality_assurance": "Vrsta zagotavljanja kakovosti",
    "label.prerequisites": "Vstopni pogoji",
    "label.supervision": "Nadzor in preverjanje istovetnosti",
    "label.grade_scale": "Ocenjevalna lestvica",
    "label.stackability": "Možnost združevanja",
    "label.language": "Jezik",
    "label.validity": "Trajanje veljavnosti",
    "label.further_information": "Dodatne informacije",
    "label.valid_from": "Velja od",
    "label.valid_until": "Velja do",
    "label.no_end": "brez časovne omejitve",
    "label.anything_else": "Vse drugo",
    "label.hidden": "(ni prikazano)",
    "label.left_out": "imetnik je izpustil ali ni bilo nikoli navedeno",
}  # fmt: skip
