"""The version of this release. `pyproject.toml` and the image read it from here, so it is written nowhere else."""

VERSION = "1.0.0"
