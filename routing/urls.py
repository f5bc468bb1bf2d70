"""`pages` are the console's, `api` hangs under /api/v1/."""

from django.urls import URLPattern, path

from routing import api as rest
from routing import views

pages: list[URLPattern] = [
    path("tasks/", views.tasks, name="page-tasks"),
    path("tasks/<uuid:task_id>/", views.task, name="page-task"),
    path("tasks/<uuid:task_id>/cancel/", views.cancel, name="page-task-cancel"),
    path(
        "tasks/<uuid:task_id>/artifacts/<int:artifact>/<int:part>/",
        views.artifact_file,
        name="page-artifact-file",
    ),
    path(
        "tasks/<uuid:task_id>/messages/<uuid:message>/<int:part>/",
        views.message_file,
        name="page-message-file",
    ),
]
api: list[URLPattern] = [
    path("tasks", rest.Tasks.as_view()),
    path("tasks/<uuid:task_id>", rest.TaskDetail.as_view()),
    path("tasks/<uuid:task_id>/cancel", rest.TaskCancel.as_view()),
    path("messages/history", rest.MessageHistory.as_view()),
    path("push/configs", rest.PushConfigs.as_view()),
    path("push/deliveries", rest.PushDeliveries.as_view()),
    path("push/deliveries/<uuid:delivery_id>", rest.PushDeliveryDetail.as_view()),
    path("push/deliveries/<uuid:delivery_id>/replay", rest.PushDeliveryReplay.as_view()),
    path("push/tasks/<uuid:task_id>/replay", rest.PushTaskReplay.as_view()),
]
