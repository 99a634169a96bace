"""Puts the parts together once, keeps the process up, and says how it is."""
