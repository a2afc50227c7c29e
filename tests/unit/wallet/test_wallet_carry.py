"""Certificates and codes: what they carry is read back whole, and verified as the file itself would be."""

from __future__ import annotations

import importlib
import io
import json
import re
import subprocess
import tracemalloc
import zlib
from pathlib import Path

import pytest

from rootseal.errors import InputError
from rootseal.languages import LANGUAGES
from tests.support.issued import Institution, paper_institution
from tests.support.program import Program
from wallet.certificate import carried_in_pdf, certificate
from wallet.certificate.texts import TEXTS
from wallet.compact import compact, frames
from wallet.presenting import assemble
from wallet.unwrapping import read_wrapped, unwrapped

ROOT = Path(__file__).parents[3]
READ_CODE = """
const jsQR = require('jsqr');
const [width, height] = process.argv.slice(1).map(Number);
const chunks = [];
process.stdin.on('data', (chunk) => chunks.push(chunk)).on('end', () => {
  process.stdout.write(jsQR(new Uint8ClampedArray(Buffer.concat(chunks)), width, height).data);
});
"""


@pytest.fixture(scope="module", autouse=True)
def libraries() -> None:
    try:
        importlib.import_module("weasyprint")
    except OSError:
        pytest.skip("the system's text libraries (libpango) are missing: certificates as PDF")


@pytest.fixture(scope="module")
def institution() -> Institution:
    return paper_institution(("Ana Novak", "Bor Kos"))


@pytest.fixture(scope="module")
def shown(institution: Institution) -> bytes:
    return assemble([institution.file(0)], ["title", "learner"], show_subject=True).to_bytes()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_certificate_carries_the_file_and_is_the_same_each_time(shown: bytes, language: str) -> None:
    made = certificate(shown, language)
    assert made == certificate(shown, language)
    assert carried_in_pdf(made, "c.pdf") == shown
    assert claimed_part(made) == "3"
    assert unwrapped(made, "c.pdf") == shown


def claimed_part(made: bytes) -> str | None:
    """The part of PDF/A that the file's metadata claims."""
    from pypdf import PdfReader

    metadata = PdfReader(io.BytesIO(made)).trailer["/Root"]["/Metadata"].get_object().get_data().decode()  # type: ignore[index]
    found = re.search(r"pdfaid:part\W+(\d)", metadata)
    return found and found[1]


def test_the_words_are_there_in_every_language() -> None:
    assert {language: set(texts) for language, texts in TEXTS.items()} == {key: set(TEXTS["en"]) for key in LANGUAGES}


def test_the_certificate_shows_what_the_file_shows_and_says_test(shown: bytes) -> None:
    from pypdf import PdfReader

    text = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(certificate(shown))).pages)
    assert "TEST: made on a test ledger" in text
    assert "proves nothing by itself" in text
    assert "Grade" not in text


def test_fonts_are_embedded(shown: bytes) -> None:
    from pypdf import PdfReader

    for page in PdfReader(io.BytesIO(certificate(shown))).pages:
        for font in page["/Resources"].get("/Font", {}).values():  # type: ignore[index]
            descriptor = font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"]
            assert any(name.startswith("/FontFile") for name in descriptor)


@pytest.mark.parametrize("data", [b"%PDF-1.7", b"%PDF-1.7\n" + b"x" * 5000, b"%PDF-" + b"\0" * (9 << 20)])
def test_another_pdf_is_told(data: bytes) -> None:
    with pytest.raises(InputError, match=r"ask for the file itself|no certificate is so large"):
        unwrapped(data, "scan.pdf")


def test_a_pdf_without_our_file_is_told() -> None:
    from weasyprint import HTML

    with pytest.raises(InputError, match="a scan or a printout"):
        unwrapped(HTML(string="<p>Diploma").write_pdf(), "scan.pdf")


