"""What is answered privately to whoever used a command or pressed a button."""
