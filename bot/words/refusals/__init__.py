"""The reasons why something is refused, by what they are about; each is an error whose message is the sentence that is
shown: what is the matter, and what to do next. Nothing was spent or changed.
"""
