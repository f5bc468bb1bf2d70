"""Typed readers of the environment. Every name may also be given as NAME_FILE, the path of a file that holds the value.

A value that cannot be understood raises `ImproperlyConfigured` with the name, what was found and what is wanted.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off", ""}


@dataclass(frozen=True, slots=True)
class Setting:
    """One documented setting, for docs/reference/settings.md."""

    name: str
    default: str
    about: str


DOCUMENTED: dict[str, Setting] = {}


def text(name: str, default: str | None = None, about: str = "") -> str:
    """The value of NAME, else what NAME_FILE holds (its last newline cut), else the default."""
    if about:
        DOCUMENTED[name] = Setting(name, "" if default is None else default, about)
    if (value := os.environ.get(name)) is not None:
        return value
    if path := os.environ.get(f"{name}_FILE"):
        try:
            return Path(path).read_text().rstrip("\n")
        except OSError as error:
            raise ImproperlyConfigured(
                f"{name}_FILE: cannot read {path}: {error.strerror}"
            ) from None
    if default is None:
        raise ImproperlyConfigured(f"{name} is not set (nor {name}_FILE)")
    return default


def flag(name: str, default: bool, about: str) -> bool:
    """A yes or no: 1/true/yes/on or 0/false/no/off."""
    value = text(name, "yes" if default else "no", about).strip().lower()
    if value not in TRUE | FALSE:
        raise ImproperlyConfigured(f"{name}: {value!r} is neither yes nor no")
    return value in TRUE


def number(name: str, default: int, about: str, most: int | None = None) -> int:
    """A whole number, at most `most`."""
    value = text(name, str(default), about).strip()
    try:
        found = int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name}: {value!r} is not a whole number") from None
    if most is not None and found > most:
        raise ImproperlyConfigured(f"{name}: {found} is more than {most}")
    return found


def names(name: str, default: str, about: str) -> list[str]:
    """A list, separated by commas; blanks are dropped."""
    return [part.strip() for part in text(name, default, about).split(",") if part.strip()]


def database(name: str, about: str) -> dict[str, object]:
    """`postgresql://user:password@host:port/name?host=/socket/dir` as Django's DATABASES entry."""
    parts = urlsplit(text(name, "postgresql://agentx@127.0.0.1:5432/agentx", about))
    if parts.scheme not in {"postgresql", "postgres"}:
        raise ImproperlyConfigured(
            f"{name}: only postgresql:// is supported, found {parts.scheme!r}"
        )
    query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    return {
        "ENGINE": "django_prometheus.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "agentx",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", None) or parts.hostname or "",
        "PORT": query.pop("port", None) or str(parts.port or ""),
        "OPTIONS": {**query},
    }
