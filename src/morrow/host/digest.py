"""SHA-256 without what hashlib brings: OpenSSL takes longer to load than all that is digested here."""

try:
    from _sha2 import sha256
except ImportError:
    try:
        from _sha256 import sha256  # type: ignore[import-not-found, no-redef]  # its name before it was joined with SHA-512's
    except ImportError:
        from hashlib import sha256  # type: ignore[assignment]  # a build without CPython's own

__all__ = ["sha256"]
