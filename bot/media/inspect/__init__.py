"""What a media file holds: its streams, times, marks and samples. It runs in the child process."""
