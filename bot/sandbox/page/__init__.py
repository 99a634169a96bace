"""The demo's page: the simulated Discord as two people see it, served on loopback."""
