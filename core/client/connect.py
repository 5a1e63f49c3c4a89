"""Connecting to a server."""

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from core.contract.errors import Unavailable, invalid

if TYPE_CHECKING:
    from core.client.remote import RemoteClient


def connect(
    url: str,
    key: str,
    *,
    prefix: str = "/api",
    ca_file: Path | None = None,
    paths: Mapping[str, str] | None = None,
) -> "RemoteClient":
    """Open the program behind a server, with a secret key; finds out at once what it offers.

    `url` may hold the API's prefix already. `ca_file` is trusted beside the system's own authorities. `paths` says
    where this server has routes that the published contract lacks, by operation name. Raises `Unavailable` where the
    server cannot be reached, `Unauthenticated` for a key that it does not know.
    """
    import httpx

    from core.client.remote import TIMEOUTS, RemoteClient

    address = base_of(url, prefix)
    verify: ssl.SSLContext | bool = True
    if ca_file is not None:
        try:
            verify = ssl.create_default_context()
            verify.load_verify_locations(ca_file)
        except (OSError, ssl.SSLError) as error:
            raise Unavailable(f"The CA file {ca_file} cannot be read.") from error
    if not key.isascii() or not key.isprintable():
        raise invalid("key", "a key holds plain characters only: check what was pasted")
    http = httpx.Client(
        headers={"Authorization": f"Bearer {key}", "User-Agent": "stagedoor", "Accept": "application/json"},
        timeout=TIMEOUTS,
        limits=httpx.Limits(max_connections=16, max_keepalive_connections=16, keepalive_expiry=60),
        verify=verify,
    )
    client = RemoteClient(http, address, dict(paths or {}))
    try:
        client.probe()
    except BaseException:
        client.close()
        raise
    return client


def base_of(url: str, prefix: str = "/api") -> str:
    """The address of the API: the URL, with the prefix where it does not end in one. Raises `Invalid`."""
    import httpx

    try:
        found = httpx.URL(url.strip() if "://" in url else f"https://{url.strip()}")
    except (httpx.InvalidURL, ValueError) as error:
        raise invalid("url", "this is no address: write https://host or http://127.0.0.1:8080", received=url) from error
    if found.scheme not in ("http", "https") or not found.host:
        raise invalid("url", "write an address such as https://host or http://127.0.0.1:8080", received=url)
    if found.userinfo:
        raise invalid("url", "leave user and password out of the address")
    path = found.path.rstrip("/")
    if not path.endswith((prefix, f"{prefix}/v1")) or not prefix:
        path += prefix
    return str(found.copy_with(path=path or "/", query=None, fragment=None)).rstrip("/")
