"""`pages` are the console's, `api` hangs under /api/v1/."""

from django.urls import URLPattern, path

from routing import api as rest
from routing.views import files, memories, pushes, tasks

pages: list[URLPattern] = [
    path("tasks/", tasks.tasks, name="page-tasks"),
    path("agents/<slug:slug>/memory/", memories.memories, name="page-memories"),
    path("agents/<slug:slug>/memory/forget/", memories.forget_all, name="page-memories-forget"),
    path("tasks/<uuid:task_id>/", tasks.task, name="page-task"),
    path("tasks/<uuid:task_id>/answered/", tasks.answered, name="page-task-answered"),
    path("tasks/<uuid:task_id>/cancel/", tasks.cancel, name="page-task-cancel"),
    path("tasks/<uuid:task_id>/forget/", tasks.forget, name="page-memory-forget"),
    path(
        "tasks/<uuid:task_id>/artifacts/<int:artifact>/<int:part>/",
        files.artifact_file,
        name="page-artifact-file",
    ),
    path(
        "tasks/<uuid:task_id>/messages/<uuid:message>/<int:part>/",
        files.message_file,
        name="page-message-file",
    ),
    path("tasks/<uuid:task_id>/push/replay/", pushes.replay_of_task, name="page-push-replay-task"),
    path("push/", pushes.deliveries, name="page-pushes"),
    path("push/replay/", pushes.replay_chosen, name="page-push-replay-chosen"),
    path("push/<uuid:delivery_id>/replay/", pushes.replay, name="page-push-replay"),
]
api: list[URLPattern] = [
    path("tasks", rest.Tasks.as_view()),
    path("tasks/<uuid:task_id>", rest.TaskDetail.as_view()),
    path("tasks/<uuid:task_id>/cancel", rest.TaskCancel.as_view()),
    path("agents/<str:ref>/memory", rest.AgentMemories.as_view()),
    path("agents/<str:ref>/memory/<path:context_id>", rest.AgentMemory.as_view()),
    path("messages/history", rest.MessageHistory.as_view()),
    path("push/configs", rest.PushConfigs.as_view()),
    path("push/deliveries", rest.PushDeliveries.as_view()),
    path("push/deliveries/<uuid:delivery_id>", rest.PushDeliveryDetail.as_view()),
    path("push/deliveries/<uuid:delivery_id>/replay", rest.PushDeliveryReplay.as_view()),
    path("push/tasks/<uuid:task_id>/replay", rest.PushTaskReplay.as_view()),
]