def test_a_camera_reads_the_codes(shown: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if not (ROOT / "node_modules" / "jsqr").is_dir():
        pytest.skip("jsqr is not installed: reading codes from their images")
    from PIL import Image

    file = tmp_path / "p.presentation.json"
    file.write_bytes(shown)
    drawn = Program(capsys)("wallet", "qr", file, "-o", tmp_path / "code.png", "--json").objects[0]["files"]
    read = []
    for name in drawn:
        image = Image.open(name).convert("RGBA")
        size = [str(number) for number in image.size]
        run = ["node", "-e", READ_CODE, *size]
        read.append(subprocess.run(run, input=image.tobytes(), cwd=ROOT, capture_output=True, check=True).stdout)
    (tmp_path / "codes.txt").write_bytes(b"\n".join(reversed(read)))
    assert read_wrapped(tmp_path / "codes.txt") == shown
    assert [code.decode() for code in read] == list(frames(compact(shown)))


def test_small_presentations_need_fewer_codes(institution: Institution) -> None:
    large = assemble([institution.file(0)], ["title"], show_subject=True)
    small = assemble([institution.file(0)], ["title"], show_subject=True, small=True)
    [anchor] = small.credentials[0].proofs.anchors
    assert anchor.evidence is None
    assert anchor.introduces(small.credentials[0].proofs.index)
    assert len(frames(compact(small.to_bytes()))) < len(frames(compact(large.to_bytes())))


def test_verify_takes_the_certificate_and_the_codes(
    shown: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program, file = Program(capsys), tmp_path / "p.presentation.json"
    file.write_bytes(shown)
    assert program("wallet", "pdf", file, "-o", tmp_path / "c.pdf").code == 0
    (tmp_path / "c.txt").write_text("\n".join(frames(compact(shown))))
    told = {name: program("verify", tmp_path / name, "--json", "--offline") for name in ("c.pdf", "c.txt", file.name)}
    codes = [[check["code"] for check in run.objects[0]["credentials"][0]["checks"]] for run in told.values()]
    assert codes[0] == codes[1] == codes[2]
    assert codes[0][:3] == ["format.ok", "integrity.ok", "inclusion.ok"]


def test_nothing_is_overwritten_unasked(shown: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program, file = Program(capsys), tmp_path / "p.presentation.json"
    file.write_bytes(shown)
    out = tmp_path / "c.pdf"
    out.write_text("precious")
    assert program("wallet", "pdf", file, "-o", out).code == 2
    assert out.read_text() == "precious"
    assert program("wallet", "qr", file, "-o", tmp_path / "c.gif").code == 2
    assert program("wallet", "pdf", file, "-o", out, "--force").code == 0


@pytest.mark.parametrize("command", ["pdf", "qr", "link"])
def test_a_complete_credential_is_handed_out_only_where_that_is_said(
    institution: Institution, shown: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    program, file, out = Program(capsys), tmp_path / "a.credential.json", tmp_path / "c"
    out = out.with_suffix(".svg" if command == "qr" else ".pdf")
    where = ("--node", "http://127.0.0.1:9") if command == "link" else ("-o", out)
    file.write_bytes(institution.file(0).to_bytes())
    refused = program("wallet", command, file, *where)
    assert refused.code == 2
    assert "complete credential" in refused.err and "wallet present" in refused.err
    assert set(tmp_path.iterdir()) == {file}
    # With the option it is done; nobody answers at that node, which is another matter (3).
    assert program("wallet", command, file, *where, "--complete").code == (3 if command == "link" else 0)


def test_a_title_without_spaces_is_broken_into_lines(shown: bytes) -> None:
    from pypdf import PdfReader

    from rootseal.canonical import dumps

    found = json.loads(shown)
    for claim in found["credentials"][0]["shown"]:
        if claim["path"] == ["credentialSubject", "achievement", "name"]:
            claim["value"] = "W" * 10_000
    pages = [len(PdfReader(io.BytesIO(certificate(data))).pages) for data in (shown, dumps(found))]
    assert pages[1] > pages[0] + 2, pages  # 10,000 letters of 22 points are several pages, not one line off the first


def test_hostile_names_are_only_text(institution: Institution) -> None:
    found = json.loads(assemble([institution.file(0)], ["title", "learner"], show_subject=True).to_bytes())
    for claim in found["credentials"][0]["shown"]:
        if claim["path"][-1] == "name":
            claim["value"] = "<script>alert(1)</script><img src='http://127.0.0.1:1/x'>" + "\u202e" + "W" * 10_000
    from rootseal.canonical import dumps

    made = certificate(dumps(found))
    assert re.search(rb"%%EOF\s*$", made)


def test_a_pdf_of_many_bombs_is_refused_before_any_is_unpacked() -> None:
    """Forty attachments of 60 KiB, each 60 MiB in memory: 2 GiB of zeros."""
    bomb = zlib.compress(bytes(60 << 20), 9)
    made = attaching([(f"{number}.json", bomb) for number in range(40)])
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match="several files"):
            carried_in_pdf(made, "c.pdf")
        assert tracemalloc.get_traced_memory()[1] < 50 << 20
    finally:
        tracemalloc.stop()
    with pytest.raises(InputError, match="no credential"):
        carried_in_pdf(attaching([("0.json", bomb)]), "c.pdf")
    small = zlib.compress(b"{}")
    assert carried_in_pdf(attaching([("0.json", small), ("0.xml", bomb)]), "c.pdf") == b"{}"


def attaching(files: list[tuple[str, bytes]]) -> bytes:
    """A PDF without pages that carries these (compressed) files."""
    objects = [b"", b"<</Type/Pages/Kids[]/Count 0>>"]
    names = b""
    for name, packed in files:
        head = b"<</Type/EmbeddedFile/Length %d/Filter/FlateDecode>>stream\n" % len(packed)
        objects.append(head + packed + b"\nendstream")
        text = name.encode()
        objects.append(b"<</Type/Filespec/F(%s)/UF(%s)/EF<</F %d 0 R>>>>" % (text, text, len(objects)))
        names += b"(%s) %d 0 R " % (text, len(objects))
    objects[0] = b"<</Type/Catalog/Pages 2 0 R/Names<</EmbeddedFiles<</Names[" + names + b"]>>>>>>"
    made, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(made))
        made += b"%d 0 obj\n" % number + content + b"\nendobj\n"
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + table
    return made + end + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, len(made))
