"""Jobs: their rows, the moves between states, and the sums over them."""
