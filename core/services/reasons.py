"""The reasons that adjustments choose from (S0.37)."""

from core.contract import program as contract
from core.contract.ledger import NoRequest
from core.services.call import Call
from core.services.dispatch import carries_out, check_revision
from core.services.program import Books, read_books, save_configuration


@carries_out(contract.REASONS)
def get(call: Call, request: NoRequest) -> contract.Reasons:
    """The list of reasons."""
    return _shown(call.books)


@carries_out(contract.UPDATE_REASONS)
def update(call: Call, request: contract.ReasonsUpdate) -> contract.Reasons:
    """Replace the list; entries keep the code that they were made with."""
    books = call.books
    check_revision(call, books.reasons_revision, _shown(books).wire(), request.wire())
    after = [item.wire() for item in request.reasons]
    if after == books.reasons:
        call.audit(None, "Adjustment reasons saved without a change")
        return _shown(books)
    save_configuration(
        call.tx, books.program_id, "reasons", after, books.reasons_revision + 1, call.now, call.caller.name
    )
    call.audit(None, _told({item["code"]: item for item in books.reasons}, {item["code"]: item for item in after}))
    return _shown(read_books(call.tx))


def _told(before: dict[str, dict[str, str]], after: dict[str, dict[str, str]]) -> str:
    changed = [code for code in after if code in before and after[code] != before[code]]
    parts = [
        ("added", [code for code in after if code not in before]),
        ("changed", changed),
        ("removed", [code for code in before if code not in after]),
    ]
    told = "; ".join(f"{verb} {', '.join(codes)}" for verb, codes in parts if codes)
    return f"Adjustment reasons: {told or 'put in another order'}"


def _shown(books: Books) -> contract.Reasons:
    return contract.Reasons.model_validate({"reasons": books.reasons, "revision": books.reasons_revision})
