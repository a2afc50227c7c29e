"""Documents put together from what a template's have in common are, to the byte, those of the plain way."""

from __future__ import annotations

import copy
import json
import uuid
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.roster.report import RosterRow
from node.template_issuer import TemplateIssuer
from rootseal.claims import encode_document, salt_claims
from rootseal.commitment import Home, claims_root, commit
from rootseal.credential import Award, DocumentBuilder, DocumentEncoder, IssuerProfile, urn_uuid
from rootseal.errors import InputError
from rootseal.microcredential import MicroCredential

HOME = Home(31337, bytes(20), 1)
# What `clean_text` lets pass, with whatever JSON escapes and some of what it does not.
TEXT = st.text(st.sampled_from('aZ0"\\/<&\u00e9\u0161\u200d\u2260\U0001f600\\u0000, '), min_size=1, max_size=20).filter(
    lambda text: bool(text.strip())
)
DAYS = st.dates(min_value=date(1970, 1, 2)).map(str)
GRADES = {"percentage": (50, "71.5"), "pass/fail": ("pass", "PASS"), "achieved/not achieved": ("achieved", "achieved")}
OPTIONAL = {
    "ects": st.sampled_from([1, 2.5, 30]),
    "language": st.just("en"),
    "valid_for": st.sampled_from(["P1Y", "P10D"]),
    "field_of_study": TEXT,
    "prerequisites": TEXT,
    "stackability": TEXT,
}


@st.composite
def templates(draw: st.DrawFn) -> MicroCredential:
    source: dict[str, Any] = {
        "key": "some-thing",
        "title": draw(TEXT),
        "awarding_body": draw(TEXT),
        "country": "SI",
        "description": draw(TEXT),
        "learning_outcomes": draw(st.lists(TEXT, min_size=1, max_size=3)),
        "workload_hours": draw(st.sampled_from([1, 12.5])),
        "level": draw(st.sampled_from([None, {"framework": "EQF", "level": 5, "national": None}])),
        "assessment": "project",
        "participation": "online",
        "quality_assurance": "internal",
    }
    source |= draw(st.fixed_dictionaries({}, optional=OPTIONAL))
    scale = draw(st.sampled_from([None, *GRADES]))
    if scale is not None:
        source |= {"grade_scale": scale, "pass_mark": GRADES[scale][0]}
    return MicroCredential.from_json(source)


@st.composite
def issuers(draw: st.DrawFn) -> IssuerProfile:
    url = draw(st.sampled_from([None, "https://example.edu"]))
    return IssuerProfile("did:web:example.edu", draw(TEXT), url, draw(st.sampled_from([None, "SI"])))


@st.composite
def awards(draw: st.DrawFn, template: MicroCredential) -> Award:
    grade = None if template.grading is None else GRADES[template.grading.scale][1]
    return Award(draw(TEXT), draw(st.none() | TEXT), draw(TEXT), draw(DAYS), grade)


@given(templates(), issuers(), st.data())
def test_an_encoder_gives_the_bytes_of_the_plain_way(
    template: MicroCredential, issuer: IssuerProfile, data: st.DataObject
) -> None:
    builder = DocumentBuilder(template, issuer)
    encoder = DocumentEncoder(builder.constant_paths)
    for _ in range(3):
        drawn = data.draw(st.binary(min_size=16, max_size=16))
        try:
            document = builder.build(data.draw(awards(template)), urn_uuid(drawn, 4)).document
        except InputError:
            continue  # valid beyond the year 9999
        written, claims = encoder.encode(document)
        assert claims == encode_document(document)
        assert written == json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


@given(templates(), issuers(), st.data())
def test_an_entry_commits_to_its_document(
    template: MicroCredential, issuer: IssuerProfile, data: st.DataObject
) -> None:
    made = TemplateIssuer(1, template, HOME, issuer)
    for _ in range(2):
        award = data.draw(awards(template))
        try:
            entry, built = made.make(RosterRow(1, award, "a@example.edu", template.key, bytes(32)))
        except InputError:
            continue
        document = json.loads(entry.document)
        assert document == built.document
        salted = salt_claims(encode_document(document), entry.seed)
        root = claims_root(salted.count, built.valid_from, built.valid_until, salted.root)
        assert entry.commitment == commit(HOME, root, entry.subject.hash(salted.subject_salt))


def example() -> dict[str, Any]:
    return {"id": "a", "shared": {"x": [1, {}], "y": "z"}, "credentialSubject": {"name": "b", "kind": ["c"]}}


CONSTANT = (("shared",), ("credentialSubject", "kind"))


@pytest.mark.parametrize(
    "change",
    [
        lambda document: document.update(extra="e"),
        lambda document: document.pop("id"),
        lambda document: document["credentialSubject"].update(extra="e"),
        lambda document: document["credentialSubject"].pop("name"),
    ],
)
def test_another_set_of_members_is_another_form(change: Any) -> None:
    encoder = DocumentEncoder(CONSTANT)
    other = copy.deepcopy(example())
    change(other)
    for document in (example(), other, example(), other):
        assert encoder.encode(document)[1] == encode_document(document)


@pytest.mark.parametrize("value", [1, None, True, [], {}, ["b"], {"a": "b"}])
def test_what_varies_must_be_text(value: Any) -> None:
    encoder = DocumentEncoder(CONSTANT)
    encoder.encode(example())
    with pytest.raises(TypeError):
        encoder.encode({**example(), "id": value})


@pytest.mark.parametrize("value", [1, None, True, [], {}])
def test_nothing_but_text_is_learned_as_varying(value: Any) -> None:
    with pytest.raises(TypeError):
        DocumentEncoder(CONSTANT).encode({**example(), "id": value})


def test_a_lone_surrogate_is_refused() -> None:
    encoder = DocumentEncoder(CONSTANT)
    encoder.encode(example())
    with pytest.raises(InputError, match="surrogate"):
        encoder.encode({**example(), "id": "\ud800"})


def test_a_text_like_a_mark_is_told() -> None:
    with pytest.raises(ValueError, match="put together"):
        DocumentEncoder(CONSTANT).encode({**example(), "shared": "\x000"})


@given(st.binary(min_size=16, max_size=16), st.sampled_from([4, 8]))
def test_ids_have_their_version(octets: bytes, version: int) -> None:
    text = urn_uuid(octets, version)
    if version == 4:
        assert text == uuid.UUID(bytes=octets, version=4).urn
    found = uuid.UUID(text)
    assert (found.urn, found.version, found.variant) == (text, version, uuid.RFC_4122)
