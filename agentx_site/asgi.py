"""The ASGI application of a web process: the lean lane, Django's handler, WebSockets, and their life.

uvicorn says when to start and stop (lifespan); under daphne, which does not, the first message starts the switchboard.
"""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "agentx_site.settings")
site = get_asgi_application()

# Django must be set up before anything that has models is imported.
from agentx_site.doors import build  # noqa: E402 - Django first
from routing.delivery import Switchboard  # noqa: E402 - Django first

switchboard = Switchboard()
application = build(site, switchboard)
