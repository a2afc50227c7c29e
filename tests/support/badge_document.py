"""A credential of the synthetic issuer as an Open Badges 3.0 document, and the day on which its story begins."""

from __future__ import annotations

from typing import Any

from rootseal.instants import format_instant

START = 1_790_812_800  # 2026-10-01T00:00:00Z
DAY = 86_400


def credential_document(
    number: int, issuer_id: str, *, ects: float | None = 5, until: int | None = None
) -> dict[str, Any]:
    """An Open Badges 3.0 credential of about sixty claims; `number` tells the learners apart."""
    outcomes = (
        "Explain a ledger",
        "Hash a document",
        "Check a proof",
        "Read a policy",
        "Audit a log",
        "Present a claim",
    )
    achievement = {
        "id": "urn:uuid:11111111-2222-4333-8444-555555555555",
        "type": ["Achievement"],
        "achievementType": "MicroCredential",
        "name": "Ledgers for registrars",
        "description": "What a registrar should know about append-only logs.",
        "humanCode": "LEDG-101",
        "inLanguage": "en",
        "criteria": {"narrative": "Country of the issuer: SI\n\nWorkload: 125 hours\n\nType of assessment: project"},
        "creditsAvailable": 5,
        "alignment": [
            {
                "type": ["Alignment"],
                "targetName": name,
                "targetUrl": f"https://standards.example/{at}",
                "targetCode": f"O{at}",
            }
            for at, name in enumerate(outcomes, 1)
        ],
    }
    return {
        "@context": [
            "https://www.w3.org/ns/credentials/v2",
            "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
        ],
        "id": f"urn:uuid:00000000-0000-4000-8000-{number:012d}",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "issuer": {
            "id": issuer_id,
            "type": ["Profile"],
            "name": "Example University",
            "url": "https://registrar.example.edu",
            "address": {"type": ["Address"], "addressCountryCode": "SI"},
        },
        "validFrom": format_instant(START - 30 * DAY),
        **({} if until is None else {"validUntil": format_instant(until)}),
        "name": "Ledgers for registrars",
        "credentialSubject": {
            "type": ["AchievementSubject"],
            "identifier": [
                {
                    "type": "IdentityObject",
                    "hashed": False,
                    "identityHash": f"Učenka {number} Ž",
                    "identityType": "name",
                },
                {
                    "type": "IdentityObject",
                    "hashed": False,
                    "identityHash": f"{number:08d}",
                    "identityType": "identifier",
                },
            ],
            **({} if ects is None else {"creditsEarned": ects}),
            "result": [{"type": ["Result"], "value": str(60 + number % 40)}],
            "achievement": achievement,
        },
    }
