"""What asks, jobs, flows and costs say by themselves, without a bot around them."""
