"""The answers to commands, buttons and forms that were acknowledged, and are answered later; after a restart, too."""
