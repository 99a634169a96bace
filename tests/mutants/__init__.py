"""Small changes to the code that decides about money: each must be noticed by a test, or be named with its reason."""
