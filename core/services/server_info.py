"""What a server is and offers, and who asks."""

from core import __version__
from core.contract.administration import SERVER, ServerInfo
from core.contract.ledger import NoRequest
from core.services.call import Call
from core.services.dispatch import SERVICES, carries_out


@carries_out(SERVER)
def server_info(call: Call, _request: NoRequest) -> ServerInfo:
    """The version, every operation that is carried out here, and the caller's name and role."""
    return ServerInfo(version=__version__, operations=sorted(SERVICES), role=call.caller.role, actor=call.caller.name)
