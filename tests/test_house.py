"""The rules of the house, kept by tests: doors, commits, sizes, names, fragments, and what pages may load."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.routing import Rule

from webapp import create_app
from webapp.config import Config
from webapp.services.staff import ROLES

ROOT = Path(__file__).parent.parent
TOP_LEVEL = {
    "bench", "docs", "static", "templates", "tests", "webapp",
    "CHANGELOG.md", "DECISIONS.md", "LICENSE", "Makefile", "README.md", "pyproject.toml", "wsgi.py",
    "requirements.in", "requirements.txt", "requirements-dev.in", "requirements-dev.txt",
    "requirements-meaning.txt", "requirements-otel.in", "requirements-otel.txt",
}  # fmt: skip
MADE_BY_TOOLS = {"instance", "__pycache__", "node_modules", "dist", "build"}
PUBLIC = {
    "api.documentation", "api.openapi", "api.sign_in",
    "auth.sign_in_page", "auth.sign_in", "health.live", "health.ready", "metrics.scrape", "reports.csp", "static.file",
}  # fmt: skip
BANNED = {"utils", "helper", "helpers", "common", "misc", "manager", "handler", "data", "info", "process"}
NAMED_BY_SQLALCHEMY = {"process_bind_param", "process_result_value"}
SAFE = {"GET", "HEAD", "OPTIONS"}
MOST_LINES = 400

MODULES = sorted(path for path in (ROOT / "webapp").rglob("*.py"))
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
OWN_STATIC = sorted(
    path
    for path in (ROOT / "static").rglob("*")
    if path.suffix in {".css", ".js", ".svg"} and "vendor" not in path.relative_to(ROOT).parts
)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The app with its routes; no database is touched."""
    folder = tmp_path_factory.mktemp("house")
    return create_app(Config.from_env(_env_file=None, instance_path=folder, argon2_time_cost=1, argon2_memory_kib=64))


def rules(app: Flask) -> list[Rule]:
    """Every route."""
    return list(app.url_map.iter_rules())


def named(path: Path) -> str:
    """A path for the message of a failure."""
    return str(path.relative_to(ROOT))


@cache
def parsed(path: Path) -> ast.Module:
    """A module's syntax, read once."""
    return ast.parse(path.read_text() or "'empty'")


def nodes(path: Path) -> Iterator[ast.AST]:
    """All of it."""
    return ast.walk(parsed(path))


def without_jinja_comments(text: str) -> str:
    """A template as far as browsers can ever see it."""
    return re.sub(r"\{#.*?#\}", "", text, flags=re.DOTALL)


def tags(text: str) -> Iterator[str]:
    """Every opening tag of a template, Jinja in its attributes included."""
    opening = r"<[a-zA-Z][^\s>/]*(?:\{\{.*?\}\}|\{%.*?%\}|\"[^\"]*\"|'[^']*'|[^>\"'])*>"
    yield from re.findall(opening, text, re.DOTALL)


# Doors


def test_only_these_doors_are_public(app: Flask) -> None:
    public = {endpoint for endpoint, view in app.view_functions.items() if getattr(view, "is_public", False)}
    assert public == PUBLIC


def test_only_the_browsers_own_reports_carry_no_csrf_token(app: Flask) -> None:
    exempt = {endpoint for endpoint, view in app.view_functions.items() if getattr(view, "is_csrf_exempt", False)}
    assert exempt == {"reports.csp"}


def test_no_endpoint_takes_both_a_safe_and_an_unsafe_method(app: Flask) -> None:
    methods: dict[str, set[str]] = {}
    for rule in rules(app):
        methods.setdefault(rule.endpoint, set()).update(rule.methods or set())
    both = {endpoint for endpoint, taken in methods.items() if taken & {"GET", "HEAD"} and taken - SAFE}
    assert both == set()


def documented_table(first_heading: str) -> list[list[str]]:
    """The rows of the table in docs/security.md whose first column has this heading."""
    page = ROOT / "docs" / "security.md"
    assert page.exists(), "docs/security.md is missing: it holds the table `route | methods | who`"
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in page.read_text().splitlines()]
    start = next((place for place, row in enumerate(rows) if row[0] == first_heading and len(row) > 1), None)
    assert start is not None, f"docs/security.md has no table whose first column is {first_heading!r}"
    body = rows[start + 2 :]
    return body[: next((place for place, row in enumerate(body) if len(row) < 2), len(body))]


