"""Finding customers as one types (S6.17)."""

import itertools
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.contract import customers as contract
from core.contract.customers import Customer, CustomerBatch, CustomerDraft, CustomerList, CustomerUpdate
from core.contract.errors import Conflict, Invalid
from core.services import customer_filters
from core.services.search_words import Word, fold, read_search, words_of
from tests.services.conftest import Program

number = itertools.count()


def draft(**facts: Any) -> CustomerDraft:
    return CustomerDraft.model_validate({"emailVerified": True, "phoneVerified": True, "status": "ACTIVE", **facts})


def enrol(program: Program, *facts: dict[str, Any]) -> list[Customer]:
    return program.ask(contract.ENROL, CustomerBatch(consumers=[draft(**each) for each in facts]))


def found(program: Program, search: str, **request: Any) -> list[str | None]:
    page = program.ask(contract.LIST, CustomerList(search=search, **request))
    return [customer.full_name for customer in page.data]


def walk(program: Program, backward: bool = False, **request: Any) -> list[Customer]:
    """The whole list by pages, from one end or the other; in list order either way."""
    seen: list[Customer] = []
    cursor = None
    while True:
        ask = {"last": request.get("first", 20), "before": cursor} if backward else {"after": cursor}
        wanted = CustomerList(**{**request, **{k: v for k, v in ask.items() if v is not None}})
        page = program.ask(contract.LIST, wanted)
        seen = [*page.data, *seen] if backward else [*seen, *page.data]
        cursor = page.page_info.start_cursor if backward else page.page_info.end_cursor
        if cursor is None:
            return seen


@pytest.fixture
def people(program: Program) -> Program:
    enrol(
        program,
        {"fullName": "Maria Lindqvist", "email": "m.lindqvist@example.com", "phone": "+46 70 555 118"},
        {"fullName": "Mariam Haddad", "email": "mariam.h@example.com", "externalId": "K-1001"},
        {"fullName": "Marie-Claire Dubois", "email": "mcdubois@example.org", "memberCode": "7QK-2MD"},
        {"fullName": "José Ångström", "phone": "0049 171 2345678"},
        {"fullName": "محمد علي", "email": "ali@example.net"},
        {"fullName": "Łukasz Groß", "email": "gross@example.net"},
    )
    return program


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("mari", ["Maria Lindqvist", "Mariam Haddad", "Marie-Claire Dubois"]),
        ("MARIA", ["Maria Lindqvist", "Mariam Haddad"]),
        ("lind mar", ["Maria Lindqvist"]),
        ("claire", ["Marie-Claire Dubois"]),
        ("m.lind", ["Maria Lindqvist"]),
        ("mcdubois@example.org", ["Marie-Claire Dubois"]),
        ("jose ang", ["José Ångström"]),
        ("ÅNG", ["José Ångström"]),
        ("lukasz", ["Łukasz Groß"]),
        ("gross", ["Łukasz Groß"]),
        ("محم", ["محمد علي"]),
        ("7qk2", ["Marie-Claire Dubois"]),
        ("7QK-2", ["Marie-Claire Dubois"]),
        ("k-10", ["Mariam Haddad"]),
        ("+46 70 5", ["Maria Lindqvist"]),
        ("49171234", ["José Ångström"]),
        ("5678", ["José Ångström"]),
        ("555 118", ["Maria Lindqvist"]),
        ("nobody", []),
        ("maria haddad2", []),
    ],
)
def test_s6_17_a_search_finds_from_what_is_typed(people: Program, typed: str, names: list[str]) -> None:
    assert found(people, typed) == names


def test_s6_17_names_that_begin_as_typed_stand_first_in_order_whatever_else_the_words_find(program: Program) -> None:
    names = ["Ann Berg", "Berg Ann", "Ann Berger", "Jo Ann Berg", "Anna Berg", "Ann Bergson", "Berg Annika"]
    enrol(program, *({"fullName": name, "externalId": f"x{at}"} for at, name in enumerate(names)))
    hits = [customer.full_name for customer in walk(program, search="ann berg", first=2)]
    assert hits[:3] == ["Ann Berg", "Ann Berger", "Ann Bergson"]
    assert sorted(hits[3:]) == ["Anna Berg", "Berg Ann", "Berg Annika", "Jo Ann Berg"]
    assert [customer.full_name for customer in walk(program, True, search="ann berg", first=2)] == hits


@pytest.mark.parametrize("sort_by", [None, "name", "createdAt", "loyaltyBalance"])
def test_s6_17_one_letter_is_enough_in_any_order(people: Program, sort_by: str | None) -> None:
    names = found(people, "l", sort_by=sort_by)
    assert sorted(name or "" for name in names) == ["Maria Lindqvist", "Łukasz Groß"]


