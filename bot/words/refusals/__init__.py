"""The reasons why something is refused, each an error whose message is the sentence that is shown."""
