"""Discord's face: commands, modals and buttons. A module in this folder with a `setup(client)` is loaded at the
start.
"""
