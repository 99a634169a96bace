"""The kinds of step that a job takes, one module each."""
