"""Configurations of plugins as plain values: their secrets, faults, differences, texts and forms. Pure."""

from plugins_app.configuration.changes import Change, as_json, changes, same
from plugins_app.configuration.problems import problems

__all__ = ["Change", "as_json", "changes", "problems", "same"]
