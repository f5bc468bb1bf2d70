"""The doors of the message path: thin, over `routing.delivery.operations`. Served in the lean lane."""
