"""How finished videos arrive, whatever their size and whatever happened to the place where they were asked for."""
