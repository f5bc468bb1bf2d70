"""Console page: processes on other machines, and the tokens that let them in."""

from uuid import UUID

from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from plugins_app.forms import JoinTokenForm
from plugins_app.models import JoinToken, Plugin
from plugins_app.selectors import joining as questions
from plugins_app.services import guests
from plugins_app.services.join_tokens import create_token, revoke_token
from security.errors import PublicError
from security.pages import deed, done, form_page, render
from security.principals import Principal

HERE = "/join-tokens/"


@form_page
def join_tokens(request: HttpRequest, principal: Principal) -> HttpResponse:
    """The lists; posting makes a token and shows its text on this one answer, which nobody may keep."""
    found = questions.join_tokens(principal)
    form = JoinTokenForm(request.POST or None, plugins=Plugin.objects.order_by("slug"))
    fresh = _made(principal, form) if form.is_bound and form.is_valid() else None
    told = {
        "title": _("Join tokens"),
        "live": True,
        "rows": Paginator(found, 50).get_page(request.GET.get("page")),
        "joined": questions.joined_processes(principal),
        "form": form,
        "fresh": fresh,
        "command": questions.command_of(fresh[1]) if fresh else "",
        "is_open": questions.is_open(),
        "place": settings.JOIN_PUBLIC,
    }
    answer = render(request, "plugins_app/joining.html", told)
    answer["Cache-Control"] = "no-store"
    return answer


def _made(principal: Principal, form: JoinTokenForm) -> tuple[JoinToken, str] | None:
    try:
        return create_token(principal, **form.service_input())
    except PublicError as error:
        form.add_error(None, error.message)
        return None


@deed
def revoke(request: HttpRequest, principal: Principal, token_id: UUID) -> HttpResponse:
    token = revoke_token(principal, token_id)
    return done(request, _("The join token %(name)s is revoked.") % {"name": token.name}, HERE)


@deed
def dismiss(request: HttpRequest, principal: Principal, instance_id: UUID) -> HttpResponse:
    row = guests.dismiss(principal, instance_id)
    told = _("The process on %(node)s was asked to leave.") % {"node": row.node.name}
    return done(request, told, HERE)
