"""Asks a provider who has signed in there: OpenID Connect with PKCE, and CAS 3.0."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any
from urllib.parse import urlencode, urlsplit
from xml.parsers.expat import ExpatError, ParserCreate

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from creditbank.domain.accounts import Provider, Vouched
from creditbank.gateways import clock
from creditbank.gateways.outbound import OutboundProblem, ask

ALGORITHMS = ("RS256", "PS256", "ES256", "Ed25519", "EdDSA")
"""How an identity token may be signed; a secret shared with the bank or no signature at all never is."""
_KEPT_SECONDS = 600
_LEEWAY = 60
_LONGEST = 255
_found: dict[str, tuple[float, dict[str, Any]]] = {}


def begin_address(provider: Provider, *, back: str, state: str, nonce: str, verifier: str) -> str:
    """Where the browser goes to sign in at a provider.

    Raises:
        OutboundProblem: the provider does not say where that is.
    """
    if provider.kind == "cas":
        return f"{provider.address.rstrip('/')}/login?{urlencode({'service': _service(back, state)})}"
    asked = {
        "response_type": "code",
        "client_id": provider.client,
        "redirect_uri": back,
        "scope": "openid profile",
        "state": state,
        "nonce": nonce,
        "code_challenge": _challenge(verifier),
        "code_challenge_method": "S256",
    }
    address = str(_discovered(provider)["authorization_endpoint"])
    return f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(asked)}"


def vouched_by_oidc(
    provider: Provider, *, code: str, secret: str, back: str, nonce: str, verifier: str
) -> Vouched | None:
    """Who signed in, by an identity token made for this bank and this very visit; None where it is not.

    Raises:
        OutboundProblem: the provider gave no answer.
    """
    places = _discovered(provider)
    asked = {"grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": verifier}
    known = base64.b64encode(f"{provider.client}:{secret}".encode()).decode()
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": f"Basic {known}"}
    form = urlencode(asked).encode()
    answer = _json(ask(str(places["token_endpoint"]), known=provider.address, form=form, headers=headers))
    keys = _json(ask(str(places["jwks_uri"]), known=provider.address))
    rules = jwt.JWTClaimsRegistry(
        now=int(clock.now().timestamp()),
        leeway=_LEEWAY,
        iss={"essential": True, "value": provider.address},
        aud={"essential": True, "value": provider.client},
        exp={"essential": True},
        nonce={"essential": True, "value": nonce},
        sub={"essential": True},
    )
    try:
        token = jwt.decode(str(answer["id_token"]), KeySet.import_key_set(keys), algorithms=list(ALGORITHMS))  # type: ignore[arg-type]
        rules.validate(token.claims)
    except (JoseError, ValueError, KeyError, TypeError):
        return None
    audience = token.claims["aud"]
    if isinstance(audience, list) and len(audience) > 1 and token.claims.get("azp") != provider.client:
        return None
    return _vouched(token.claims["sub"], token.claims.get(provider.number, "") if provider.number else "")


def vouched_by_cas(provider: Provider, *, ticket: str, back: str, state: str) -> Vouched | None:
    """Who signed in, by a ticket that the server still knows for this very address; None where it does not.

    Raises:
        OutboundProblem: the server gave no answer.
    """
    asked = urlencode({"service": _service(back, state), "ticket": ticket})
    body = ask(f"{provider.address.rstrip('/')}/p3/serviceValidate?{asked}", known=provider.address)
    said = _cas_answer(body)
    user = said.get(("serviceResponse", "authenticationSuccess", "user"), "")
    number = said.get(("serviceResponse", "authenticationSuccess", "attributes", provider.number), "")
    return _vouched(user, number or (user if provider.number == "user" else ""))


def _vouched(subject: object, number: object) -> Vouched | None:
    name = str(subject).strip() if isinstance(subject, str | int) else ""
    given = str(number).strip() if isinstance(number, str | int) else ""
    return Vouched(name, given[:100]) if 0 < len(name) <= _LONGEST else None


def _cas_answer(body: bytes) -> dict[tuple[str, ...], str]:
    """The first text of each element by its path without name spaces; a document that declares things is none."""
    said: dict[tuple[str, ...], str] = {}
    path: list[str] = []

    def begin(name: str, _attributes: object) -> None:
        path.append(name.rpartition(":")[2])

    def end(_name: str) -> None:
        path.pop()

    def text(words: str) -> None:
        if words.strip() or tuple(path) in said:
            said[tuple(path)] = said.get(tuple(path), "") + words

    def declared(*_arguments: object) -> None:
        raise ValueError("a declaration")

    parser = ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = begin, end, text
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = declared
    try:
        parser.Parse(body, True)
    except (ExpatError, ValueError):
        return {}
    return said


def _discovered(provider: Provider) -> dict[str, Any]:
    kept = _found.get(provider.address)
    if kept is not None and clock.monotonic() - kept[0] < _KEPT_SECONDS:
        return kept[1]
    body = ask(f"{provider.address.rstrip('/')}/.well-known/openid-configuration", known=provider.address)
    places = _json(body)
    wanted = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    # A document that speaks for another issuer would let one provider vouch for the people of another.
    if places.get("issuer") != provider.address or not all(isinstance(places.get(name), str) for name in wanted):
        raise _unfit(provider)
    if urlsplit(places["authorization_endpoint"]).scheme not in ("https", urlsplit(provider.address).scheme):
        raise _unfit(provider)
    _found[provider.address] = (clock.monotonic(), places)
    return places


def _json(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except ValueError:
        value = None
    return value if isinstance(value, dict) else {}


def _unfit(provider: Provider) -> OutboundProblem:
    return OutboundProblem(
        en=f"The provider {provider.code} describes itself as another one. Nothing was changed.",
        zh=f"登录服务 {provider.code} 的自我描述与配置不符。没有任何改动。",
    )


def _service(back: str, state: str) -> str:
    return f"{back}?{urlencode({'state': state})}"


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
