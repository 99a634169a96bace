"""Long texts are divided where people would pause, in every script, and never within a letter."""

from __future__ import annotations

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from bot.preflight.text_split import divided


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Good morning to you all.", "How are you today?"),
        ("كيف حالك اليوم يا صديقي؟", "أنا بخير والحمد لله."),
        ("آپ کیسے ہیں میرے دوست۔", "میں ٹھیک ہوں شکریہ۔"),
        ("आप आज कैसे हैं मेरे दोस्त।", "मैं ठीक हूँ धन्यवाद।"),
        ("สวัสดีตอนเช้าทุกคนนะครับ", "วันนี้อากาศดีมากจริงๆ"),
        ("今天天气真的很好。", "我们去公园吧！"),
    ],
)
def test_a_text_is_divided_between_its_sentences(first: str, second: str) -> None:
    together = f"{first} {second}"
    assert divided(together, max(len(first), len(second)) + 2) == [first, second]


def test_a_cut_in_the_middle_of_a_word_keeps_letters_whole() -> None:
    family = "👨\u200d👩\u200d👧\u200d👦"
    assert divided(family * 5, 16) == [family * 2, family * 2, family]
    assert divided("क्षि" * 6, 10) == ["क्षि" * 2] * 3


LETTERS = ["a", "é", "e\u0301", "👩🏽", "क्षि", "ที่", "👨\u200d👩\u200d👧\u200d👦", "🇩🇪"]


@given(st.lists(st.sampled_from(LETTERS), min_size=1, max_size=60), st.integers(12, 30))
def test_no_letter_is_ever_cut(letters: list[str], most: int) -> None:
    text = "".join(letters)
    parts = divided(text, most)
    assert all(0 < len(part) <= most for part in parts)
    assert [letter for part in parts for letter in regex.findall(r"\X", part)] == regex.findall(r"\X", text)
