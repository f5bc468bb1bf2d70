"""`pages` are the console's, `api` hangs under /api/v1/."""

from django.urls import URLPattern

pages: list[URLPattern] = []
api: list[URLPattern] = []
