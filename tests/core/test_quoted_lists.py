"""Lists in one text: what is quoted comes back as it was."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.quoted_lists import parts, quoted

entries = st.text(alphabet=st.sampled_from('ab ,;"=>\n\t'), min_size=1, max_size=6)


@given(st.lists(entries, min_size=1, max_size=4), st.sampled_from([",", ";", "=>", " , "]))
def test_entries_come_back(names: list[str], divider: str) -> None:
    text = divider.join(map(quoted, names))

    assert [entry for entry, _ in parts(text, divider.strip())] == names


@given(st.text(alphabet=st.sampled_from('a ,"'), max_size=12))
def test_any_text_has_entries_and_one_end(text: str) -> None:
    found = list(parts(text, ","))

    assert [divider for _, divider in found if not divider] == [""]
    assert found[-1][1] == ""
