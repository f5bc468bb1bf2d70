"""Console pages: the catalogue of what can be installed, and one package."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Any, Final

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from plugins_app.errors import PackageNotFound
from plugins_app.fetching import taking
from plugins_app.fetching.registries import Registry, registries, registry_named
from plugins_app.models import Package, Plugin, PluginRelease
from plugins_app.packages import index, versions
from plugins_app.packages.index import Entry
from plugins_app.selectors import market as selectors
from plugins_app.selectors.bundled import Bundled, bundled
from plugins_app.services import acceptance, market, set_desired
from plugins_app.views.shelf import SHOWCASES, Showcase, Standing, standings
from registry.models import Trust
from security import permissions
from security.errors import InvalidInput, Unavailable
from security.pages import back, deed, done, page, render
from security.principals import Principal

PER_PAGE: Final = 24
ELSEWHERE_SHOWN: Final = 200


@dataclass(frozen=True, slots=True)
class Card:
    """What can be installed, as the catalogue shows it, wherever it is."""

    name: str
    version: str
    description: str
    kind: str
    framework: str
    capabilities: list[str]
    trust: str  # empty: decided when it is installed
    stars: float | None
    ratings: int
    downloads: int | None
    installed: str  # the version that is installed here
    registry: str  # of another registry, its name
    has_page: bool
    is_signed: bool
    language: str = ""
    is_bundled: bool = False
    standing: Standing = field(default_factory=Standing)

    @property
    def showcase(self) -> Showcase | None:
        """Of the frameworks that ship with AgentX: what each is chosen for. What is made with one is something else."""
        return SHOWCASES.get(self.name) if self.is_bundled else None

    @property
    def is_newer(self) -> bool:
        return bool(self.installed) and versions.key(self.version) > versions.key(self.installed)


@page
def catalogue(request: HttpRequest, principal: Principal) -> HttpResponse:
    principal.require(permissions.PLUGINS_VIEW)
    asked = {name: request.GET.get(name, "").strip()[:200] for name in ("q", "kind", "trust")}
    chosen = request.GET.get("registry", "")
    told: dict[str, Any] = {
        "title": _("Catalogue"),
        "kinds": Plugin.Kind.choices,
        "trusts": Trust.choices,
        "registries": registries(),
        "waiting": _waiting(principal),
        "live": not chosen,
    }
    if chosen:
        told |= _elsewhere(registry_named(chosen), asked["q"])
    else:
        told |= _here(request, principal, asked)
    return render(request, "plugins_app/catalogue.html", told)


@page
def package(request: HttpRequest, principal: Principal, name: str) -> HttpResponse:
    rows = selectors.versions_of(principal, name)
    wanted = request.GET.get("version", "")
    shown = next((row for row in rows if row.version == wanted), None) or _newest(rows)
    ratings = Paginator(selectors.ratings_of(principal, name), 20)
    told = {
        "title": name,
        "crumbs": [("/catalogue/", _("Catalogue"))],
        "package": shown,
        "versions": rows,
        "manifest": shown.manifest,
        "metadata": shown.manifest.get("metadata", {}),
        "needs": shown.manifest.get("dependencies", []),
        "installed": selectors.installed_versions([name]).get(name, ""),
        "reviews": selectors.reviews_of(principal, shown),
        "rows": ratings.get_page(request.GET.get("page")),
        "mine": selectors.rating_by(principal, name),
        "stars": range(1, 6),
        "may_yank": market.may_yank(principal, shown),
    }
    return render(request, "plugins_app/package.html", told)


@deed
def install(request: HttpRequest, principal: Principal) -> HttpResponse:
    """Install by name: from this registry, of what ships with AgentX, or from another registry."""
    principal.require(permissions.PLUGINS_MANAGE)
    name, spec = request.POST.get("name", ""), request.POST.get("version", "")
    registry = request.POST.get("registry", "")
    plugin = None if registry else acceptance.install_named(principal, name, spec)
    if plugin is None:
        plugin = _installed_from(principal, name, spec, registry)
    told = _("%(plugin)s is installed. Start it here, or look how far its installation is.")
    return done(request, told % {"plugin": plugin.slug}, f"/plugins/{plugin.slug}/")


@deed
def start(request: HttpRequest, principal: Principal) -> HttpResponse:
    """From nothing to an agent that answers, by one click: install it, prepare it, start it. Again, where that failed."""
    name, spec = request.POST.get("name", ""), request.POST.get("version", "")
    is_here = Plugin.objects.filter(slug=name).exists()
    if not is_here and acceptance.install_named(principal, name, spec) is None:
        raise PackageNotFound(_("There is no plugin %(name)s here.") % {"name": name[:100]})
    set_desired(principal, name, Plugin.Desired.RUNNING)
    return back(request, "/catalogue/")


@deed
def rate(request: HttpRequest, principal: Principal, name: str) -> HttpResponse:
    try:
        stars = int(request.POST.get("stars", ""))
    except ValueError:
        raise InvalidInput(_("Give one to five stars.")) from None
    market.rate(principal, name, stars, request.POST.get("comment", ""))
    return done(request, _("Thank you: your rating counts."), f"/catalogue/{name}/")


@deed
def yank(request: HttpRequest, principal: Principal, name: str, version: str) -> HttpResponse:
    market.yank(principal, name, version, request.POST.get("reason", ""))
    told = _("%(version)s is yanked: no range chooses it any more.") % {"version": version}
    return done(request, told, f"/catalogue/{name}/")


@deed
def unyank(request: HttpRequest, principal: Principal, name: str, version: str) -> HttpResponse:
    market.unyank(principal, name, version)
    told = _("%(version)s can be had again.") % {"version": version}
    return done(request, told, f"/catalogue/{name}/")


def _installed_from(principal: Principal, name: str, spec: str, registry: str) -> Plugin:
    taken = taking.take(name, spec, registry=registry)
    source = PluginRelease.Source.MARKET
    signature = taken.entry.signature
    return acceptance.accept(principal, taken.content, source=source, signature=signature)


def _here(request: HttpRequest, principal: Principal, asked: dict[str, str]) -> dict[str, Any]:
    """This AgentX's registry, and on its first page what ships with AgentX."""
    found = selectors.catalogue(
        principal, words=asked["q"], kind=asked["kind"], trust=asked["trust"]
    ).order_by("name")
    rows = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    shipped = _matching(bundled(), asked)
    here = [package.name for package in rows] + [each.name for each in shipped]
    installed = selectors.installed_versions(here)
    listed = selectors.listed_names(principal, [each.name for each in shipped])
    cards = [_card(package, installed.get(package.name, "")) for package in rows]
    bundled_cards = [
        _bundled_card(each, installed.get(each.name, ""))
        for each in shipped
        if each.name not in listed
    ]
    how = standings(principal, here)
    bundled_cards = _standing_cards(bundled_cards, how)
    return {
        "rows": rows,
        "cards": _standing_cards(cards, how),
        "frameworks": [card for card in bundled_cards if card.showcase],
        "shipped": [card for card in bundled_cards if not card.showcase],
    }


