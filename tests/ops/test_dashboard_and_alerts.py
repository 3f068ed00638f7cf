"""What operators are handed as files: every metric a panel or an alert names exists, every setting and file too."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from tests.server import ROOT
from webapp import figures
from webapp.config import Config

OPS = ROOT / "docs" / "ops"
METRIC = re.compile(r"\bbankside_[a-z_]+")
LABELS = re.compile(r"\b(bankside_[a-z_]+)\{([^}]*)\}")
LABELS_OF = {
    "bankside_requests_total": {"endpoint", "method", "status"},
    "bankside_request_seconds_bucket": {"endpoint", "le"},
    "bankside_posts_rejected_total": {"kind"},
    "bankside_replies_total": {"state", "agent"},
    "bankside_reply_claims_total": {"attempt"},
    "bankside_model_questions_total": {"outcome"},
    "bankside_model_tokens_total": {"way"},
}


def alerts() -> list[dict[str, Any]]:
    """Every alert rule."""
    groups = yaml.safe_load((OPS / "alert-rules.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def questions() -> list[str]:
    """Every expression that is asked of Prometheus."""
    panels = json.loads((OPS / "grafana-dashboard.json").read_text())["panels"]
    return [target["expr"] for panel in panels for target in panel["targets"]] + [rule["expr"] for rule in alerts()]


@pytest.mark.parametrize("question", questions())
def test_every_metric_and_label_asked_for_exists(question: str) -> None:
    asked = set(METRIC.findall(question))
    assert asked <= figures.names()
    for name, labels in LABELS.findall(question):
        assert set(re.findall(r"(\w+)\s*=~?", labels)) <= LABELS_OF[name]
    assert question.count("(") == question.count(")")


def test_every_metric_is_on_the_dashboard_or_in_an_alert() -> None:
    suffix = re.compile(r"_(total|bucket|count|sum|created)$")
    asked = {suffix.sub("", name) for question in questions() for name in METRIC.findall(question)}
    assert {suffix.sub("", name) for name in figures.names()} == asked


def test_every_alert_says_what_happened_and_what_to_do() -> None:
    assert len(alerts()) >= 8
    for rule in alerts():
        assert rule["annotations"]["summary"], rule
        assert rule["annotations"]["action"], rule
        assert rule["labels"]["severity"] in ("page", "ticket")


@pytest.mark.parametrize("page", sorted(OPS.glob("*.md")), ids=lambda page: page.name)
def test_every_setting_and_file_a_page_names_exists(page: Any) -> None:
    text = page.read_text()
    known = {name.upper() for name in Config.model_fields} | {"RESTORED_URL", "BACKUP", "PROMETHEUS_MULTIPROC_DIR"}
    named = {name for name in re.findall(r"`([A-Z][A-Z_]{3,})(?:=[^`]*)?`", text) if "_" in name}
    assert named <= known
    for target in re.findall(r"\]\(([^)#]+?)\)", text):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), target
