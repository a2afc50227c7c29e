"""Credential documents: W3C VC 2.0, shaped as Open Badges 3.0 `OpenBadgeCredential`.

CONSENSUS-CRITICAL: every byte of a document is bound by its commitment. Sources: VC Data Model
2.0; Open Badges 3.0 with its JSON schema and context 3.0.3. `inLanguage` and `awardedDate` are in
that schema but have no term in that context, so they are not used: a processor would drop them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256

from rootseal.canonical import Json, dumps
from rootseal.claims import Path
from rootseal.credential.award import Award
from rootseal.credential.narrative import write_lines
from rootseal.errors import InputError
from rootseal.microcredential import Grading, MicroCredential, clean_text, midnight, number_of
from rootseal.microcredential.countries import COUNTRIES
from rootseal.microcredential.grading import SCALES

__all__ = ["CONTEXTS", "BuiltDocument", "DocumentBuilder", "IssuerProfile", "credential_document", "urn_uuid"]

CONTEXTS = (
    "https://www.w3.org/ns/credentials/v2",
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
)
"""Named in every document, never fetched."""

_URN_UUID = re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_URI = re.compile(r"(?:did:[a-z0-9]+:|urn:[a-z0-9-]+:|https://)[!-~]+")
_NOT_SET = ~(0xF000 << 64 | 0xC000 << 48)  # a UUID without its version and variant
_DOMAIN = b"rootseal/achievement/1"
_EQF = "http://data.europa.eu/snb/eqf/"
_RESULT_TYPES = {"percentage": "Percent"}


@dataclass(frozen=True, slots=True)
class IssuerProfile:
    """The issuer as documents name it: `id` a DID, URN or https address; country ISO 3166-1 alpha-2."""

    id: str
    name: str
    url: str | None = None
    country: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", clean_text(self.name, "issuer.name", "name of the issuer", 200))
        for where, value in (("issuer.id", self.id), ("issuer.url", self.url or "https://x")):
            if _URI.fullmatch(value) is None or len(value) > 256:
                raise InputError(where, "must be a did:, urn: or https: address, at most 256 characters", value)
        if self.country is not None and self.country not in COUNTRIES:
            raise InputError("issuer.country", "is no ISO 3166-1 alpha-2 code, for example IE", self.country)

    def to_document(self) -> dict[str, Json]:
        """The Open Badges `Profile`."""
        profile: dict[str, Json] = {"id": self.id, "type": ["Profile"], "name": self.name}
        if self.url is not None:
            profile["url"] = self.url
        if self.country is not None:
            profile["address"] = {"type": ["Address"], "addressCountryCode": self.country}
        return profile


@dataclass(frozen=True, slots=True)
class BuiltDocument:
    """A document and what the commitment needs beside it.

    `valid_from` and `valid_until` (0 = none) are the UTC seconds of the document's dates,
    `credits` is 100 × creditsEarned (0 = none).
    """

    document: dict[str, Json]
    valid_from: int
    valid_until: int
    credits: int


class DocumentBuilder:
    """Builds the documents of one template and issuer.

    The parts that are the same in all of them are built once and **shared by identity**: never
    change a document in place. `constant_paths` are the paths of those parts, so that the bytes
    of their claims can be reused. Nothing below them is about a learner.
    """

    __slots__ = (
        "_achievement",
        "_contexts",
        "_issuer",
        "_result",
        "_subject_type",
        "_type",
        "constant_paths",
        "template",
    )

    def __init__(self, template: MicroCredential, issuer: IssuerProfile) -> None:
        self.template = template
        self._contexts: Json = list(CONTEXTS)
        self._type: Json = ["VerifiableCredential", "OpenBadgeCredential"]
        self._subject_type: Json = ["AchievementSubject"]
        self._issuer: Json = issuer.to_document()
        self._result: tuple[Json, str] | None = None
        if template.grading is not None:
            self._result = ["Result"], _stable_id(issuer.id, b"result", template.to_json())
        self._achievement: Json = _achievement(template, issuer.id, self._result[1] if self._result else None)
        self.constant_paths: tuple[Path, ...] = _constant_paths(template)

    def build(self, award: Award, credential_id: str) -> BuiltDocument:
        """The document of one award; `credential_id` is a random `urn:uuid:` that the caller drew.

        Valid from 00:00:00Z on the date of issuing, until 00:00:00Z on the first day after its
        validity. Raises `InputError` for a failing grade or an unusable id.
        """
        if _URN_UUID.fullmatch(credential_id) is None:
            raise InputError("id", "must be a lower-case urn:uuid:", credential_id)
        document: dict[str, Json] = {
            "@context": self._contexts,
            "id": credential_id,
            "type": self._type,
            "issuer": self._issuer,
            "validFrom": f"{award.awarded_on}T00:00:00Z",
            "name": self.template.title,
            "credentialSubject": self._subject(award),
        }
        valid_until = 0
        if self.template.valid_for is not None:
            end = self.template.valid_for.end(award.awarded_on)
            document["validUntil"] = f"{end}T00:00:00Z"
            valid_until = midnight(end)
        return BuiltDocument(document, midnight(award.awarded_on), valid_until, self.template.credits)

    def _subject(self, award: Award) -> dict[str, Json]:
        subject: dict[str, Json] = {
            "type": self._subject_type,
            "identifier": [_identity("name", award.full_name), _identity("identifier", award.learner_id)],
            "achievement": self._achievement,
        }
        if self.template.credits:
            subject["creditsEarned"] = number_of(self.template.credits)
        grade = self.template.check_grade(award.grade)
        if self._result is not None:
            kind, description = self._result
            subject["result"] = [{"type": kind, "resultDescription": description, "value": grade}]
        return subject


def credential_document(
    template: MicroCredential, award: Award, issuer: IssuerProfile, credential_id: str
) -> dict[str, Json]:
    """One document; for many of one template use `DocumentBuilder`."""
    return DocumentBuilder(template, issuer).build(award, credential_id).document


def urn_uuid(octets: bytes, version: int) -> str:
    """The `urn:uuid:` of 16 bytes, with its version and variant set (RFC 9562 §4.1, §4.2)."""
    text = f"{int.from_bytes(octets) & _NOT_SET | version << 76 | 0x8000 << 48:032x}"
    return f"urn:uuid:{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _identity(kind: str, value: str) -> dict[str, Json]:
    """Open Badges calls the member identityHash even where `hashed` is false."""
    return {"type": "IdentityObject", "hashed": False, "identityHash": value, "identityType": kind}


def _achievement(template: MicroCredential, issuer_id: str, result_id: str | None) -> dict[str, Json]:
    achievement: dict[str, Json] = {
        "type": ["Achievement"],
        "achievementType": "MicroCredential",
        "humanCode": template.key,
        "name": template.title,
        "description": template.description,
        "criteria": {"narrative": write_lines(template)},
    }
    if template.field_of_study is not None:
        achievement["fieldOfStudy"] = template.field_of_study
    if template.credits:
        achievement["creditsAvailable"] = number_of(template.credits)
    if template.level is not None and template.level.eqf is not None:
        achievement["alignment"] = [_eqf_alignment(template.level.eqf)]
    if template.grading is not None and result_id is not None:
        achievement["resultDescription"] = [_result_description(template.grading, result_id)]
    return {"id": _stable_id(issuer_id, b"achievement", achievement), **achievement}


def _eqf_alignment(level: int) -> Json:
    """National levels have no address to point at (targetUrl is mandatory): they are in the Level line."""
    return {
        "type": ["Alignment"],
        "targetType": "ext:EQF",
        "targetName": f"EQF level {level}",
        "targetCode": str(level),
        "targetFramework": "European Qualifications Framework",
        "targetUrl": f"{_EQF}{level}",
    }


def _result_description(grading: Grading, result_id: str) -> Json:
    description: dict[str, Json] = {
        "id": result_id,
        "type": ["ResultDescription"],
        "name": "Grade",
        "resultType": _RESULT_TYPES.get(grading.scale, "Result"),
        "requiredValue": grading.pass_mark,
    }
    if grading.scale == "percentage":
        return {**description, "valueMin": "0", "valueMax": "100"}
    return {**description, "allowedValue": list(SCALES[grading.scale])}


def _stable_id(issuer_id: str, part: bytes, content: Json) -> str:
    """A `urn:uuid:` (version 8, RFC 9562 §5.8) of the content: same template, same id; changed, another."""
    return urn_uuid(sha256(_DOMAIN + b"/" + part + dumps([issuer_id, content])).digest()[:16], 8)


def _constant_paths(template: MicroCredential) -> tuple[Path, ...]:
    subject = "credentialSubject"
    paths: list[Path] = [("@context",), ("type",), ("issuer",), ("name",), (subject, "type"), (subject, "achievement")]
    paths += [(subject, "identifier", index, name) for index in (0, 1) for name in ("hashed", "identityType", "type")]
    if template.credits:
        paths.append((subject, "creditsEarned"))
    if template.grading is not None:
        paths += [(subject, "result", 0, name) for name in ("resultDescription", "type")]
    return tuple(paths)