def _standing_cards(cards: Collection[Card], how: dict[str, Standing]) -> list[Card]:
    return [replace(card, standing=how.get(card.name, card.standing)) for card in cards]


def _elsewhere(registry: Registry, words: str) -> dict[str, Any]:
    try:
        found = index.matching(taking.entries_of(registry), words)
    except (Unavailable, PackageNotFound) as error:
        return {"chosen": registry, "away": error.message, "cards": []}
    installed = selectors.installed_versions([each.name for each in found])
    cards = [_entry_card(each, registry.name, installed.get(each.name, "")) for each in found]
    return {
        "chosen": registry,
        "cards": cards[:ELSEWHERE_SHOWN],
        "more": max(0, len(cards) - ELSEWHERE_SHOWN),
    }


def _matching(found: list[Bundled], asked: dict[str, str]) -> list[Bundled]:
    words = asked["q"].casefold().split()
    return [
        each
        for each in found
        if all(word in f"{each.name} {each.description}".casefold() for word in words)
        and asked["kind"] in ("", each.manifest.get("kind", "custom"))
        and asked["trust"] in ("", each.manifest.get("trust", Trust.INTERNAL))
    ]


def _card(package: Package, installed: str) -> Card:
    told = _about(package.manifest)
    return Card(
        name=package.name,
        version=package.version,
        description=package.description,
        **told,
        trust=package.trust,
        stars=getattr(package, "stars", None),
        ratings=getattr(package, "ratings", 0),
        downloads=getattr(package, "all_downloads", 0),
        installed=installed,
        registry="",
        has_page=True,
        is_signed=package.signer_id is not None,
    )


def _bundled_card(each: Bundled, installed: str) -> Card:
    return Card(
        name=each.name,
        version=each.version,
        description=each.description,
        **_about(each.manifest),
        trust=each.manifest.get("trust", Trust.INTERNAL),
        stars=None,
        ratings=0,
        downloads=None,
        installed=installed,
        registry="",
        has_page=False,
        is_signed=False,
        is_bundled=True,
    )


def _entry_card(each: Entry, registry: str, installed: str) -> Card:
    return Card(
        name=each.name,
        version=each.version,
        description=each.description,
        kind=each.kind,
        framework=each.framework,
        capabilities=each.capabilities,
        trust="",
        stars=None,
        ratings=0,
        downloads=None,
        installed=installed,
        registry=registry,
        has_page=False,
        is_signed=bool(each.signature),
    )


def _about(manifest: dict[str, Any]) -> dict[str, Any]:
    return {
        "kind": manifest.get("kind", "custom"),
        "framework": manifest.get("framework", "custom"),
        "capabilities": list(manifest.get("capabilities", ())),
        "language": manifest.get("runtime", {}).get("language", "python"),
    }


def _newest(rows: list[Package]) -> Package:
    return next((row for row in rows if row.latest), rows[0])


def _waiting(principal: Principal) -> int:
    if not principal.may(permissions.PLUGINS_REVIEW):
        return 0
    return selectors.waiting_reviews(principal).count()
