"""Versions of plugins and the ranges others want them in: PEP 440 (`>=1.2,<2`) or semver (`^1.2`, `1.x || 2.x`)."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

import semantic_version
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

Key = tuple[Version, str]
MAX_LENGTH: Final = 200


def is_version(text: str) -> bool:
    """Whether PEP 440 or semver knows this as a version."""
    return _pep440(text) is not None or semantic_version.validate(text)


def is_range(text: str) -> bool:
    return not text.strip() or _specifiers(text) is not None or _npm(text) is not None


@lru_cache(4096)
def key(version: str) -> Key:
    """To sort by, for any text. What PEP 440 does not know comes as a pre-release of its numbers."""
    known = _pep440(version)
    if known is None and semantic_version.validate(version):
        parts = semantic_version.Version(version)
        known = Version(f"{parts.major}.{parts.minor}.{parts.patch}.dev0")
    return known or Version("0.dev0"), version


def is_prerelease(version: str) -> bool:
    return key(version)[0].is_prerelease


def fits(version: str, range: str) -> bool:
    """Whether this version is within the range; an empty one takes any. A range that says nothing known takes none."""
    wanted = range.strip()
    if not wanted or wanted in {"*", version} or _same(version, wanted):
        return True
    specifiers = _specifiers(wanted)
    if specifiers is not None:
        known = _pep440(version)
        early = bool(specifiers.prereleases)  # only where the range names one itself
        return known is not None and specifiers.contains(known, prereleases=early)
    npm = _npm(wanted)
    return npm is not None and _semver(version) in npm


def newest(versions: Iterable[str], range: str) -> str | None:
    """The newest that fits; a pre-release only when there is nothing else."""
    fitting = [version for version in versions if fits(version, range)]
    final = [version for version in fitting if not is_prerelease(version)]
    return max(final or fitting, key=key, default=None)


def _same(one: str, other: str) -> bool:
    """`1.2` is not the same as `1.2.0` here: it stands for every 1.2.x, as in semver."""
    a, b = _pep440(one), _pep440(other)
    return a is not None and a == b and other.count(".") >= 2


@lru_cache(4096)
def _pep440(text: str) -> Version | None:
    try:
        return Version(text) if len(text) <= MAX_LENGTH else None
    except InvalidVersion:
        return None


@lru_cache(1024)
def _specifiers(text: str) -> SpecifierSet | None:
    try:
        return SpecifierSet(text) if len(text) <= MAX_LENGTH else None
    except InvalidSpecifier:
        return None


@lru_cache(1024)
def _npm(text: str) -> semantic_version.NpmSpec | None:
    try:
        return semantic_version.NpmSpec(text) if len(text) <= MAX_LENGTH else None
    except ValueError:
        return None


def _semver(version: str) -> semantic_version.Version:
    """The same version as semver has it: three numbers, and what stands before the release."""
    if semantic_version.validate(version):
        return semantic_version.Version(version)
    known = key(version)[0]
    numbers = ".".join(str(number) for number in (*known.release, 0, 0)[:3])
    before = ".".join(map(str, known.pre or ())) or ("dev" if known.is_devrelease else "")
    return semantic_version.Version(f"{numbers}-{before}" if before else numbers)