def test_every_route_is_in_the_documentation_with_its_methods_and_who_may_use_it(app: Flask) -> None:
    documented = {row[0].strip("`"): (set(row[1].split(", ")), row[2]) for row in documented_table("route")}
    actual: dict[str, set[str]] = {}
    public: set[str] = set()
    for rule in rules(app):
        route = re.sub(r"<[^<>]*:", "<", rule.rule)
        actual.setdefault(route, set()).update((rule.methods or set()) - {"HEAD", "OPTIONS"})
        if rule.endpoint in PUBLIC:
            public.add(route)
    assert {route: methods for route, (methods, _who) in documented.items()} == actual
    assert {route for route, (_methods, who) in documented.items() if who.startswith("everybody")} == public


def test_the_doors_that_need_a_right_say_so_in_the_documentation(app: Flask) -> None:
    documented = {row[0].strip("`"): row[2] for row in documented_table("route")}
    for rule in rules(app):
        right = getattr(app.view_functions[rule.endpoint], "needs_right", None)
        if right:
            assert f"`{right}`" in documented[re.sub(r"<[^<>]*:", "<", rule.rule)]


def test_the_documented_roles_are_the_seeded_ones() -> None:
    documented = {
        role: re.findall(r"`([a-z_.]+)`", rights)
        for names, rights in documented_table("role")
        for role in names.split(", ")
    }
    assert documented == {role: rights for role, (_title, rights) in ROLES.items()}


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("wrong passwords for one name", "{sign_in_failures_per_name} in 15 minutes"),
        ("wrong passwords from one address", "{sign_in_failures_per_address} in 15 minutes"),
        ("sign-in without a request", "after {idle_minutes:.0f} minutes"),
        ("sign-in altogether", "after {absolute_hours:.0f} hours"),
        ("messages of one person", "{messages_per_minute} a minute"),
        ("password hash", "t={argon2_time_cost}"),
        ("replies made at a time", "{reply_threads} in a process"),
    ],
)
def test_the_documented_numbers_are_the_defaults(what: str, said: str) -> None:
    documented = {row[0]: row[1] for row in documented_table("what")}
    defaults = {name: field.default for name, field in Config.model_fields.items()}
    assert said.format(**defaults) in documented[what]


# Code


def test_only_the_unit_of_work_commits() -> None:
    committing = {
        named(path)
        for path in MODULES
        for node in nodes(path)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "commit"
        and "session" in ast.unparse(node.func.value)
    }
    assert committing == {"webapp/http/unit_of_work.py"}


def test_nobody_reaches_around_the_unit_of_work() -> None:
    """`engine.begin()` and autocommit would write past the one committing module; seeding and migrations may."""
    writing = {
        named(path)
        for path in MODULES
        for node in nodes(path)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"begin", "commit"}
        and "engine" in ast.unparse(node.func.value)
    }
    assert {name for name in writing if not name.startswith("webapp/bank/sandbox/")} == set()


def test_only_one_module_has_orders_carried_out() -> None:
    calling = {
        named(path)
        for path in MODULES
        for node in nodes(path)
        if isinstance(node, ast.Attribute) and node.attr == "carry_out"
    }
    served = {"webapp/bank/sandbox/serve.py"}  # the bank's own side of the line
    assert calling == {"webapp/work/carrying.py"} | served


