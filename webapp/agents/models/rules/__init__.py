"""The built-in rules model."""

from webapp.agents.models.rules.model import RulesModel

__all__ = ["RulesModel"]
