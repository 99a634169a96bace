"""The way from a result to a post or a kept file: put together, made to fit, brought to where it can go."""
