from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.extract.authors import author_note, byline_of, clean_authors, is_note
from workers.extract.frame import without_frame
from workers.extract.titles import choose_title, strip_site


@pytest.mark.parametrize(
    ("title", "bare"),
    [
        ("Salt roads | Karak Mail", "Salt roads"),
        (
            "Karak Mail: Salt roads",
            "Karak Mail: Salt roads",
        ),  # a colon without a space before it belongs to the title
        ("Salt roads - Views - Karak Mail", "Salt roads - Views"),
        ("KarakMail » Salt roads", "Salt roads"),
        ("Salt - and roads", "Salt - and roads"),
        ("Karak Mail", "Karak Mail"),
        ("نمک کی سڑکیں | کرک میل", "نمک کی سڑکیں"),
        ("", ""),
    ],
)
def test_the_site_s_name_is_taken_off(title: str, bare: str) -> None:
    assert strip_site(title, ["Karak Mail", "کرک میل"]) == bare


@pytest.mark.parametrize(
    ("headings", "headline", "social", "page", "title"),
    [
        (["Karak Mail", "Salt roads"], None, None, "Salt roads | Karak Mail", "Salt roads"),
        (["Salt roads"], "Salt roads", "You will not believe what the lorries carry", None, "Salt roads"),
        ([], "Salt roads", "A teaser", "Karak Mail", "Salt roads"),
        ([], None, "Salt roads", "Karak Mail", "Salt roads"),
        (["Most read"], None, None, None, "Most read"),
        (["नमक"], None, None, "नमक | सीमांत संवाद", "नमक"),
        ([], None, None, None, ""),
    ],
)  # fmt: skip
def test_the_headline_is_chosen(
    headings: list[str], headline: str | None, social: str | None, page: str | None, title: str
) -> None:
    assert choose_title(headings, headline, social, page, ["Karak Mail"]) == title


@pytest.mark.parametrize(
    ("headings", "headline", "social", "page", "title"),
    [
        # a kicker before the headline, as one of the others shows
        (["Salt: The lorries of May"], "Salt: The lorries of May", "The lorries of May", None, "The lorries of May"),
        # what the page stuck to its heading, which nobody repeats
        (["The lorries of May 19 Nov 2025"], None, "The lorries of May", "The lorries of May", "The lorries of May"),
        # spelled as most spell it, and not in capitals where one is not
        (["The clerk’s lorry"], None, "The clerk's lorry", "The clerk's lorry", "The clerk's lorry"),
        (["THE LORRIES OF MAY"], None, None, "The lorries of May | Karak Mail", "The lorries of May"),
        # a heading that words it otherwise is the headline, one of something else is not
        (["Nine lorries of salt in May"], None, "Salt lorries of May: what you must know", None, "Nine lorries of salt in May"),
        (["A message from our founder"], None, "Salt lorries of May", None, "Salt lorries of May"),
        # a heading in capitals, worded otherwise than all the others
        (["THE LORRIES OF SALT IN MAY"], None, "Lorries of Salt in May", None, "Lorries of Salt in May"),
        # the site's name is what stands beside the headline in the page's title, whatever it calls itself
        (["Salt and Roads"], None, "The lorries of May", "Salt and Roads: The lorries of May", "The lorries of May"),
        ([], None, None, "The lorries of May – Karak Mail Features", "The lorries of May"),
        # a heading that another repeats to the letter comes before one that is a part of it
        (["May notes", "The lorries of May"], None, "The lorries of May", "The lorries of May - May notes", "The lorries of May"),
        # a headline that a system cut
        ([], "The lorries of May (including", "The lorries of May (including one that nobody saw)", None, "The lorries of May (including one that nobody saw)"),
        # a heading made of the page's title
        (["The lorries of May | Views | All of Karak"], None, None, "The lorries of May | Views | All of Karak", "The lorries of May"),
        # a word more than the others have is of the headline
        (["Most lorries of salt in May"], None, "Lorries of salt in May", "Lorries of salt in May", "Most lorries of salt in May"),
        # a whole sentence about the same in the page's chief heading is the headline, however the others word it
        (["Why the last salt of Karak goes north by night"], None, "Karak salt: all you must know", None, "Why the last salt of Karak goes north by night"),
        (["Sign up for our letter and read it first thing on Friday"], None, "Salt lorries of May", None, "Salt lorries of May"),
        # a word that markup tore
        (["The lo rries of May"], None, None, "The lorries of May", "The lorries of May"),
        # the masthead, which ends the page's title, where the headline begins it
        (["Menu", "Views from the Gate", "The lorries of May"], None, None, "The lorries of May – Views from the Gate", "The lorries of May"),
        # what a template left where it had no name to add
        ([], None, None, "The lorries of May -", "The lorries of May"),
        # what follows a bar is a section
        ([], None, None, "The lorries of May | Views | All of Karak", "The lorries of May"),
    ],
)  # fmt: skip
def test_the_headline_is_told_from_what_stands_around_it(
    headings: list[str], headline: str | None, social: str | None, page: str | None, title: str
) -> None:
    assert choose_title(headings, headline, social, page, ["Karak Mail"]) == title


