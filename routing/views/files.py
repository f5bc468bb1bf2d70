"""The files that are in tasks: shown or saved, without any way to run here."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from routing import content, selectors
from routing.errors import TaskNotFound
from security.pages import page
from security.principals import Principal


@page
def artifact_file(
    request: HttpRequest, principal: Principal, task_id: UUID, artifact: int, part: int
) -> HttpResponse:
    found = selectors.access_task(principal, task_id)
    holder = dict(enumerate(found.artifacts)).get(artifact, {})
    return _file(dict(content.runs(holder.get("parts", []))).get(part, {}), part)


@page
def message_file(
    request: HttpRequest, principal: Principal, task_id: UUID, message: UUID, part: int
) -> HttpResponse:
    found = selectors.access_task(principal, task_id).messages.filter(id=message).first()
    parts = found.message.get("parts", []) if found else []
    return _file(dict(enumerate(parts)).get(part, {}), part)


def _file(part: content.Json, number: int) -> HttpResponse:
    """A part for a browser to show, if it is an image, or to save: nothing in it can run here."""
    found = content.saved(part, f"part-{number + 1}")
    if found is None:
        raise TaskNotFound(_("There is no file at this address."))
    charset = "; charset=utf-8" if found.media_type.startswith("text/") else ""
    answer = HttpResponse(found.body, content_type=found.media_type + charset)
    disposition = content_disposition_header(not found.is_image, found.filename)
    answer["Content-Disposition"] = disposition or "attachment"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "private, no-cache"
    return answer
