"""Questions about nodes."""

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from registry.errors import NodeNotFound
from registry.models import Node
from registry.selectors.agents import by_ref
from security import permissions
from security.principals import Principal


def nodes(principal: Principal) -> QuerySet[Node]:
    principal.require(permissions.NODES_VIEW)
    return Node.objects.order_by("name")


def access_node(principal: Principal, ref: str) -> Node:
    """The node with this name or id."""
    node = nodes(principal).filter(by_ref(ref, "name")).first()
    if node is None:
        raise NodeNotFound(_("There is no node %(ref)r.") % {"ref": ref})
    return node
