"""Mouthpiece: a Discord bot that makes a person in a video say something else."""

__version__ = "0.1.0"
