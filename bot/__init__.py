"""Mouthpiece: a Discord bot that makes a person in a video say something else."""
