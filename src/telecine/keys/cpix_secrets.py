"""Encrypted CPIX documents: our key pair, and how the keys in such a document are read. No I/O.

The document key (AES-256) and the MAC's key come encrypted to our RSA key with OAEP; each content key comes under the
document key in CBC, its IV before it, with an HMAC-SHA-512 over both. A MAC that is missing or wrong refuses the key.
SHA-1 inside OAEP is the standard's, and no weakness there.
"""

import hmac
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from telecine.keys.cpix import ENC, Delivery, Encrypted, refused

RSA_OAEP = f"{ENC}rsa-oaep-mgf1p"
AES_256_CBC = f"{ENC}aes256-cbc"
HMAC_SHA512 = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha512"
RSA_BITS = 2048
_DOCUMENT_KEY_BYTES = 32
_BLOCK = 16
_YEARS = 20
"""A certificate that nobody checks but by eye; the far side encrypts to its key."""


def new_key_pair(name: str) -> tuple[str, str]:
    """A private key and a self-signed certificate for it, both as PEM, for the key server to encrypt to."""
    key = generate_private_key(public_exponent=65537, key_size=RSA_BITS)
    who = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365 * _YEARS))
        .sign(key, SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private.decode(), certificate.public_bytes(Encoding.PEM).decode()


def load_private_key(pem: str) -> RSAPrivateKey:
    """The RSA key in `pem`. Raises ValueError for anything else, or one that is too short."""
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except TypeError as error:
        raise ValueError("the private key is protected by a password") from error
    if not isinstance(key, RSAPrivateKey) or key.key_size < RSA_BITS:
        raise ValueError(f"the private key is no RSA key of at least {RSA_BITS} bits")
    return key


def certificate_der(pem: str) -> bytes:
    """The certificate in `pem`, as documents carry it. Raises ValueError."""
    return x509.load_pem_x509_certificate(pem.encode()).public_bytes(Encoding.DER)


def belongs(certificate_pem: str, private_key_pem: str) -> bool:
    """Whether the certificate is of the key. Raises ValueError where either is none."""
    public = x509.load_pem_x509_certificate(certificate_pem.encode()).public_key()
    own = load_private_key(private_key_pem).public_key()
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return public.public_bytes(*form) == own.public_bytes(*form)


class DocumentReader:
    """Reads the secrets of one document with the private key of its recipient."""

    def __init__(self, delivery: Delivery, private_key: RSAPrivateKey) -> None:
        """Raises KEYS_REFUSED where the document's own keys do not open."""
        if delivery.mac_algorithm != HMAC_SHA512:
            raise refused(f"the document's MAC is {delivery.mac_algorithm!r}; only HMAC-SHA-512 is known.")
        self._key = _unwrap(delivery.document_key, private_key, "DocumentKey")
        if len(self._key) != _DOCUMENT_KEY_BYTES:
            raise refused(f"the DocumentKey has {len(self._key)} bytes instead of {_DOCUMENT_KEY_BYTES}.")
        self._mac_key = _unwrap(delivery.mac_key, private_key, "MACMethod")

    def read(self, secret: Encrypted, where: str) -> bytes:
        """The plain value of `secret`. Raises KEYS_REFUSED where its MAC is wrong, `where` being what it is."""
        if secret.algorithm != AES_256_CBC:
            raise refused(f"{where} is encrypted with {secret.algorithm!r}; only AES-256-CBC is known.")
        if not secret.mac:
            raise refused(f"{where} is encrypted and has no ValueMAC.")
        if not hmac.compare_digest(hmac.digest(self._mac_key, secret.value, "sha512"), secret.mac):
            raise refused(f"the ValueMAC of {where} is wrong: it was changed on its way, or made with another key.")
        iv, body = secret.value[:_BLOCK], secret.value[_BLOCK:]
        try:
            decryptor = Cipher(AES(self._key), CBC(iv)).decryptor()
            padded = decryptor.update(body) + decryptor.finalize()
            unpadder = PKCS7(_BLOCK * 8).unpadder()
            return unpadder.update(padded) + unpadder.finalize()
        except ValueError:
            raise refused(f"the encrypted value of {where} cannot be decrypted.") from None


def _unwrap(wrapped: Encrypted, private_key: RSAPrivateKey, where: str) -> bytes:
    if wrapped.algorithm != RSA_OAEP:
        raise refused(f"the key of {where} is encrypted with {wrapped.algorithm!r}; only RSA-OAEP is known.")
    try:
        return private_key.decrypt(wrapped.value, OAEP(MGF1(SHA1()), SHA1(), None))  # noqa: S303 - see above
    except ValueError:
        raise refused(f"the key of {where} was not encrypted to our certificate.") from None
