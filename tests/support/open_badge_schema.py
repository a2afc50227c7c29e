"""Open Badges 3.0 as a closed JSON Schema: what matters here of its own schema and of its context 3.0.3."""

from __future__ import annotations

from rootseal.credential import (
    CONTEXTS,
)

TEXT = {"type": "string", "minLength": 1}


def typed(name: str, required: list[str], /, **properties: object) -> dict[str, object]:
    """An object with a `type` array that has `name`, and nothing that is not listed."""
    kind = {"type": "array", "items": TEXT, "contains": {"const": name}}
    members = {"type": kind, **properties}
    return {"type": "object", "required": ["type", *required], "properties": members, "additionalProperties": False}


IDENTITY = {
    "type": "object",
    "required": ["type", "hashed", "identityHash", "identityType"],
    "properties": {
        "type": {"const": "IdentityObject"},
        "hashed": {"const": False},
        "identityHash": TEXT,
        "identityType": {"enum": ["name", "identifier"]},
    },
    "additionalProperties": False,
}
ALIGNMENT = typed(
    "Alignment",
    ["targetName", "targetUrl"],
    targetName=TEXT,
    targetUrl={"type": "string", "format": "uri"},
    targetCode=TEXT,
    targetFramework=TEXT,
    targetType={"type": "string", "pattern": "^(ext:[a-zA-Z0-9._-]+|CFItem|CTDL)$"},
)
RESULT_DESCRIPTION = typed(
    "ResultDescription",
    ["id", "name", "resultType"],
    id=TEXT,
    name=TEXT,
    resultType={"enum": ["Percent", "Result"]},
    requiredValue=TEXT,
    valueMin=TEXT,
    valueMax=TEXT,
    allowedValue={"type": "array", "items": TEXT},
)
ACHIEVEMENT = typed(
    "Achievement",
    ["id", "name", "description", "criteria"],
    id=TEXT,
    name=TEXT,
    description=TEXT,
    achievementType={"const": "MicroCredential"},
    humanCode=TEXT,
    fieldOfStudy=TEXT,
    creditsAvailable={"type": "number"},
    criteria={"type": "object", "required": ["narrative"], "properties": {"narrative": TEXT}},
    alignment={"type": "array", "items": ALIGNMENT},
    resultDescription={"type": "array", "items": RESULT_DESCRIPTION},
)
SUBJECT = typed(
    "AchievementSubject",
    ["achievement"],
    achievement=ACHIEVEMENT,
    identifier={"type": "array", "items": IDENTITY},
    creditsEarned={"type": "number"},
    result={"type": "array", "items": typed("Result", [], resultDescription=TEXT, value=TEXT)},
)
DATE = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T00:00:00Z$"}
SCHEMA = {
    "type": "object",
    "required": ["@context", "id", "type", "credentialSubject", "issuer", "validFrom"],
    "properties": {
        "@context": {"const": list(CONTEXTS)},
        "id": {"type": "string", "pattern": "^urn:uuid:"},
        "type": {"const": ["VerifiableCredential", "OpenBadgeCredential"]},
        "name": TEXT,
        "issuer": typed("Profile", ["id", "name"], id=TEXT, name=TEXT, url=TEXT, address={"type": "object"}),
        "validFrom": DATE,
        "validUntil": DATE,
        "credentialSubject": SUBJECT,
    },
    # Neither `proof` nor `credentialStatus`: exports add them.
    "additionalProperties": False,
}
