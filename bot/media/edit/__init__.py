"""What is done to a media file: cut, joined, scaled, encoded anew. It runs in the child process."""