def test_a_newsroom_s_own_headline_is_believed_unless_it_is_cut() -> None:
    heading = ["The lorries of May"]
    assert choose_title(heading, "Salt goes south", heading[0], None, [], news=True) == "Salt goes south"
    assert choose_title(heading, "Salt goes south", heading[0], None, []) == heading[0]
    assert choose_title(heading, "The lorries", None, None, [], news=True) == heading[0]


def test_a_headline_for_search_engines_is_not_the_newsroom_s() -> None:
    heading, search = "The lorries that came back from the gate of salt", "Salt lorries: seven facts"
    assert (
        choose_title([heading], search, heading, f"{search} | Karak Mail", ["Karak Mail"], news=True)
        == heading
    )
    assert choose_title([heading], search, heading, heading, ["Karak Mail"], news=True) == search


@pytest.mark.parametrize(
    ("given", "names"),
    [
        (["Iqra Abbasi - Karak Mail Team"], ("Iqra Abbasi",)),
        (["Iqra Abbasi @ Salt Works"], ("Iqra Abbasi",)),
        (["Iqra Abbasi November 19, 2025"], ("Iqra Abbasi",)),
        (["Centre for Salt and Lorries"], ("Centre for Salt and Lorries",)),
        (["Insights from", "Courtesy of the mine", "Member Login"], ()),
        (["By Iqra Abbasi"], ("Iqra Abbasi",)),
        (["Iqra Abbasi and Daud Zehri"], ("Iqra Abbasi", "Daud Zehri")),
        (["Iqra Abbasi, Daud Zehri & Mahgul Kasi"], ("Iqra Abbasi", "Daud Zehri", "Mahgul Kasi")),
        (["Iqra Abbasi", "iqra abbasi"], ("Iqra Abbasi",)),
        (["Iqra Abbasi | Senior Correspondent"], ("Iqra Abbasi",)),
        (["Iqra Abbasi, staff writer"], ("Iqra Abbasi",)),
        (["Iqra Abbasi, Head of Salt, Lorries and Roads"], ("Iqra Abbasi",)),
        (["Iqra Abbasi (Content Manager)"], ("Iqra Abbasi",)),
        (["Iqra Abbasi Published"], ("Iqra Abbasi",)),
        (["This post was written by Iqra Abbasi"], ("Iqra Abbasi",)),
        (["Bio"], ()),
        (["Abbasi, Iqra"], ("Abbasi, Iqra",)),
        (["Iqra Abbasi iqra@mail.example @iqra"], ("Iqra Abbasi",)),
        (["https://social.example/iqra", "admin", "34 minutes", "x" * 500, ""], ()),
        (["تحریر: رابعہ سومرو"], ("رابعہ سومرو",)),
        (["رابعہ سومرو اور داؤد زہری"], ("رابعہ سومرو", "داؤد زہری")),
        (["लेखक: अनुपमा डोभाल"], ("अनुपमा डोभाल",)),
        (["रिपोर्ट- अनुपमा डोभाल"], ("अनुपमा डोभाल",)),
        (["رابعہ سومرو، پشاور"], ("رابعہ سومرو",)),
        (["تحریر و تحقیق: رابعہ سومرو"], ("رابعہ سومرو",)),
        (["راپور: احمد شاه ساپی"], ("احمد شاه ساپی",)),
        (["به قلم فرزانه اخگر"], ("فرزانه اخگر",)),
        (["লিখেছেন নাসরিন সুলতানা"], ("নাসরিন সুলতানা",)),
        (["Op-ed by Iqra Abbasi"], ("Iqra Abbasi",)),
    ],
)
def test_names_are_cleaned(given: list[str], names: tuple[str, ...]) -> None:
    assert clean_authors(given) == names


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("By Sultan Brushal", "Sultan Brushal"),
        ("Written by Sultan Brushal on 19 Nov 2025", "Sultan Brushal"),
        ("By Sultan al Brushal | November 19, 2025", "Sultan al Brushal"),
        ("لیکوال: شفیقه نورزۍ — د ۱۴۰۴ کال", "شفیقه نورزۍ"),
        ("By Dr. Sultan Brushal", "Dr. Sultan Brushal"),
        ("By Sultan B. Brushal. Posted on Friday", "Sultan B. Brushal"),
        ("از: سلطان بروشل", "سلطان بروشل"),
        ("رپورٹ: سلطان بروشل", "سلطان بروشل"),
        ("مصنف, سلطان بروشل", "سلطان بروشل"),
        ("از سلطان بروشل تک", None),
        ("রিপোর্ট নয়", None),
        ("By then it was over.", None),
        ("By contrast", None),
        ("Bystanders", None),
        ("Sultan Brushal", None),
    ],
)
def test_a_byline_is_told_from_a_sentence(line: str, name: str | None) -> None:
    assert byline_of(line) == name


