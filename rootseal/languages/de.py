"""German."""

from __future__ import annotations

__all__ = ["TEXTS"]

_UNREAD = "Nicht geprüft, weil die Datei nicht gelesen werden konnte."
_ALTERED = "Nicht geprüft, weil das Gezeigte nicht dem Eingetragenen entspricht."

TEXTS: dict[str, str] = {
    # ------------------------------------------------------------------------------------------------ the checks
    "format.ok": "Die Datei ist richtig aufgebaut.",
    "format.malformed": "Die Datei ist weder ein Nachweis noch ein Auszug von Rootseal (technische Angabe: {problem}).",
    "integrity.ok": "Die Teile der Datei stimmen miteinander überein.",
    "integrity.document": "Dem Dokument fehlt eine Angabe, die jeder Nachweis enthält: {problem}.",
    "integrity.dates": "Die gezeigten Datumsangaben weichen von den verbindlich festgelegten ab.",
    "integrity.credits": "Die gezeigten Leistungspunkte weichen von den verbindlich festgelegten ab.",
    "integrity.unchecked": _UNREAD,
    "inclusion.ok": "Das Gezeigte ist genau das, was der Aussteller in sein Verzeichnis eingetragen hat.",
    "inclusion.mismatch":
        "Das Gezeigte ist nicht das, was der Aussteller in sein Verzeichnis eingetragen hat: Es wurde verändert oder "
        "gehört an eine andere Stelle.",
    "inclusion.index": "Die Datei nennt die Stelle {index} eines Verzeichnisses, das nur {size} Einträge hat.",
    "inclusion.none":
        "Die Datei enthält weder eine Zusage noch eine Veröffentlichung; es gibt nichts, womit sie verglichen werden "
        "könnte.",
    "inclusion.unchecked": _UNREAD,
    "anchor.ok": "Das Verzeichnis wurde am {date} auf der Blockchain veröffentlicht (Nummer {sequence}).",
    "anchor.block_hash":
        "Das Verzeichnis wurde am {date} in dem von Ihnen genannten Block veröffentlicht (Nummer {sequence}).",
    "anchor.pending":
        "Noch nicht auf der Blockchain veröffentlicht. Der Aussteller hat dies bis zum {date} zugesagt. Bitte prüfen "
        "Sie danach erneut.",
    "anchor.overdue":
        "Eine Veröffentlichung auf der Blockchain ist nicht belegt, obwohl der Aussteller sie bis zum {date} zugesagt "
        "hat. Fragen Sie den Aussteller; möglicherweise findet `rootseal update` sie.",
    "anchor.not_final": "Der in der Datei genannte Block ist noch nicht endgültig. Bitte prüfen Sie später erneut.",
    "anchor.none": "Die Datei nennt keine Veröffentlichung ihres Ausstellers auf der Blockchain.",
    "anchor.introducing":
        "Die Datei nennt eine spätere Veröffentlichung, nicht aber jene, in der dieser Nachweis zuerst erschien.",
    "anchor.unreachable": "Die Blockchain konnte nicht abgefragt werden: {problem}",
    "anchor.absent":
        "Das Register enthält keine solche Veröffentlichung, obwohl die Blockchain über den genannten Block hinaus "
        "ist.",
    "anchor.moved":
        "Das Register enthält diese Veröffentlichung, aber in einem anderen Block oder zu einer anderen Zeit, als die "
        "Datei angibt.",
    "anchor.evidence": "Der Beleg aus der Blockchain in der Datei passt nicht (technische Angabe: {problem}).",
    "anchor.promise": "Die Zusage in der Datei wurde nicht mit einem Schlüssel dieses Ausstellers unterzeichnet.",
    "anchor.equivocation":
        "Der Aussteller hat einen Stand seines Verzeichnisses unterzeichnet und einen anderen gleicher Größe "
        "veröffentlicht.",
    "anchor.unchecked": _ALTERED,
    "issuer.pinned": "Ausgestellt von {name}, einem Aussteller, dem Sie vertrauen.",
    "issuer.accredited": "Ausgestellt von {name}, bei der Ausstellung akkreditiert durch {accreditor}.",
    "issuer.accredited:scope":
        "Ausgestellt von {name}, bei der Ausstellung akkreditiert durch {accreditor} (Umfang laut Angabe: {scope}).",
    "issuer.no_policy":
        "Sie haben noch nicht festgelegt, wem Sie vertrauen; daher ist nichts darüber bekannt, wer dies ausgestellt "
        "hat.",
    "issuer.untrusted":
        "Der Aussteller nennt sich {name}. Weder Sie noch jemand, dem Sie vertrauen, bürgt für ihn; dies zeigt also "
        "nur, wer er zu sein angibt.",
    "issuer.unreachable": "Das Register der Aussteller konnte nicht abgefragt werden: {problem}",
    "issuer.unanchored":
        "Wer dies ausgestellt hat, ergibt sich aus der Veröffentlichung auf der Blockchain; diese ist nicht belegt.",
    "issuer.document_missing":
        "Die Datei enthält die Selbstbeschreibung des Ausstellers noch nicht; `rootseal update` ergänzt sie.",
    "issuer.document":
        "Die Selbstbeschreibung des Ausstellers in der Datei ist nicht jene, die bei der Ausstellung eingetragen war.",
    "issuer.lapsed":
        "Der Aussteller war bei der Ausstellung akkreditiert, ist es aber nicht mehr; Sie verlangen beides.",
    "issuer.compromised":
        "Veröffentlicht mit einem Schlüssel, den der Aussteller für diese Zeit als gestohlen gemeldet hat.",
    "issuer.mismatch": "Das Dokument nennt einen anderen Aussteller als den, in dessen Verzeichnis es steht.",
    "issuer.unchecked": _ALTERED,
    "status.ok": "Weder widerrufen noch ausgesetzt, Stand {date}.",
    "status.revoked": "Der Aussteller hat den Nachweis widerrufen (Stand {date}).",
    "status.suspended": "Der Aussteller hat den Nachweis vorläufig ausgesetzt (Stand {date}).",
    "status.stale": "Der letzte bekannte Status ist vom {date} und damit älter, als Sie zulassen.",
    "status.unreachable": "Ob der Nachweis widerrufen wurde, ist nicht bekannt: {problem}",
    "status.unanchored": "Der Status auf der Blockchain erfasst diesen Nachweis noch nicht.",
    "status.unchecked": _ALTERED,
    "validity.ok": "Gültig am {date}.",
    "validity.ok:until": "Gültig am {date}, befristet bis {until}.",
    "validity.expired": "Am {date} abgelaufen.",
    "validity.not_yet": "Gültig erst ab {date}.",
    "validity.unchecked": _UNREAD,
    "holder.ok":
        "Die vorlegende Person besitzt den Schlüssel, auf den der Nachweis ausgestellt ist, und hat Ihre Frage "
        "beantwortet.",
    "holder.absent": "Es wurde kein Beleg verlangt, dass der Nachweis der vorlegenden Person gehört.",
    "holder.unasked":
        "Die Datei enthält eine Antwort auf eine Frage; ohne den Namen und das Zufallswort aus Ihrer eigenen Frage "
        "(audience, nonce) belegt sie nichts.",
    "holder.hidden":
        "Die Datei zeigt nicht, auf wen der Nachweis ausgestellt ist; daher konnte nicht geprüft werden, wem er "
        "gehört.",
    "holder.none":
        "Der Nachweis ist auf keinen Schlüssel ausgestellt; eine Unterschrift kann nicht zeigen, wem er gehört.",
    "holder.contract":
        "Die Antwort wurde nicht mit einem eigenen Schlüssel unterzeichnet, und ob eine Vertrags-Wallet "
        "dahintersteht, konnte nicht abgefragt werden: {problem}",
    "holder.signature":
        "Die Antwort wurde nicht mit dem Schlüssel unterzeichnet, auf den der Nachweis ausgestellt ist.",
    "holder.audience": "Die Antwort war für jemand anderen bestimmt.",
    "holder.nonce": "Die Antwort gehört zu einer anderen Frage.",
    "holder.expired": "Die Antwort ist am {date} abgelaufen.",
    "holder.not_yet": "Die Antwort trägt ein Datum in der Zukunft, {date}.",
    "holder.unchecked": _UNREAD,
    # --------------------------------------------------------------------------------- statements beside the checks
    "note.lapsed": "Die Akkreditierung durch {accreditor} endete am {date}, nach der Ausstellung.",
    "note.late": "Der Aussteller hat am {date} veröffentlicht, später als zum {promised} zugesagt.",
    "at.status_clear": "Am {date} war der Nachweis weder widerrufen noch ausgesetzt.",
    "at.status_revoked": "Am {date} war der Nachweis widerrufen.",
    "at.status_suspended": "Am {date} war der Nachweis ausgesetzt.",
    "at.status_unknown": "Der Status am {date} ist nicht bekannt: {problem}",
    "at.unpublished":
        "Am {date} war der Nachweis noch nicht auf der Blockchain veröffentlicht; das geschah am {published}.",
    "at.accredited":
        "Am {date} war die der Ausstellung zugrunde liegende Selbstbeschreibung durch {accreditor} akkreditiert.",
    "at.not_accredited":
        "Am {date} hat niemand, dem Sie vertrauen, die der Ausstellung zugrunde liegende Selbstbeschreibung "
        "akkreditiert.",
    "at.document_same": "Am {date} galt die Selbstbeschreibung des Ausstellers, die der Ausstellung zugrunde liegt.",
    "at.document_other":
        "Am {date} galt eine andere Selbstbeschreibung des Ausstellers als die, die der Ausstellung zugrunde liegt.",
    "at.document_none": "Am {date} galt keine Selbstbeschreibung des Ausstellers.",
    "at.key_active": "Am {date} war der Schlüssel, mit dem veröffentlicht wurde, in Gebrauch.",
    "at.key_absent": "Am {date} war der Schlüssel, mit dem veröffentlicht wurde, noch nicht eingetragen.",
    "at.key_retired": "Am {date} war der Schlüssel, mit dem veröffentlicht wurde, bereits zurückgezogen.",
    "at.key_compromised":
        "Der Aussteller hat den Schlüssel, mit dem veröffentlicht wurde, als seit {since} gestohlen gemeldet; die "
        "Veröffentlichung lag davor.",
    # -------------------------------------------------------------------------------- what a {problem} may be
    "problem.not_given": "Es wurde keine Verbindung angegeben.",
    "problem.not_asked": "Diese Veröffentlichung wurde nicht abgefragt.",
    "problem.no_map": "Die Statusliste des Registers konnte nicht gelesen werden.",
    "problem.no_key": "Der Schlüssel, mit dem veröffentlicht wurde, ist nicht bekannt.",
    "problem.no_answer": "Es kam keine Antwort.",
    "problem.wallet_not_asked": "Die Blockchain wurde nicht abgefragt.",
    "problem.offline": "Sie haben verlangt, dass keine Verbindung aufgebaut wird (--offline).",
    "problem.no_policy":
        "Sie haben noch nicht festgelegt, wem Sie vertrauen (siehe: rootseal trust); daher wurde nichts abgefragt.",
    "problem.unlisted": "Ihre Vertrauensliste enthält dieses Register nicht; daher wurde nichts abgefragt.",
    "problem.no_rpc":
        "Es wurde keine Verbindung angegeben; verwenden Sie --rpc oder ergänzen Sie eine mit `rootseal trust add`.",
    "problem.no_events": "Die Ereignisse des Registers lagen nicht vor.",
    "problem.events_differ": "Die vorliegenden Ereignisse führen nicht zu dem Status, den das Register hat.",
    "problem.too_new": "Dieser Zeitpunkt liegt nach den neuesten Daten.",
    "problem.snapshot_hash":
        "Sie haben den Block der Momentaufnahme nicht als einen genannt, den Sie kennen (--block-hash).",
    "problem.snapshot_other": "Die Momentaufnahme betrifft einen anderen Aussteller.",
    "problem.snapshot_proof": "Die Beweise in der Momentaufnahme belegen nicht, was sie angibt.",
    "problem.snapshot_code": "Die Momentaufnahme betrifft einen anderen Vertrag als den, dem Sie vertrauen.",
    # ----------------------------------------------------------------------------------------- the words around
    "verdict.genuine": "Echt. {reason}",
    "verdict.genuine_but": "Echt, aber: {reason}",
    "verdict.rejected": "Nicht akzeptiert: {reason}",
    "verdict.undetermined": "Konnte nicht entschieden werden: {reason}",
    "verdict.test": "TEST. {sentence}",
    "report.test":
        "TEST: Dies stammt aus einem Testregister, in dem jeder alles ausstellen kann. Anderswo ist es wertlos.",
    "report.limits_heading": "Was ein positives Ergebnis nicht beweist",
    "report.limits":
        "Ein positives Ergebnis zeigt, was ausgestellt wurde, von wem, und seit wann es spätestens bestand. Es zeigt "
        "nicht, dass die Person vor Ihnen die lernende Person ist, sofern nicht Prüfung 8 bestanden wurde, nicht, wie "
        "gut der Kurs war, und nichts von dem, was verborgen ist.",
    "report.checks": "Prüfungen",
    "report.issued": "Was ausgestellt wurde",
    "report.claimed": "Was die Datei angibt (nicht bestätigt, siehe Prüfungen)",
    "report.number": "Nachweis {number} von {count}",
    "report.as_of": "Stand",
    "report.note": "Hinweis: {sentence}",
    "report.complete":
        "Hinweis: Dies ist die vollständige Datei der Inhaberin oder des Inhabers, die alles zeigt. Ein daraus "
        "erstellter Auszug hätte Ihnen genügt; behandeln Sie diese Datei mit Sorgfalt.",
    "report.balance": "Belegt: {shown}. Nicht bekannt: {unknown}.",
    "report.nothing": "nichts",
    "report.checked_on": "Geprüft am {date}.",
    "report.no_chain": "Es wurde keine Blockchain abgefragt: Nichts hier besagt, was heute gilt.",
    "report.chain_state": "Stand der Blockchain: {date} ({age}).",
    "report.chain": "Blockchain und Register: {home}.",
    "report.ahead": "der Uhr dieses Rechners voraus",
    "report.days": "vor {count} Tagen",
    "report.day": "vor 1 Tag",
    "report.hours": "vor {count} Stunden",
    "report.hour": "vor 1 Stunde",
    "report.minutes": "vor {count} Minuten",
    "report.minute": "vor 1 Minute",
    "report.now": "soeben",
    "report.pass": "bestanden",
    "report.fail": "NICHT BESTANDEN",
    "report.unknown": "konnte nicht geprüft werden",
    "title.format": "Form der Datei",
    "title.integrity": "Teile stimmen überein",
    "title.inclusion": "Nichts wurde verändert",
    "title.anchor": "Auf der Blockchain veröffentlicht",
    "title.issuer": "Aussteller",
    "title.status": "Nicht widerrufen",
    "title.validity": "Innerhalb der Gültigkeitsdauer",
    "title.holder": "Gehört der vorlegenden Person",
    "shown.inclusion": "dass nichts verändert wurde",
    "shown.anchor": "dass er auf der Blockchain veröffentlicht wurde",
    "shown.issuer": "wer ihn ausgestellt hat",
    "shown.status": "dass er nicht widerrufen wurde",
    "shown.validity": "dass er nach Datum gültig ist",
    "shown.holder": "dass er der vorlegenden Person gehört",
    "open.inclusion": "ob etwas verändert wurde",
    "open.anchor": "ob er auf der Blockchain veröffentlicht wurde",
    "open.issuer": "wer ihn ausgestellt hat",
    "open.status": "ob er widerrufen wurde",
    "open.holder": "ob er der vorlegenden Person gehört",
    # -------------------------------------------------------------------------------------- labels of the content
    "label.learner_name": "Lernende Person",
    "label.learner_id": "Kennung der lernenden Person",
    "label.title": "Titel",
    "label.issuer_name": "Aussteller nach eigener Angabe",
    "label.issuer_id": "Kennung des Ausstellers",
    "label.credits": "Leistungspunkte (ECTS)",
    "label.grade": "Note",
    "label.description": "Beschreibung",
    "label.field_of_study": "Fachgebiet",
    "label.awarding_body": "Verleihende Stelle",
    "label.country": "Land des Ausstellers",
    "label.learning_outcomes": "Lernergebnisse",
    "label.learning_outcome": "Lernergebnis {number}",
    "label.workload": "Arbeitsaufwand",
    "label.level": "Niveau",
    "label.assessment": "Art der Prüfung",
    "label.participation": "Form der Teilnahme",
    "label.quality_assurance": "Art der Qualitätssicherung",
    "label.prerequisites": "Voraussetzungen",
    "label.supervision": "Aufsicht und Identitätsprüfung",
    "label.grade_scale": "Notenskala",
    "label.stackability": "Kombinierbarkeit",
    "label.language": "Sprache",
    "label.validity": "Gültigkeitsdauer",
    "label.further_information": "Weitere Angaben",
    "label.valid_from": "Gültig ab",
    "label.valid_until": "Gültig bis",
    "label.no_end": "unbefristet",
    "label.anything_else": "Alles Weitere",
    "label.hidden": "(nicht gezeigt)",
    "label.left_out": "von der vorlegenden Person weggelassen oder nie angegeben",
}  # fmt: skip
