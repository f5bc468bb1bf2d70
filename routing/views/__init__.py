"""Console pages: tasks, their files, and what webhooks were told."""