@pytest.mark.parametrize("path", [*MODULES, *TEMPLATES, *OWN_STATIC], ids=named)
def test_no_file_is_longer_than_four_hundred_lines(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= MOST_LINES


def test_no_test_file_is_longer_than_four_hundred_lines() -> None:
    long = {named(path) for path in (ROOT / "tests").rglob("*.py") if len(path.read_text().splitlines()) > MOST_LINES}
    assert long == set()


def words_of(name: str) -> set[str]:
    """The words a name is made of: `StaffUser`, `staff_user` and `STAFF_USER` are two."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return {word.lower() for word in spaced.split("_") if word}


def test_nothing_has_a_name_that_says_nothing() -> None:
    named_so: list[str] = []
    for path in MODULES:
        if "migrations" in path.parts:
            continue
        names = [path.stem, path.parent.name]
        for node in nodes(path):
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                names += [] if node.name in NAMED_BY_SQLALCHEMY else [node.name]
        named_so += [
            f"{named(path)}: {name}" for name in names if words_of(name) & BANNED or name.lstrip("_").startswith("do_")
        ]
    assert named_so == []


def test_no_module_silences_a_linter_for_a_whole_file() -> None:
    silencing = re.compile(r"#\s*(ruff|flake8|mypy): ?(noqa|ignore)")
    assert {named(path) for path in MODULES if silencing.search(path.read_text())} == set()


def test_every_module_says_what_it_is_for() -> None:
    silent = {named(path) for path in MODULES if not ast.get_docstring(parsed(path))}
    assert {name for name in silent if "/migrations/" not in name} == set()


def test_the_top_level_holds_only_what_belongs_there() -> None:
    present = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}
    assert present - TOP_LEVEL - MADE_BY_TOOLS == set()
    assert {"webapp", "templates", "static", "tests", "wsgi.py", "requirements.txt"} <= present


# Pages and fragments


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_a_page_extends_the_base_and_a_fragment_does_not(path: Path) -> None:
    text = without_jinja_comments(path.read_text())
    if path.name == "base.html":
        assert text.count("<!doctype html>") == 1
    elif path.name.startswith("_"):
        assert "{% extends" not in text
        assert not re.search(r"<(script|style|html|body)\b", text)
    else:
        assert text.startswith('{% extends "base.html" %}')


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_no_template_carries_script_or_style_in_itself(path: Path) -> None:
    text = without_jinja_comments(path.read_text())
    assert "<style" not in text
    assert "javascript:" not in text
    for script in re.findall(r"<script\b.*?</script>", text, re.DOTALL):
        assert re.fullmatch(r"<script\b[^>]*\bsrc=\"[^\"]*\"[^>]*></script>", script), script
        assert 'nonce="{{ csp_nonce }}"' in script
    for tag in tags(text):
        assert not re.search(r"\s(style|on[a-z]+|hx-on[:\w]*)\s*=", tag), tag


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_every_element_with_an_htmx_attribute_carries_the_nonce(path: Path) -> None:
    for tag in tags(without_jinja_comments(path.read_text())):
        if tag.startswith("<hx-partial"):
            continue  # not an element of the page: htmx takes it out of the answer
        if re.search(r"\shx-(?!nonce)", tag):
            assert 'hx-nonce="{{ csp_nonce }}"' in tag, tag


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_every_form_that_posts_carries_a_csrf_token(path: Path) -> None:
    for form in re.findall(r"<form\b.*?</form>", without_jinja_comments(path.read_text()), re.DOTALL):
        if re.search(r'method="post"', form):
            assert "{{ csrf() }}" in form, form[:120]


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_no_template_trusts_text(path: Path) -> None:
    text = without_jinja_comments(path.read_text())
    assert "|safe" not in text.replace(" ", "")
    assert "autoescape" not in text
    assert not re.search(r"=\{\{", text), "an attribute without quotes"


@pytest.mark.parametrize("path", [*TEMPLATES, *OWN_STATIC], ids=named)
def test_nothing_is_loaded_from_another_host(path: Path) -> None:
    text = without_jinja_comments(path.read_text()).replace("http://www.w3.org/", "")
    without_comments = re.sub(r"(?m)(^|\s)//\s.*$", "", text)
    assert not re.search(r"(https?:)?//[a-z0-9-]+(\.[a-z0-9-]+)+", without_comments, re.IGNORECASE)
    assert "@import" not in text


def test_no_script_of_ours_writes_markup_or_evaluates_text() -> None:
    writing = re.compile(r"innerHTML|outerHTML\s*=|insertAdjacentHTML|document\.write|\beval\(|new Function")
    assert {named(path) for path in OWN_STATIC if path.suffix == ".js" and writing.search(path.read_text())} == set()


def test_the_browser_keeps_nothing_for_good_but_when_somebody_was_last_there() -> None:
    kept = [call for path in OWN_STATIC for call in re.findall(r"localStorage\.setItem\(.*?;", path.read_text())]
    assert kept == ["localStorage.setItem(KEY, String(last));"]


def test_every_vendored_file_names_its_version_and_has_a_licence() -> None:
    vendored = [path.name for path in (ROOT / "static" / "vendor").iterdir()]
    for name in vendored:
        assert "LICENSE" in name or re.search(r"-\d+\.\d+\.\d+\.", name), name
    assert any("LICENSE" in name for name in vendored)
