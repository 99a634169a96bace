"""A small Discord over sockets, for what needs real connections: a bot in its own process, lost answers, uploads.

An unmodified discord.py talks to it. It knows what this bot uses of Discord, and answers the rest with 404.
"""
