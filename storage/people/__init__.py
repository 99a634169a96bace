"""What is kept of persons beside their jobs, and how it is erased."""
