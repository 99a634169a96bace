"""What people call a job: a short code that can be read aloud."""

from __future__ import annotations

_CODE_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # without I, L, O and U: easy to read aloud
_CODE_FACTOR = 20_930_411  # odd, so that codes are unique; large, so that neighbours look different
_CODE_LENGTHS = (5, 6, 7)  # codes grow with the number of jobs, and the first ones stay as they are


def code_of(job_id: int) -> str:
    """What people call the job of that id. No two jobs below 34,000,000,000 have the same code."""
    length = next((length for length in _CODE_LENGTHS if job_id < 32**length), _CODE_LENGTHS[-1])
    number = job_id * _CODE_FACTOR % 32**length
    return "LS-" + "".join(_CODE_ALPHABET[number // 32**place % 32] for place in reversed(range(length)))


def id_of(code: str) -> int | None:
    """The id of the job that people call that; None where it is no code."""
    digits = [_CODE_ALPHABET.find(digit) for digit in code.removeprefix("LS-")]
    if not code.startswith("LS-") or len(digits) not in _CODE_LENGTHS or min(digits) < 0:
        return None
    number = sum(digit << (5 * place) for place, digit in enumerate(reversed(digits)))
    span = 32 ** len(digits)
    found = number * pow(_CODE_FACTOR, -1, span) % span
    return found if code_of(found) == code else None
