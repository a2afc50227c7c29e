"""A film for Chromium's fake camera: pictures one after the other, each for a second (YUV4MPEG2)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import segno
from PIL import Image

__all__ = ["film_of_codes"]

WIDTH, HEIGHT, RATE = 1280, 720, 10


def film_of_codes(codes: Iterable[str], path: Path) -> Path:
    """Each code, black on white in the middle of a grey room, for one second; Chromium plays it again and again."""
    grey = bytes([128]) * (WIDTH * HEIGHT // 2)  # both planes of colour
    with path.open("wb") as film:
        film.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{RATE}:1 Ip A1:1 C420\n".encode())
        for code in codes:
            picture = _frame(code)
            for _ in range(RATE):
                film.write(b"FRAME\n" + picture + grey)
    return path


def _frame(code: str) -> bytes:
    """Luminance of one picture."""
    made = segno.make(code, error="l", boost_error=False)
    scale = (HEIGHT - 20) // int(made.symbol_size(border=4)[0])
    side = int(made.symbol_size(scale=scale, border=4)[0])
    image = Image.new("L", (side, side), 235)
    for y, row in enumerate(made.matrix_iter(scale=scale, border=4)):
        for x, dark in enumerate(row):
            if dark:
                image.putpixel((x, y), 16)
    room = Image.new("L", (WIDTH, HEIGHT), 150)
    room.paste(image, ((WIDTH - side) // 2, (HEIGHT - side) // 2))
    return room.tobytes()