def test_s6_17_a_changed_customer_is_found_by_the_new_words_only(people: Program) -> None:
    customer = people.ask(contract.LIST, CustomerList(search="lindqvist")).data[0]
    people.ask(contract.UPDATE, CustomerUpdate(id=customer.id, full_name="Greta Berg", email="greta@example.com"))
    assert found(people, "lindq") == []
    assert found(people, "greta") == ["Greta Berg"]
    assert found(people, "118") == ["Greta Berg"]


def test_s6_17_a_search_goes_with_filters(people: Program) -> None:
    customer = people.ask(contract.LIST, CustomerList(search="mariam")).data[0]
    people.ask(contract.UPDATE, CustomerUpdate(id=customer.id, status="INACTIVE"))
    assert found(people, "mari", status="INACTIVE") == ["Mariam Haddad"]
    assert found(people, "mari", status="frozen", sort_by="loyaltyBalance") == ["Mariam Haddad"]
    assert people.ask(contract.COUNT, CustomerList(search="mari", status="ACTIVE")).count == 2


def test_a_search_alone_has_no_direction(people: Program) -> None:
    with pytest.raises(Invalid, match="sortDir"):
        found(people, "m", sort_dir="desc")


@pytest.mark.parametrize(
    "typed", ["%", "_", "*", '"', "'; DROP TABLE customer;--", "\\", "-", "@", "\u202e", "a" * 200]
)
def test_signs_in_a_search_mean_themselves(people: Program, typed: str) -> None:
    assert found(people, typed) == []


@pytest.fixture
def thresholds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Puts back what counts as few and as many, so that a test may set it: a small program never has many hits."""
    monkeypatch.setattr(customer_filters, "FEW", customer_filters.FEW)
    monkeypatch.setattr(customer_filters, "MANY", customer_filters.MANY)


letters = st.text(alphabet="abAbÀßøé-'. 1", max_size=8)
names = st.builds(lambda *words: " ".join(words), letters, letters)
facts = st.fixed_dictionaries(
    {},
    optional={
        "fullName": names,
        "email": st.from_regex(r"[abAB.]{1,4}@[ab]{1,3}", fullmatch=True),
        "phone": st.from_regex(r"\+?[0-3]{4,7}", fullmatch=True),
        "memberCode": st.from_regex(r"[AB12]{2}-[AB12]{2}", fullmatch=True),
    },
)
searches = st.one_of(
    st.text(alphabet="abÀé1-. @", min_size=1, max_size=5), st.from_regex(r"[ab]{1,2} [ab]{1,2}", fullmatch=True),
    st.from_regex(r"[0-3]{1,5}", fullmatch=True),
)  # fmt: skip


def found_by(search: list[Word], words: list[str]) -> bool:
    """Whether each word of a search begins one of a customer's words, by looking at all of them."""
    return all(any(word.startswith(prefix) for word in words for prefix in each) for each in search)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(people=st.lists(facts, min_size=1, max_size=12), searches=st.lists(searches, min_size=1, max_size=6))
def test_s6_17_a_search_equals_looking_at_everybody_whether_few_or_many_are_found(
    program: Program, thresholds: None, people: list[dict[str, Any]], searches: list[str]
) -> None:
    for each in people:
        each["externalId"] = f"~{next(number)}"
        with suppress(Conflict):  # an identifier that is taken by now
            enrol(program, each)
    everybody = walk(program, first=100)
    for typed in searches:
        search = read_search(typed)
        if not search:
            continue
        expected = {
            c.id
            for c in everybody
            if found_by(search, words_of(c.full_name, c.email, c.phone, c.member_code, c.external_id))
        }
        ways = itertools.product(((3_000, 150_000), (1, 150_000), (1, 1)), (None, "name", "loyaltyBalance"))
        for (customer_filters.FEW, customer_filters.MANY), sort_by in ways:
            hits = [c.id for c in walk(program, first=3, search=typed, sort_by=sort_by)]
            assert len(hits) == len(set(hits))
            assert set(hits) == expected, (typed, sort_by)
            if sort_by == "name":
                assert hits == [c.id for c in everybody if c.id in expected]
            assert hits == [c.id for c in walk(program, True, first=3, search=typed, sort_by=sort_by)]
        assert program.ask(contract.COUNT, CustomerList(search=typed)).count == len(expected)


@given(st.text(max_size=30))
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert fold(fold(text)) == fold(text)
