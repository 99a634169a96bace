"""What a process gives up before it opens a stranger's file: Linux's own means, by system calls that need no rights."""
