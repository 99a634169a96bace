"""PostgreSQL, for whoever outgrows one machine."""
