"""`pages` are the console's, `api` hangs under /api/v1/."""

from django.urls import URLPattern, path

from routing import api as rest
from routing import views

pages: list[URLPattern] = [
    path("tasks/", views.tasks, name="page-tasks"),
    path("tasks/<uuid:task_id>/", views.task, name="page-task"),
    path("tasks/<uuid:task_id>/cancel/", views.cancel, name="page-task-cancel"),
]
api: list[URLPattern] = [
    path("tasks", rest.Tasks.as_view()),
    path("tasks/<uuid:task_id>", rest.TaskDetail.as_view()),
    path("tasks/<uuid:task_id>/cancel", rest.TaskCancel.as_view()),
    path("messages/history", rest.MessageHistory.as_view()),
]
