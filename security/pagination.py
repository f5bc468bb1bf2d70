"""Lists come newest first in pages by cursor: stable while rows arrive, and as cheap on page 1,000 as on page 1."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import DataError
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request

from security.errors import InvalidInput


class NewestFirst(CursorPagination):
    """`?page_size=` 1 to 200 (default 50), `?cursor=`; answers `{next, previous, results}`."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200
    ordering: tuple[str, ...] = ("-created", "-id")

    def paginate_queryset(
        self, queryset: Any, request: Request, view: Any = None
    ) -> list[Any] | None:
        """Raises `InvalidInput` for a cursor that no list gave: what is inside is the caller's to forge."""
        try:
            return super().paginate_queryset(queryset, request, view)
        except (NotFound, ValidationError, DataError, ValueError):
            told = "is not one that this list gave"
            raise InvalidInput(f"cursor: {told}", fields={"cursor": told}) from None


class ByTime(NewestFirst):
    """For rows whose moment is called `time`."""

    ordering = ("-time", "-id")


class ByName(NewestFirst):
    """For the short lists that people read by name."""

    ordering = ("name",)


class ByUsername(NewestFirst):
    ordering = ("username",)


class BySlug(NewestFirst):
    ordering = ("slug",)


class ByAddress(NewestFirst):
    """For rows about agents, which are known by their address."""

    ordering = ("agent__slug",)


class ByUpdate(NewestFirst):
    """For rows that come up again when they change."""

    ordering = ("-updated", "-id")


class ByPublication(NewestFirst):
    """For what somebody published."""

    ordering = ("-published", "-id")
