"""What agent cards are signed with."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from registry import selectors, services
from registry.models import SigningKey
from registry.services.signatures import JWKS_PATH
from security import permissions
from security.pages import deed, done, page, render
from security.principals import Principal


@page
def keys(request: HttpRequest, principal: Principal) -> HttpResponse:
    principal.require(permissions.KEYS_MANAGE)
    told = {
        "title": _("Card keys"),
        "rows": selectors.card_keys(principal),
        "grace": selectors.KEY_GRACE,
        "algorithms": SigningKey.Algorithm.choices,
        "address": settings.PUBLIC_URL + JWKS_PATH,
    }
    return render(request, "registry/card_keys.html", told)


@deed
def rotate(request: HttpRequest, principal: Principal) -> HttpResponse:
    key = services.rotate_card_key(principal, request.POST.get("algorithm", ""))
    return done(request, _("Cards are signed with %(kid)s now.") % {"kid": key.kid}, "/card-keys/")
