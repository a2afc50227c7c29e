"""Every route that answers with JSON."""

from __future__ import annotations

import json
from dataclasses import replace

from flask.testing import FlaskClient

from node.app import create_app
from node.health import Health
from node.services import Services
from tests.integration.every_command.story import Story
from tests.support.schemas import ROUTES, validate


def posts(client: FlaskClient) -> None:
    """Public routes that take something."""
    validate(client.post("/v1/verify", data=b"{}", content_type="application/json").json, "verdict")
    part = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n{}\r\n'
    form = {"data": part + part + b"--x--\r\n", "content_type": "multipart/form-data; boundary=x"}
    validate(client.post("/v1/verify", **form).json, "verdicts")
    sealed = {"data": b"x" * 99, "content_type": "application/octet-stream"}
    validate(client.post("/v1/links?days=1", **sealed).json, "link")


def pages(story: Story) -> set[str]:
    """Ask every route that answers with JSON; the schemas that the answers fitted."""
    fitted: set[str] = set()

    def get(address: str, route: str) -> None:
        answer = client.get(address)
        value = json.loads(answer.data)
        if answer.content_type == "application/problem+json":
            validate(value, "problem")
            return
        row = ROUTES[route]
        name = value["format"].removeprefix("rootseal/").removesuffix("/1") if row.formats else row.schemas[0]
        assert name in row.schemas
        validate(value, name)
        fitted.add(name)

    with Services.open(story.node) as opened:
        services = Services(
            opened.directory,
            replace(opened.config, public_url="https://registrar.example", share_links=True),
            opened.store,
        )
        client = create_app(services).test_client()
        for entry in opened.store.entries.numbered(0, 100):
            get(f"/v1/proofs/{entry.commitment.hex()}", "/v1/proofs/<commitment>")
        for route, row in ROUTES.items():
            if row.schemas and "<" not in route:
                get(route, route)
        assert client.get("/openapi.json").json["openapi"].startswith("3.1")  # type: ignore[index]
        posts(client)
        for address in ("/nothing", "/v1/proofs/00", "/v1/checkpoints?count=0", "/log/tile/0/x000/001"):
            assert client.get(address).status_code in (400, 404)
            get(address, "")
        client = create_app(services, Health(working=True)).test_client()
        get("/readyz", "/readyz")
    return fitted
