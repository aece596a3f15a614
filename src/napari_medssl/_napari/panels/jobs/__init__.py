"""The Jobs panel, and what shows a job wherever one runs."""
