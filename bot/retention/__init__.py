"""What is thrown away and forgotten, and when."""
