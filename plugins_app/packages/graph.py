"""Who needs whom, in an order in which each comes after what it needs."""

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter

Needs = Mapping[str, Iterable[str]]


class Cycle(Exception):  # noqa: N818 - a fact
    """These need one another, in this order; the first is named again at the end."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(" → ".join(names))
        self.names = names


def ordered(needs: Needs) -> list[str]:
    """Every name, needed ones first, else by name. Raises `Cycle`."""
    return [name for layer in layers(needs) for name in layer]


def layers(needs: Needs) -> list[list[str]]:
    """The same in groups: what stands in one needs only what stands in those before. Raises `Cycle`."""
    sorter = TopologicalSorter({name: set(wanted) for name, wanted in needs.items()})
    try:
        sorter.prepare()
    except CycleError as error:
        raise Cycle(list(reversed(error.args[1]))) from None
    found = []
    while sorter.is_active():
        layer = sorted(sorter.get_ready())
        sorter.done(*layer)
        found.append(layer)
    return found
