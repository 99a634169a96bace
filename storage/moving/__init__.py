"""Moving everything from SQLite's file to PostgreSQL."""
