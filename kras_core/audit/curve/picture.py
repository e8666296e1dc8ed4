"""Whether an upload is a picture that a browser draws: by its first bytes, whatever its name says, and its size."""

PICTURES = (
    (b"\x89PNG\r\n\x1a\n", 0, "image/png"),
    (b"\xff\xd8\xff", 0, "image/jpeg"),
    (b"WEBP", 8, "image/webp"),
)
MOST_BYTES = 8 * 1024**2


class PictureError(ValueError):
    """No picture, or one that is too large; the message says what to do."""


def kind_of(content: bytes) -> str:
    """The media type. Raises PictureError."""
    if len(content) > MOST_BYTES:
        raise PictureError(f"At most {MOST_BYTES // 1024**2} MB: cut the figure out of the page first.")
    for signature, at, kind in PICTURES:
        if content[at : at + len(signature)] == signature and (kind != "image/webp" or content[:4] == b"RIFF"):
            return kind
    raise PictureError("This is no PNG, JPEG or WebP picture, whatever its name says. Take a screenshot of the figure.")
