"""Credential documents: built from a template and an award, and read back for display."""

from __future__ import annotations

from rootseal.credential.award import Award
from rootseal.credential.document import (
    CONTEXTS,
    BuiltDocument,
    DocumentBuilder,
    IssuerProfile,
    credential_document,
    urn_uuid,
)
from rootseal.credential.form import DocumentEncoder
from rootseal.credential.reading import CredentialFacts, read_document

__all__ = [
    "CONTEXTS",
    "Award",
    "BuiltDocument",
    "CredentialFacts",
    "DocumentBuilder",
    "DocumentEncoder",
    "IssuerProfile",
    "credential_document",
    "read_document",
    "urn_uuid",
]
