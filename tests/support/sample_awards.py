"""An award of each sample micro-credential, and the document that is made of it."""

from __future__ import annotations

from typing import Any

from node.samples import templates
from rootseal.credential import Award, DocumentBuilder, IssuerProfile
from rootseal.microcredential import MicroCredential

SAMPLES = templates()
ISSUER = IssuerProfile("did:web:registrar.example.edu", "Example University", "https://registrar.example.edu", "SI")
ID = "urn:uuid:00000000-0000-4000-8000-000000000001"
PASSES = {"percentage": "71", "pass/fail": "pass", "achieved/not achieved": "achieved"}


def passing(template: MicroCredential) -> str | None:
    """A grade that passes on the template's scale; None where there is none."""
    return PASSES[template.grading.scale] if template.grading else None


def award_for(template: MicroCredential, **members: Any) -> Award:
    """An award to Zoë Müller, with `members` exchanged."""
    values = {"learner_id": "00012345", "given_name": "Zoë", "family_name": "Müller", "awarded_on": "2026-10-01"}
    return Award(**{**values, "grade": passing(template), **members})


def built(key: str, **members: Any) -> dict[str, Any]:
    """The document of that award of the sample `key`."""
    template = SAMPLES[key]
    return dict(DocumentBuilder(template, ISSUER).build(award_for(template, **members), ID).document)


def at(value: Any, path: tuple[str | int, ...]) -> Any:
    """What stands at a path in a document."""
    for step in path:
        value = value[step]
    return value
