"""Tests of plugins with requirements of their own run in their own environments (tests/frameworks), not in AgentX's."""

from pathlib import Path


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """A lock beside plugin.yaml says that it has one."""
    is_plugin = collection_path.parent == Path(__file__).parent and collection_path.is_dir()
    return True if is_plugin and (collection_path / "requirements.in").exists() else None
