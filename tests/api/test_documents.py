"""The OpenAPI document, its page, and the errors: what they promise, and that they come from our own origin."""

from __future__ import annotations

import json
import re

import pytest
from bs4 import BeautifulSoup
from flask import Flask

from tests.api.program import Program
from tests.api.roles import TABLE
from tests.visitor import Visitor
from tests.web.rows import ON_SQLITE

pytestmark = ON_SQLITE


def test_the_document_describes_every_address_but_itself(app: Flask) -> None:
    document = app.test_client().get("/api/openapi.json").json
    described = {(method.upper(), path) for path, ways in document["paths"].items() for method in ways}
    named = {(row.method, re.sub(r"\{\w+\}", "{}", row.path.split("?")[0])) for row in TABLE}
    undescribed = {("GET", "/api/openapi.json"), ("GET", "/api/docs"), ("GET", "/api/health")}
    assert {
        (method, re.sub(r"\{\w+\}", "{}", path).replace("users/{}", "users/teller")) for method, path in described
    } == (named - undescribed)
    for ways in document["paths"].values():
        for operation in ways.values():
            assert operation["summary"][0].isupper()
            assert {"400", "401", "404", "422", "429", "503"} < set(operation["responses"])


def test_every_reference_in_the_document_leads_somewhere(app: Flask) -> None:
    document = app.test_client().get("/api/openapi.json").json
    references = set(re.findall(r'"\$ref": ?"#/components/schemas/(\w+)"', json.dumps(document)))
    assert references
    assert references <= set(document["components"]["schemas"])


def test_answers_carry_both_spellings_and_so_do_their_schemas(app: Flask, program: Program) -> None:
    schemas = app.test_client().get("/api/openapi.json").json["components"]["schemas"]
    said = program.post("/api/sessions", metadata={"my_own_name": 1}).json
    assert set(said) == set(schemas["Session"]["properties"]) == set(schemas["Session"]["required"])
    assert said["metadata"] == {"my_own_name": 1}, "a program's own words keep their spelling"


def test_the_page_shows_every_address_without_a_script_or_style_of_its_own(app: Flask) -> None:
    answer = app.test_client().get("/api/docs")
    page = BeautifulSoup(answer.text, "html.parser")
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    document = app.test_client().get("/api/openapi.json").json
    assert len(page.select(".interface section .method")) == sum(len(ways) for ways in document["paths"].values())
    assert page.select("[style], style, script:not([src])") == []
    ids = [str(element["id"]) for element in page.select("[id]")]
    assert len(ids) == len(set(ids))
    targets = {str(link["href"])[1:] for link in page.select('.interface a[href^="#"]')}
    assert targets <= set(ids)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/nothing", 404),
        ("PUT", "/api/sessions", 405),
        ("TRACE", "/api/sessions", 405),
        ("GET", "/api/", 404),
    ],
)
def test_errors_outside_the_views_are_problems_too(app: Flask, method: str, path: str, status: int) -> None:
    answer = app.test_client().open(path, method=method)
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
    assert answer.json["status"] == status
    assert answer.json["instance"] == path
    assert answer.json["requestId"] == answer.json["request_id"] == answer.headers["X-Request-ID"]


def test_an_unexpected_failure_is_a_problem_without_a_trace(
    app: Flask, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.services.history.counted", lambda: 1 / 0)
    answer = program.get("/api/agents")
    assert (answer.status_code, answer.content_type) == (500, "application/problem+json")
    assert "ZeroDivision" not in answer.text


def test_the_page_of_tokens_is_in_the_persons_menu(teller: Visitor) -> None:
    teller.get("/")
    assert teller.page.select_one('.menu-sheet a[href="/tokens"]')
