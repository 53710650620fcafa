"""The keys under which a site's watermarking tokens are written and read.

All but two follow from the site's watermark secret, so nothing is stored for them: the site key belongs to the
packaging API, and the Akamai pair is that of the operator's contract. An edge of somebody else gets the public half
alone, with the key of patterns: with these it reads every token and can write none.
"""

import hmac
from dataclasses import dataclass, replace

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_SCALAR_BYTES = 48
"""Half as many again as the order has, so that the remainder favours no scalar (FIPS 186-5, A.2.1)."""
_LEAST_RSA_BITS = 2048


@dataclass(frozen=True, slots=True, repr=False)
class AkamaiKeys:
    """An RSA pair in PEM and the password of the encrypted payload. Without `private`, tokens are read only."""

    public: bytes
    password: str
    private: bytes = b""

    @property
    def fingerprint(self) -> str:
        """Eight hexadecimal digits that tell this pair from others, for the ids in a token."""
        return hmac.digest(b"akamai key", self.public, "sha256").hex()[:8]


@dataclass(frozen=True, slots=True, repr=False)
class TokenKeys:
    """The keys of one site; a form whose key is empty is refused. Not shown by `repr`.

    `site_key`: 32 ASCII bytes, of the AES form. `shared`: 32 bytes, of JWT and CWT under HMAC 256. `public` and
    `private`: a P-256 pair in PEM, of JWT and CWT under ES256. `pattern`: 32 bytes, which open encrypted patterns.
    `draft_claims`: also read CWTs with the claim numbers 200 to 213 of the standard's draft.
    """

    site: str
    site_key: bytes = b""
    shared: bytes = b""
    public: bytes = b""
    private: bytes = b""
    pattern: bytes = b""
    akamai: AkamaiKeys | None = None
    draft_claims: bool = False

    def for_reading(self) -> "TokenKeys":
        """The same without the private halves."""
        return replace(self, private=b"", akamai=self.akamai and replace(self.akamai, private=b""))


def derive_token_keys(secret: bytes, site: str, site_key: str = "", akamai: AkamaiKeys | None = None) -> TokenKeys:
    """The keys of `site` under its watermark `secret` (32 bytes or more). Raises ValueError where it is shorter."""
    if len(secret) < 32:
        raise ValueError("secret must have 32 bytes or more")

    def derive(use: str, length: int) -> bytes:
        return HKDF(SHA256(), length, salt=None, info=f"telecine watermark token 1 {use} {site}".encode()).derive(
            secret
        )

    scalar = int.from_bytes(derive("es256", _SCALAR_BYTES)) % (_P256_ORDER - 1) + 1
    pair = ec.derive_private_key(scalar, ec.SECP256R1())
    return TokenKeys(
        site=site,
        site_key=site_key.encode("ascii"),
        shared=derive("hs256", 32),
        public=pair.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        private=pair.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        pattern=derive("pattern", 32),
        akamai=akamai,
    )


def akamai_keys(private: bytes, password: str, *, checked: bool = False) -> AkamaiKeys:
    """The pair of an RSA key in PEM, unencrypted. Raises ValueError for another key, a short one, or no password.

    `checked`: the key has come from here before, so that its primes, for 200 ms, need not be looked at again.
    """
    if not password:
        raise ValueError("the password must not be empty")
    try:
        key = load_pem_private_key(private, None, unsafe_skip_rsa_key_validation=checked)
    except (ValueError, TypeError) as error:  # no PEM; a PEM that wants a passphrase
        raise ValueError("it must be an RSA private key in PEM, without a passphrase") from error
    if not isinstance(key, rsa.RSAPrivateKey) or key.key_size < _LEAST_RSA_BITS:
        raise ValueError(f"it must be an RSA key of {_LEAST_RSA_BITS} bits or more")
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return AkamaiKeys(public, password, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
