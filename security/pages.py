"""What every console page has in common: who sees it, how it is drawn, how a refusal looks."""

import logging
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.views import redirect_to_login
from django.db import DataError
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import render as render_template
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from security import context, problems
from security.authentication import caller
from security.errors import Forbidden, InvalidInput, NotFound, PublicError
from security.principals import Principal

log = logging.getLogger(__name__)
# Where nobody reads pages.
PROGRAMS = ("/api/", "/a2a", "/.well-known/", "/ws/", "/v1/", "/mcp", "/metrics")
View = Callable[..., HttpResponse]  # (request, principal, …) as written, (request, …) as served


class Rights:
    """`{% if may.plugins_operate %}` in templates: what the reader may do decides what is shown."""

    def __init__(self, principal: Principal) -> None:
        self._principal = principal

    def __getitem__(self, name: str) -> bool:
        return self._principal.may(name.replace("_", ".", 1))


def principal_of(request: HttpRequest) -> Principal:
    """The caller, asked of the database once per request."""
    known = getattr(request, "_console_principal", None)
    if known is None:
        known = caller(request)
        request._console_principal = known  # type: ignore[attr-defined]
    return known


def render(
    request: HttpRequest, template: str, page: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """A page in the console's frame; `page` needs a `title`."""
    principal = principal_of(request)
    frame = {**admin.site.each_context(request), "may": Rights(principal), "principal": principal}
    return render_template(request, template, {**frame, **page}, status=status)


def _guarded(methods: tuple[str, ...], refuse: View) -> Callable[[View], View]:
    def decorate(view: View) -> View:
        @wraps(view)
        def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method not in methods:
                return HttpResponseNotAllowed(methods)
            principal = principal_of(request)
            if principal.is_anonymous:
                return redirect_to_login(request.get_full_path())
            try:
                return view(request, principal, *args, **kwargs)
            except (PublicError, DataError, UnicodeEncodeError) as error:
                return refuse(request, problems.as_public(error))

        return answer

    return decorate


def _show_refusal(request: HttpRequest, error: PublicError) -> HttpResponse:
    title = _("Not found") if error.http_status == 404 else _("Refused")
    page = {"title": title, "error": error, "request_id": context.request_id.get()}
    return render(request, "security/refusal.html", page, status=error.http_status)


def _tell_and_return(request: HttpRequest, error: PublicError) -> HttpResponse:
    messages.error(request, error.message)
    return back(request)


#: A page that only shows.
page = _guarded(("GET", "HEAD"), _show_refusal)
#: A page with a form of its own, shown again with its errors.
form_page = _guarded(("GET", "HEAD", "POST"), _show_refusal)
#: A button: does one thing, says so, and goes back; a refusal is a message.
deed = _guarded(("POST",), _tell_and_return)


def back(request: HttpRequest, default: str = "/") -> HttpResponseRedirect:
    """To where the form asks (`next`), else to the page it was on; never to another host."""
    for target in (request.POST.get("next", ""), request.headers.get("Referer", "")):
        if target and url_has_allowed_host_and_scheme(target, {request.get_host()}):
            return HttpResponseRedirect(target)
    return HttpResponseRedirect(default)


def done(request: HttpRequest, message: str, default: str = "/") -> HttpResponseRedirect:
    """A deed has been done: say so on the page one comes back to."""
    messages.success(request, message)
    return back(request, default)


def tried(form: BaseForm, save: Callable[[], object]) -> bool:
    """Call a service with what a form holds; what it refuses becomes the form's errors."""
    try:
        save()
    except PublicError as error:
        _show_why(form, error)
        return False
    return True


def _show_why(form: BaseForm, error: PublicError) -> None:
    """Beside the field where the refusal says “field: why”, else above the form."""
    beside = {
        name: why
        for name, why in error.fields.items()
        if name in form.fields and f"{name}: {why}" in error.message
    }
    for name, why in beside.items():
        form.add_error(name, why)
    if not beside or len(beside) < len(error.fields):
        form.add_error(None, error.message)


def moment_of(text: str) -> datetime | None:
    """What a date field of a filter says; None for nothing, and for what is no date."""
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    return timezone.make_aware(moment) if moment and timezone.is_naive(moment) else moment


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404 for addresses nothing answers at: a problem document for programs, a page for people."""
    return _for_whom_it_is(request, NotFound(_("There is nothing at this address.")))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A request that Django itself refuses, such as one for a host that is not ours."""
    return problems.response(InvalidInput(_("The request cannot be understood.")))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _for_whom_it_is(request, Forbidden(_("You may not do that.")))


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    told = _("This form had expired. Go back, reload the page, and send it again.")
    return _for_whom_it_is(request, Forbidden(told))


def server_error(request: HttpRequest) -> HttpResponse:
    """500: asks nothing of the database, which may be the cause."""
    error = PublicError(_("Something went wrong inside AgentX."))
    if request.path.startswith(PROGRAMS):
        return problems.response(error)
    told = {"error": error, "request_id": context.request_id.get()}
    return render_template(request, "500.html", told, status=500)


def _for_whom_it_is(request: HttpRequest, error: PublicError) -> HttpResponse:
    if request.path.startswith(PROGRAMS):
        return problems.response(error)
    if principal_of(request).is_anonymous:
        told = {"error": error, "request_id": context.request_id.get()}
        return render_template(request, "stranger.html", told, status=error.http_status)
    return _show_refusal(request, error)
