"""What people call a job: codes are short, stay as they are, and no two jobs share one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.jobs.job_code import code_of, id_of

MOST = 10**9  # jobs


@pytest.mark.parametrize(
    ("job_id", "code"),
    [(1, "LS-KYQVB"), (2, "LS-7XFPP"), (7, "LS-BQ6ZD"), (32**5 - 1, "LS-C184N")],
)
def test_jobs_keep_the_codes_that_people_know_them_by(job_id: int, code: str) -> None:
    assert code_of(job_id) == code


def test_the_first_job_beyond_five_signs_has_a_code_of_its_own() -> None:
    assert code_of(33_554_433) != code_of(1)
    assert len(code_of(32**5 - 1)) + 1 == len(code_of(32**5))
    assert len(code_of(32**6 - 1)) + 1 == len(code_of(32**6))


@given(st.integers(min_value=1, max_value=MOST))
def test_a_code_leads_back_to_its_job(job_id: int) -> None:
    assert id_of(code_of(job_id)) == job_id


@given(st.sets(st.integers(min_value=1, max_value=MOST), min_size=2, max_size=50))
def test_no_two_jobs_share_a_code(job_ids: set[int]) -> None:
    assert len({code_of(job_id) for job_id in job_ids}) == len(job_ids)


def test_neighbours_share_no_code_wherever_codes_grow() -> None:
    for around in (1_000, 32**5, 32**6):
        job_ids = range(around - 999, around + 1_000)
        assert len({code_of(job_id) for job_id in job_ids}) == len(job_ids)


@given(st.text(max_size=10))
def test_what_is_no_code_stands_for_no_job(name: str) -> None:
    job_id = id_of(name)
    assert job_id is None or code_of(job_id) == name


@pytest.mark.parametrize("name", ["", "LS-", "LS-KYQV", "LS-KYQVU", "KYQVB", "LS-0KYQVB", "LS-00KYQVB", "33554433"])
def test_a_code_that_was_never_given_out_stands_for_no_job(name: str) -> None:
    assert id_of(name) is None