@pytest.mark.parametrize(
    "note",
    [
        "The writer is a retired teacher.",
        "The author, a lawyer, can be reached at x@mail.example",
        "*The writer’s latest book is on salt.",
        "THE WRITER IS AN INDEPENDENT ECONOMIST",
        "Nadia Gul is a lawyer in Quetta. She can be reached at n@mail.example",
        "مصنف ریٹائرڈ استاد ہیں۔",
        "نویسنده این یادداشت آموزگار است.",
    ],
)
def test_notes_on_the_author(note: str) -> None:
    assert is_note(note)
    assert author_note(["A first paragraph.", "A second.", note]) == note


@pytest.mark.parametrize(
    "text", ["The road is long.", "نویسنده: مریم", "The writers of the law " + "x" * 700, ""]
)
def test_what_is_no_note(text: str) -> None:
    assert not is_note(text)


def test_a_note_at_the_end_of_a_text_in_one_piece_is_found() -> None:
    body = "It has no edge. " * 60 + "The writer is a pilot."
    assert author_note([body]) == "The writer is a pilot."
    assert author_note(["It has no edge. " * 60]) is None
    assert author_note([]) is None


BODY = [
    "The flight is cancelled on four days of ten.",
    "Nobody asks for a new airport.",
    "We should like an edge.",
]


@pytest.mark.parametrize("line", ["Goats on the runway", "By Sultan Brushal", "Sultan Brushal", "19 November 2025", "Updated: Nov 19, 2025 11:30 PKT", "Home | Letters", "سه‌شنبه، ۲۷ عقرب ۱۴۰۴"])  # fmt: skip
def test_the_frame_before_a_body_is_left_out(line: str) -> None:
    assert without_frame([line, *BODY], "Goats on the runway", ["Sultan Brushal"]) == BODY


@pytest.mark.parametrize(
    "head", [["Web Desk"], ["نیوز ڈیسک", "پشاور", "20 نومبر 2026"], ["Staff Reporter", "Karak"]]
)
def test_desks_are_of_the_frame_and_a_line_between_two_particulars(head: list[str]) -> None:
    left = without_frame([*head, *BODY], "", ())
    assert left == (BODY if len(head) != 2 else ["Karak", *BODY])
    assert without_frame([*BODY[:1], *head, *BODY[1:]], "", ()) == [*BODY[:1], *head, *BODY[1:]]


@pytest.mark.parametrize("line", ["Published in Gilgit Letter, November 19th, 2025", "By Sultan Brushal"])
def test_the_frame_after_it_too(line: str) -> None:
    assert without_frame([*BODY, line], "", ()) == BODY


@pytest.mark.parametrize(
    "line",
    ["It began on 19 November 2025.", "The writer is a pilot", "By then, nobody came.", "A subheading"],
)
def test_sentences_and_notes_stay(line: str) -> None:
    assert without_frame([line, *BODY, line], "", ()) == [line, *BODY, line]


@given(st.lists(st.text(max_size=40)), st.text(max_size=20), st.lists(st.text(max_size=10), max_size=2))
def test_a_body_never_becomes_empty(paragraphs: list[str], title: str, names: list[str]) -> None:
    left = without_frame(paragraphs, title, names)
    assert bool(left) == bool(paragraphs)
    assert set(left) <= set(paragraphs)
