"""Console pages: what was done, keys, people."""

from functools import partial
from typing import Final
from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from security import permissions, selectors, services
from security.errors import PublicError
from security.forms import ApiKeyForm, UserForm
from security.keyset import newest_page
from security.models import ApiKey, AuditEvent, User
from security.pages import back, deed, done, form_page, moment_of, page, render, tried
from security.principals import Principal

# What actions begin with, for the filter.
ACTIONS: Final = (
    *("agent", "alert", "alert_rule", "authority", "autoscale", "card_key", "join_token", "key"),
    *("plugin", "push", "task", "user"),
)


@page
def audit(request: HttpRequest, principal: Principal) -> HttpResponse:
    events = _asked_for(selectors.audit_events(principal), request.GET.dict())
    rows = newest_page(events, request.GET.get("after", ""), by="time")
    told = {"title": _("Audit"), "rows": rows, "actions": ACTIONS}
    return render(request, "security/audit.html", told)


def _asked_for(events: QuerySet[AuditEvent], asked: dict[str, str]) -> QuerySet[AuditEvent]:
    """The events that the filters in the address leave."""
    for word in asked.get("q", "").split():
        events = events.filter(
            Q(actor_label__icontains=word) | Q(target__icontains=word) | Q(action__icontains=word)
        )
    if action := asked.get("action"):
        events = events.filter(action__startswith=action)
    if (since := moment_of(asked.get("since", ""))) is not None:
        events = events.filter(time__gte=since)
    if (until := moment_of(asked.get("until", ""))) is not None:
        events = events.filter(time__lte=until)
    return events


@form_page
def keys(request: HttpRequest, principal: Principal) -> HttpResponse:
    """The list; posting makes a key and shows its text on this one answer, which nobody may keep."""
    own_roles = selectors.roles(principal).filter(permissions__contained_by=_granted(principal))
    form = ApiKeyForm(request.POST or None, roles=own_roles)
    fresh = _made(principal, form) if form.is_bound and form.is_valid() else None
    rows = Paginator(selectors.api_keys(principal), 50).get_page(request.GET.get("page"))
    told = {"title": _("API keys"), "rows": rows, "form": form, "fresh": fresh}
    told["now"] = timezone.now()
    answer = render(request, "security/keys.html", told)
    answer["Cache-Control"] = "no-store"
    return answer


def _granted(principal: Principal) -> list[str]:
    return sorted(p for p in permissions.EVERYTHING if principal.may(p))


def _made(principal: Principal, form: ApiKeyForm) -> tuple[ApiKey, str] | None:
    try:
        return services.create_api_key(principal, **form.service_input())
    except PublicError as error:
        form.add_error(None, error.message)
        return None


@deed
def revoke_key(request: HttpRequest, principal: Principal, key_id: UUID) -> HttpResponse:
    key = services.revoke_api_key(principal, key_id)
    return done(request, _("The key %(name)s is revoked.") % {"name": key.name}, "/keys/")


@form_page
def users(request: HttpRequest, principal: Principal) -> HttpResponse:
    found = selectors.users(principal)
    form = UserForm(request.POST or None, roles=selectors.roles(principal))
    if form.is_bound and form.is_valid() and tried(form, partial(_create_user, principal, form)):
        name = form.cleaned_data["username"]
        return done(request, _("%(name)s can log in now.") % {"name": name}, "/users/")
    if text := request.GET.get("q", ""):
        found = found.filter(Q(username__icontains=text) | Q(email__icontains=text))
    rows = Paginator(found, 50).get_page(request.GET.get("page"))
    roles = list(selectors.roles(principal))
    told = {"title": _("Users"), "rows": rows, "form": form, "roles": roles}
    return render(request, "security/users.html", told)


def _create_user(principal: Principal, form: UserForm) -> User:
    return services.create_user(principal, **form.service_input())


@deed
def change_role(request: HttpRequest, principal: Principal, username: str) -> HttpResponse:
    role = request.POST.get("role", "")
    services.set_user_role(principal, username, role)
    return done(request, _("%(name)s is %(role)s now.") % {"name": username, "role": role})


@deed
def let_in(request: HttpRequest, principal: Principal, username: str) -> HttpResponse:
    services.set_user_active(principal, username, True)
    return back(request, "/users/")


@deed
def lock_out(request: HttpRequest, principal: Principal, username: str) -> HttpResponse:
    services.set_user_active(principal, username, False)
    return back(request, "/users/")
