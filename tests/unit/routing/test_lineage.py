"""Tasks that belong together, as whoever may see them sees them."""

import pytest

from routing.selectors import children_of, parent_of, tree_of
from security.principals import Principal
from tests.callers import Api
from tests.factories import make_agent, make_instance, make_plugin, make_task

pytestmark = pytest.mark.django_db
TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
def family():
    """A planner's task, two that it asked for, and one that the first of these asked for."""
    planner, worker = make_agent("planner"), make_agent("worker")
    process = make_instance(make_plugin("planner", agents=(planner,)))
    root = make_task(planner, trace=TRACE, instance=process.id)
    first = make_task(worker, parent=root, trace=TRACE)
    second = make_task(worker, parent=root, trace=TRACE)
    grandchild = make_task(planner, parent=first, trace=TRACE)
    return root, first, second, grandchild


def test_the_tree_from_wherever_one_stands_in_it(family, admin):
    root, first, second, grandchild = family
    wanted = [(root.id, 0), (first.id, 1), (grandchild.id, 2), (second.id, 1)]
    for task in family:
        assert [(each.task.id, each.depth) for each in tree_of(admin, task)] == wanted
    branches = tree_of(admin, root)
    assert branches[0].process is not None
    assert branches[0].process.plugin.slug == "planner"
    assert branches[1].process is None
    assert [each.id for each in children_of(admin, root)] == [first.id, second.id]
    assert parent_of(admin, first) == root
    assert parent_of(admin, root) is None


def test_a_task_alone_has_no_tree(admin):
    assert tree_of(admin, make_task(make_agent("alone"))) == []


def test_what_one_may_not_see_is_not_there(family):
    root, first, _, _ = family
    stranger = Principal("key", "1", "x", permissions=frozenset({"tasks.view"}))
    assert parent_of(stranger, first) is None
    assert children_of(stranger, root) == []


def test_the_api_finds_all_of_a_trace_and_all_that_a_task_asked_for(family, api: Api):
    client = api("admin")
    make_task(make_agent("other"))
    found = client.get(f"/api/v1/tasks?trace={TRACE}").json()["results"]
    assert {each["id"] for each in found} == {str(each.id) for each in family}
    below = client.get(f"/api/v1/tasks?parent={family[0].id}").json()["results"]
    assert {each["id"] for each in below} == {str(family[1].id), str(family[2].id)}
    assert {each["parent"] for each in below} == {str(family[0].id)}
    assert client.get("/api/v1/tasks?trace=nonsense").status_code == 400
