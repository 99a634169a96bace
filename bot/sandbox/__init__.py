"""The offline world: emulated providers with a real engine, and a simulated Discord to show the bot in."""
