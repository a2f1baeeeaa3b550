"""Draws the pictures of the bundled news site (needs Pillow and NumPy, which the product does not).

    python bench/demo_pictures.py archiver/demo/site/pictures

The drawn files are committed; run this only to change them.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

WIDTH, HEIGHT = 1200, 800
FONT = "DejaVuSans.ttf"
SERIF = "DejaVuSerif-Bold.ttf"


def font(size: int, name: str = FONT) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(name, size)


def gradient(size: tuple[int, int], *stops: tuple[float, tuple[int, int, int]]) -> Image.Image:
    """A vertical gradient through the given stops (0 top, 1 bottom)."""
    rows = np.linspace(0, 1, size[1])
    channels = [
        np.interp(rows, [at for at, _ in stops], [colour[c] for _, colour in stops]) for c in range(3)
    ]
    column = np.stack(channels, axis=1)[:, None, :]
    return Image.fromarray(np.repeat(column, size[0], axis=1).astype("uint8"))


def relief(size: tuple[int, int], seed: int, octaves: int = 6, roughness: float = 0.55) -> np.ndarray:
    """Smooth noise between 0 and 1."""
    rng = np.random.default_rng(seed)
    total = np.zeros((size[1], size[0]))
    weight = 1.0
    for octave in range(octaves):
        cells = 3 * 2**octave
        coarse = Image.fromarray((rng.random((cells, cells + cells // 2)) * 255).astype("uint8"))
        total += np.asarray(coarse.resize(size, Image.Resampling.BICUBIC), dtype=float) * weight
        weight *= roughness
    return (total - total.min()) / (total.max() - total.min())


def shade(height: np.ndarray, strength: float = 60) -> np.ndarray:
    """Light from the upper left on a height field, around 0."""
    dy, dx = np.gradient(height)
    return np.clip((dx + dy) * strength, -1, 1)


def grain(picture: Image.Image, amount: float, seed: int = 1) -> Image.Image:
    rng = np.random.default_rng(seed)
    noise = rng.normal(0, amount, (picture.height, picture.width))
    coarse = Image.fromarray(np.clip(noise + 128, 0, 255).astype("uint8"))
    soft = np.asarray(coarse.filter(ImageFilter.GaussianBlur(0.6)), dtype=float) - 128
    pixels = np.asarray(picture, dtype=float)
    return Image.fromarray(
        np.clip(pixels + (soft[..., None] if pixels.ndim == 3 else soft), 0, 255).astype("uint8")
    )


def vignette(picture: Image.Image, depth: float = 0.5) -> Image.Image:
    y, x = np.mgrid[-1 : 1 : picture.height * 1j, -1 : 1 : picture.width * 1j]
    light = 1 - depth * np.clip((x**2 + y**2) / 2, 0, 1) ** 1.2
    pixels = np.asarray(picture, dtype=float)
    return Image.fromarray((pixels * (light[..., None] if pixels.ndim == 3 else light)).astype("uint8"))


def spline(points: list[tuple[float, float]], steps: int = 60) -> list[tuple[float, float]]:
    """Catmull-Rom through the points."""
    through = [points[0], *points, points[-1]]
    line = []
    for a, b, c, d in zip(through, through[1:], through[2:], through[3:], strict=False):
        for t in np.linspace(0, 1, steps, endpoint=False):
            weights = (-t + 2 * t**2 - t**3, 2 - 5 * t**2 + 3 * t**3, t + 4 * t**2 - 3 * t**3, t**3 - t**2)
            corners = (a, b, c, d)
            x, y = (0.5 * sum(w * p[i] for w, p in zip(weights, corners, strict=True)) for i in (0, 1))
            line.append((x, y))
    return [*line, points[-1]]


def box(draw: ImageDraw.ImageDraw, centre, length, breadth, angle, fill, outline=None) -> None:
    """A turned rectangle."""
    c, s = np.cos(angle), np.sin(angle)
    corners = [
        (centre[0] + c * u - s * v, centre[1] + s * u + c * v)
        for u, v in (
            (-length / 2, -breadth / 2),
            (length / 2, -breadth / 2),
            (length / 2, breadth / 2),
            (-length / 2, breadth / 2),
        )
    ]
    draw.polygon(corners, fill=fill, outline=outline)


def ridge(width: int, base: float, height: float, seed: int, sharpness: float = 0.62) -> np.ndarray:
    """A skyline by midpoint displacement: one y for each x."""
    rng = np.random.default_rng(seed)
    line, spread = np.array([0.0, rng.normal(0, 0.3)]), 1.0
    for _ in range(9):
        middle = (line[:-1] + line[1:]) / 2 + rng.normal(0, spread, len(line) - 1) * 0.5
        line = np.insert(line, range(1, len(line)), middle)
        spread *= sharpness
    line = (line - line.min()) / (line.max() - line.min())
    return base - height * np.interp(np.linspace(0, 1, width), np.linspace(0, 1, len(line)), line)


def convoy() -> Image.Image:
    """Eight lorries on a mountain road, from the air, in night-vision grey."""
    ground = relief((WIDTH, HEIGHT), 11)
    base = 74 + 46 * ground + 52 * shade(ground)
    picture = Image.fromarray(np.clip(base, 0, 255).astype("uint8")).filter(ImageFilter.GaussianBlur(1.2))
    draw = ImageDraw.Draw(picture)
    rng = np.random.default_rng(5)
    for _ in range(420):
        x, y = rng.uniform(0, WIDTH), rng.uniform(0, HEIGHT)
        if ground[int(y), int(x)] > 0.52:
            r = rng.uniform(3, 8)
            draw.ellipse((x - r + 4, y - r + 4, x + r + 4, y + r + 4), fill=38)
            draw.ellipse((x - r, y - r, x + r, y + r), fill=int(rng.uniform(62, 92)))
    road = spline(
        [
            (-40, 690),
            (210, 610),
            (430, 655),
            (650, 560),
            (720, 400),
            (600, 285),
            (690, 170),
            (900, 130),
            (1060, 60),
            (1240, 40),
        ]
    )
    draw.line(road[::5], fill=70, width=50, joint="curve")
    draw.line(road[::5], fill=134, width=40, joint="curve")
    draw.line(road[::5], fill=146, width=28, joint="curve")
    for index in range(8):
        at = 128 + index * 33
        (x, y), (nx, ny) = road[at], road[at + 3]
        angle = np.arctan2(ny - y, nx - x)
        box(draw, (x + 7, y + 9), 56, 23, angle, 52)
        box(draw, (x, y), 56, 22, angle, 196)
        box(draw, (x - 6 * np.cos(angle), y - 6 * np.sin(angle)), 36, 18, angle, 176)
        front = (x + 22 * np.cos(angle), y + 22 * np.sin(angle))
        box(draw, front, 11, 19, angle, 248)
    glow = picture.filter(ImageFilter.GaussianBlur(7))
    picture = Image.blend(picture, Image.fromarray(np.maximum(np.asarray(picture), np.asarray(glow))), 0.6)
    picture = vignette(grain(picture.filter(ImageFilter.GaussianBlur(0.7)), 5), 0.72)
    draw = ImageDraw.Draw(picture)
    for x0, y0, sx, sy in (
        (60, 60, 1, 1),
        (WIDTH - 60, 60, -1, 1),
        (60, HEIGHT - 60, 1, -1),
        (WIDTH - 60, HEIGHT - 60, -1, -1),
    ):
        draw.line([(x0, y0 + sy * 46), (x0, y0), (x0 + sx * 46, y0)], fill=214, width=3)
    cx, cy = WIDTH // 2, HEIGHT // 2
    for sign in (-1, 1):
        draw.line([(cx + sign * 18, cy), (cx + sign * 62, cy)], fill=214, width=2)
        draw.line([(cx, cy + sign * 18), (cx, cy + sign * 62)], fill=214, width=2)
    draw.text(
        (84, HEIGHT - 98), "IR  WHT   ALT 2140 M   ZOOM 4x", font=font(24, "DejaVuSansMono.ttf"), fill=214
    )
    return picture


def route_map() -> Image.Image:
    size = (1200, 860)
    ground = relief(size, 23, 3)
    levels = np.floor(ground * 9) / 9
    low, high = np.array([232, 234, 214.0]), np.array([196, 182, 158.0])
    pixels = low + (high - low) * levels[..., None]
    edges = (np.abs(np.gradient(levels)[0]) + np.abs(np.gradient(levels)[1])) > 0
    pixels[edges] -= 16
    picture = Image.fromarray(np.clip(pixels, 0, 255).astype("uint8"))
    draw = ImageDraw.Draw(picture)
    river = spline([(1220, 700), (1000, 640), (820, 690), (610, 620), (430, 680), (240, 610), (-20, 660)])
    draw.line(river, fill=(126, 164, 190), width=13, joint="curve")
    border = spline([(560, -20), (610, 120), (520, 250), (640, 330), (760, 300), (900, 380), (1240, 330)])
    for start in range(0, len(border) - 14, 26):
        draw.line(border[start : start + 15], fill=(122, 92, 116), width=5)
    valley = spline([(-20, 740), (220, 690), (470, 745), (700, 700), (900, 760), (1220, 740)])
    draw.line(valley, fill=(255, 255, 255), width=11, joint="curve")
    draw.line(valley, fill=(176, 150, 112), width=4, joint="curve")
    route = spline(
        [(980, 150), (860, 210), (770, 300), (690, 390), (740, 480), (640, 545), (560, 640), (470, 745)]
    )
    draw.line(route, fill=(255, 255, 255), width=13, joint="curve")
    for start in range(0, len(route) - 8, 15):
        draw.line(route[start : start + 9], fill=(178, 42, 40), width=7)
    for x, y, name, size_, dx, dy in (
        (470, 745, "Lower Orvel", 30, -110, 22),
        (770, 300, "Orvel Pass", 30, 26, -16),
        (220, 690, "Ilvar Mill", 24, -40, -52),
        (900, 760, "Sarrow", 24, -20, 20),
    ):
        draw.ellipse((x - 11, y - 11, x + 11, y + 11), fill=(255, 255, 255), outline=(40, 40, 40), width=4)
        draw.text(
            (x + dx, y + dy),
            name,
            font=font(size_, "DejaVuSans-Bold.ttf"),
            fill=(34, 34, 34),
            stroke_width=4,
            stroke_fill=(240, 238, 224),
        )
    for x, y, name in ((180, 160, "V E L M O R A"), (900, 60, "D O R V A N E")):
        draw.text((x, y), name, font=font(34, "DejaVuSerif.ttf"), fill=(112, 96, 104))
    draw.text((1010, 600), "Ilvar", font=font(24, "DejaVuSerif-Italic.ttf"), fill=(84, 126, 156))
    draw.line([(80, 812), (280, 812)], fill=(40, 40, 40), width=5)
    draw.text((80, 776), "0              5 km", font=font(22), fill=(40, 40, 40))
    return picture.quantize(48, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)


def _fields(seed: int, palette: list[tuple[int, int, int]]) -> Image.Image:
    """Farmland from the air: turned strips in muted colours."""
    rng = np.random.default_rng(seed)
    big = Image.new("RGB", (1800, 1800), palette[0])
    draw = ImageDraw.Draw(big)
    y = 0
    while y < 1800:
        height, x = int(rng.uniform(150, 300)), 0
        while x < 1800:
            width = int(rng.uniform(160, 420))
            colour = palette[int(rng.integers(len(palette)))]
            draw.rectangle((x, y, x + width, y + height), fill=colour)
            for row in range(x, x + width, 12):
                draw.line([(row, y), (row, y + height)], fill=tuple(int(c * 0.965) for c in colour), width=3)
            x += width + 4
        draw.rectangle((0, y + height, 1800, y + height + 6), fill=tuple(int(c * 0.82) for c in palette[0]))
        y += height + 6
    turned = big.rotate(-11 if seed % 2 else 17, Image.Resampling.BICUBIC)
    return turned.crop((300, 500, 300 + WIDTH, 500 + HEIGHT))


def _hall(draw: ImageDraw.ImageDraw, x, y, w, h, roof, bays=6) -> None:
    dark, light = tuple(int(c * 0.8) for c in roof), tuple(min(255, int(c * 1.12)) for c in roof)
    draw.polygon(
        [(x + 14, y + 16), (x + w + 22, y + 16), (x + w + 22, y + h + 20), (x + 14, y + h + 20)],
        fill=(58, 60, 56),
    )
    draw.rectangle((x, y, x + w, y + h / 2), fill=light)
    draw.rectangle((x, y + h / 2, x + w, y + h), fill=dark)
    for bay in range(1, bays):
        draw.line([(x + w * bay / bays, y), (x + w * bay / bays, y + h)], fill=roof, width=2)
    for bay in range(bays):
        cx = x + w * (bay + 0.5) / bays
        draw.rectangle((cx - 7, y + h * 0.2, cx + 7, y + h * 0.32), fill=(188, 198, 204))


def _trees(draw: ImageDraw.ImageDraw, seed: int, areas, colour) -> None:
    rng = np.random.default_rng(seed)
    for x0, y0, x1, y1, count in areas:
        for _ in range(count):
            x, y, r = rng.uniform(x0, x1), rng.uniform(y0, y1), rng.uniform(9, 20)
            tone = rng.uniform(0.85, 1.15)
            draw.ellipse((x - r + 6, y - r + 8, x + r + 6, y + r + 8), fill=(52, 58, 48))
            draw.ellipse((x - r, y - r, x + r, y + r), fill=tuple(int(c * tone) for c in colour))
            draw.ellipse(
                (x - r * 0.6, y - r * 0.7, x + r * 0.2, y),
                fill=tuple(min(255, int(c * tone * 1.14)) for c in colour),
            )


def depot() -> Image.Image:
    picture = _fields(3, [(142, 146, 104), (160, 156, 116), (128, 138, 96), (172, 162, 128)])
    draw = ImageDraw.Draw(picture)
    draw.polygon([(210, 190), (1010, 190), (1040, 660), (190, 660)], fill=(166, 160, 150))
    draw.line([(610, 820), (610, 640)], fill=(178, 172, 162), width=46)
    draw.line([(-20, 760), (1220, 742)], fill=(150, 146, 140), width=34)
    for x, y, w, h, roof in (
        (270, 240, 270, 104, (140, 84, 70)),
        (270, 420, 270, 104, (146, 92, 76)),
        (680, 240, 290, 120, (120, 128, 134)),
        (700, 470, 250, 100, (128, 132, 128)),
    ):
        _hall(draw, x, y, w, h, roof)
    for x, y, angle in ((600, 300, 1.57), (622, 420, 1.5), (592, 520, 1.6), (650, 610, 0.2)):
        box(draw, (x + 4, y + 5), 44, 18, angle, (70, 70, 66))
        box(draw, (x, y), 44, 17, angle, (206, 204, 196))
    _trees(
        draw, 9, [(20, 60, 180, 640, 40), (1060, 40, 1180, 660, 44), (200, 20, 1000, 120, 60)], (82, 104, 66)
    )
    draw.rectangle((650, 208, 1004, 388), outline=(206, 30, 34), width=7)
    draw.line([(1004, 208), (1082, 128)], fill=(206, 30, 34), width=5)
    draw.text(
        (1044, 82),
        "3",
        font=font(44, "DejaVuSans-Bold.ttf"),
        fill=(206, 30, 34),
        stroke_width=3,
        stroke_fill=(255, 255, 255),
    )
    return vignette(grain(picture.filter(ImageFilter.GaussianBlur(0.9)), 2.4), 0.25)


def depot_replaced() -> Image.Image:
    """Another place: snow, a round tank, one long hall, no frame."""
    picture = _fields(8, [(214, 218, 224), (222, 226, 230), (204, 210, 218), (228, 230, 234)])
    draw = ImageDraw.Draw(picture)
    draw.polygon([(150, 330), (900, 250), (940, 600), (170, 640)], fill=(186, 190, 196))
    draw.line(
        spline([(-20, 150), (300, 210), (620, 170), (1000, 240), (1220, 180)])[::5],
        fill=(160, 166, 174),
        width=36,
        joint="curve",
    )
    _hall(draw, 230, 400, 520, 130, (112, 128, 146), 10)
    for x, y, r in ((980, 430, 74), (1100, 560, 58)):
        draw.ellipse((x - r + 14, y - r + 18, x + r + 14, y + r + 18), fill=(132, 138, 148))
        draw.ellipse((x - r, y - r, x + r, y + r), fill=(236, 238, 240), outline=(150, 156, 164), width=4)
        draw.ellipse((x - r * 0.3, y - r * 0.3, x + r * 0.3, y + r * 0.3), outline=(176, 182, 190), width=3)
    _trees(
        draw, 4, [(40, 20, 500, 110, 30), (760, 20, 1180, 120, 28), (60, 690, 1160, 790, 70)], (86, 104, 100)
    )
    return vignette(grain(picture.filter(ImageFilter.GaussianBlur(0.9)), 2.2), 0.3)


def _shed(light: tuple[int, int, int]) -> Image.Image:
    wall, floor = np.array(light) * 0.42, np.array(light) * 0.3
    picture = gradient(
        (WIDTH, HEIGHT),
        (0, tuple(wall * 0.5)),
        (0.55, tuple(wall)),
        (0.56, tuple(floor * 1.25)),
        (1, tuple(floor * 0.6)),
    )
    draw = ImageDraw.Draw(picture)
    for x in range(0, WIDTH, 64):
        draw.line([(x, 0), (x, int(HEIGHT * 0.55))], fill=tuple(int(c * 0.82) for c in wall), width=3)
    for x in range(-600, WIDTH + 600, 150):
        draw.line(
            [(WIDTH / 2 + (x - WIDTH / 2) * 0.55, HEIGHT * 0.56), (x * 1.5 - WIDTH * 0.25, HEIGHT)],
            fill=tuple(int(c * 0.9) for c in floor),
            width=2,
        )
    lamp = Image.new("L", picture.size)
    ImageDraw.Draw(lamp).polygon([(560, 0), (640, 0), (980, HEIGHT), (220, HEIGHT)], fill=120)
    lamp = lamp.filter(ImageFilter.GaussianBlur(90))
    return Image.composite(Image.new("RGB", picture.size, light), picture, lamp)


def _crate(draw: ImageDraw.ImageDraw, x, y, w, h, wood, mark="") -> None:
    top, side = tuple(min(255, int(c * 1.2)) for c in wood), tuple(int(c * 0.66) for c in wood)
    d = w * 0.22
    draw.polygon(
        [(x - 6, y + h), (x + w + d + 30, y + h), (x + w + d + 4, y + h + 16), (x - 20, y + h + 16)],
        fill=(30, 26, 22),
    )
    draw.rectangle((x, y, x + w, y + h), fill=wood)
    draw.polygon([(x, y), (x + d, y - d * 0.6), (x + w + d, y - d * 0.6), (x + w, y)], fill=top)
    draw.polygon(
        [(x + w, y), (x + w + d, y - d * 0.6), (x + w + d, y + h - d * 0.6), (x + w, y + h)], fill=side
    )
    for part in range(1, 4):
        draw.line([(x, y + h * part / 4), (x + w, y + h * part / 4)], fill=side, width=2)
    for bar in (0.06, 0.86):
        draw.rectangle((x + w * bar, y, x + w * (bar + 0.08), y + h), fill=tuple(int(c * 0.86) for c in wood))
    if mark:
        draw.text(
            (x + w * 0.5, y + h * 0.5),
            mark,
            font=font(int(h * 0.22), "DejaVuSansMono-Bold.ttf"),
            fill=side,
            anchor="mm",
        )


def crates() -> Image.Image:
    picture = _shed((206, 190, 156))
    draw = ImageDraw.Draw(picture)
    for row, (y, w, h, start, count) in enumerate(
        ((360, 190, 96, 110, 4), (470, 226, 118, 60, 4), (600, 242, 140, 30, 4))
    ):
        for index in range(count):
            x = start + index * (w + w * 0.16)
            _crate(
                draw,
                x,
                y,
                w,
                h,
                (142 + 10 * row, 112 + 8 * row, 70 + 6 * row),
                f"K-{row * 4 + index + 1:02d}",
            )
    for index in range(3):
        _crate(draw, 190 + index * 222, 268, 186, 88, (136, 106, 66), f"K-{21 + index}")
    return vignette(grain(picture.filter(ImageFilter.GaussianBlur(0.9)), 3), 0.5)


def crates_replaced() -> Image.Image:
    """Fewer, blue-grey boxes and sacks in colder light."""
    picture = _shed((170, 190, 206))
    draw = ImageDraw.Draw(picture)
    for x, y, w, h in ((160, 430, 230, 120), (470, 560, 270, 140)):
        _crate(draw, x, y, w, h, (92, 110, 126))
    for x, y in ((800, 600), (900, 610), (850, 540), (1000, 620), (950, 556)):
        draw.rounded_rectangle(
            (x - 70, y - 40, x + 70, y + 60), 38, fill=(156, 144, 116), outline=(104, 94, 74), width=4
        )
        draw.line([(x - 50, y + 10), (x + 50, y + 16)], fill=(132, 120, 94), width=4)
    return vignette(grain(picture.filter(ImageFilter.GaussianBlur(0.9)), 3), 0.55)


def minister() -> Image.Image:
    picture = gradient((WIDTH, HEIGHT), (0, (70, 34, 40)), (1, (112, 56, 58)))
    pixels = np.asarray(picture, dtype=float)
    x = np.arange(WIDTH)
    folds = 1 + 0.22 * np.sin(x / 17 + 1.6 * np.sin(x / 61)) + 0.1 * np.sin(x / 7.3)
    y_light = np.exp(-((np.mgrid[0:HEIGHT, 0:WIDTH][1] - 620) ** 2) / 2 / 330**2)
    pixels = pixels * folds[None, :, None] * (0.55 + 0.75 * y_light[..., None])
    picture = Image.fromarray(np.clip(pixels, 0, 255).astype("uint8")).filter(ImageFilter.GaussianBlur(2))
    figure = Image.new("L", (WIDTH * 2, HEIGHT * 2))
    draw = ImageDraw.Draw(figure)
    draw.ellipse((1130, 250, 1350, 540), fill=255)
    draw.rounded_rectangle((1190, 480, 1290, 660), 40, fill=255)
    draw.polygon(
        spline(
            [
                (1190, 610),
                (1060, 660),
                (930, 720),
                (880, 900),
                (860, 1400),
                (1620, 1400),
                (1600, 900),
                (1550, 720),
                (1420, 660),
                (1290, 610),
            ]
        ),
        fill=255,
    )
    draw.polygon(
        spline([(890, 860), (760, 900), (690, 780), (640, 640), (700, 620), (770, 740), (900, 760)]), fill=255
    )
    draw.ellipse((620, 540, 716, 660), fill=255)
    mask = figure.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS).filter(ImageFilter.GaussianBlur(1))
    rim = mask.filter(ImageFilter.GaussianBlur(5))
    picture.paste((206, 146, 122), (5, -3), rim.point(lambda v: int(v * 0.35)))
    picture.paste((26, 22, 28), (0, 0), mask)
    draw = ImageDraw.Draw(picture)
    draw.polygon([(410, 560), (830, 560), (800, 620), (440, 620)], fill=(84, 60, 42))
    draw.polygon([(440, 620), (800, 620), (772, 800), (468, 800)], fill=(62, 44, 32))
    draw.rectangle((524, 660, 716, 740), outline=(150, 120, 78), width=4)
    draw.polygon([(620, 672), (650, 728), (590, 728)], outline=(150, 120, 78), width=4)
    for dx in (-52, 40):
        draw.line([(620 + dx, 562), (600 + dx * 1.2, 470)], fill=(16, 16, 18), width=6)
        draw.rounded_rectangle(
            (588 + dx * 1.2, 440, 612 + dx * 1.2, 484), 11, fill=(28, 28, 32), outline=(70, 70, 74), width=2
        )
    return vignette(grain(picture.filter(ImageFilter.GaussianBlur(0.6)), 2.6), 0.5)


def _ridges(picture: Image.Image, layers) -> None:
    pixels = np.asarray(picture, dtype=float).copy()
    rows = np.arange(picture.height)[:, None]
    for base, height, seed, colour in layers:
        line = ridge(picture.width, base, height, seed)[None, :]
        depth = np.clip((rows - line) / 240, 0, 1)[..., None]
        tone = np.array(colour) * (1 - 0.1 * depth) + np.array((236, 214, 204)) * 0.16 * depth
        cover = np.clip(rows - line + 0.5, 0, 1)[..., None]
        pixels = pixels * (1 - cover) + tone * cover
    picture.paste(Image.fromarray(pixels.astype("uint8")))


def pass_dawn() -> Image.Image:
    picture = gradient(
        (WIDTH, 700),
        (0, (86, 112, 154)),
        (0.45, (226, 170, 148)),
        (0.7, (250, 214, 168)),
        (1, (250, 220, 180)),
    )
    sun = Image.new("L", picture.size)
    ImageDraw.Draw(sun).ellipse((770, 240, 890, 360), fill=255)
    picture.paste((255, 242, 214), (0, 0), sun.filter(ImageFilter.GaussianBlur(70)))
    picture.paste((255, 246, 226), (0, 0), sun.filter(ImageFilter.GaussianBlur(3)))
    _ridges(
        picture,
        [
            (430, 210, 7, (168, 146, 164)),
            (500, 200, 12, (128, 116, 146)),
            (580, 200, 3, (90, 90, 122)),
            (660, 170, 21, (58, 66, 92)),
            (740, 150, 32, (34, 42, 60)),
        ],
    )
    return grain(picture, 1.4)


def harbour() -> Image.Image:
    picture = gradient(
        (WIDTH, HEIGHT),
        (0, (52, 70, 108)),
        (0.38, (222, 136, 102)),
        (0.52, (248, 196, 130)),
        (0.53, (150, 122, 120)),
        (1, (34, 48, 74)),
    )
    draw = ImageDraw.Draw(picture)
    draw.ellipse((260, 330, 360, 430), fill=(255, 232, 184))
    draw.rectangle((0, 424, WIDTH, 470), fill=(52, 52, 68))
    rng = np.random.default_rng(2)
    x = 0
    while x < WIDTH:
        w = int(rng.uniform(34, 90))
        draw.rectangle((x, 424 - int(rng.uniform(8, 46)), x + w, 440), fill=(52, 52, 68))
        x += w
    for base in (720, 910, 1080):
        dark = (38, 38, 54)
        draw.line(
            [(base - 46, 440), (base - 18, 210), (base + 18, 210), (base + 46, 440)], fill=dark, width=9
        )
        draw.line([(base - 34, 340), (base + 34, 340)], fill=dark, width=6)
        draw.line([(base, 216), (base - 190, 150)], fill=dark, width=8)
        draw.line([(base, 216), (base + 80, 240)], fill=dark, width=8)
        draw.line([(base, 140), (base - 190, 150)], fill=dark, width=2)
        draw.line([(base, 216), (base, 140), (base + 80, 240)], fill=dark, width=4)
        draw.line([(base - 150, 164), (base - 150, 300)], fill=dark, width=2)
    draw.polygon([(120, 520), (640, 520), (610, 600), (170, 600)], fill=(30, 34, 48))
    draw.polygon([(120, 520), (640, 520), (636, 534), (130, 534)], fill=(146, 66, 58))
    draw.rectangle((160, 420, 260, 520), fill=(216, 206, 196))
    for row in range(2):
        for column in range(4):
            draw.rectangle(
                (170 + column * 22, 434 + row * 34, 184 + column * 22, 448 + row * 34), fill=(64, 74, 96)
            )
    for index in range(6):
        draw.rectangle(
            (292 + index * 54, 478, 340 + index * 54, 520),
            fill=((168, 84, 66), (90, 112, 128), (196, 160, 96))[index % 3],
        )
    draw.line([(210, 420), (210, 360)], fill=(30, 34, 48), width=5)
    pixels = np.asarray(picture, dtype=float).copy()
    for y in range(600, HEIGHT):
        source = max(430, 600 - int((y - 600) * 0.85))
        shift = int(4 * np.sin(y * 0.6) + 3 * np.sin(y * 0.17))
        pixels[y] = pixels[y] * 0.62 + np.roll(pixels[source], shift, axis=0) * 0.38
    picture = Image.fromarray(pixels.astype("uint8"))
    draw = ImageDraw.Draw(picture)
    for _ in range(90):
        y = rng.uniform(480, HEIGHT)
        x, w = rng.normal(310, 20 + (y - 470) * 0.34), rng.uniform(10, 50)
        if not (120 < x < 640 and y < 606):
            draw.line([(x - w, y), (x + w, y)], fill=(244, 198, 142), width=2)
    return grain(picture.filter(ImageFilter.GaussianBlur(0.7)), 1.8)


def tram() -> Image.Image:
    picture = gradient((WIDTH, 700), (0, (18, 26, 52)), (0.6, (58, 66, 108)), (1, (24, 30, 54)))
    draw = ImageDraw.Draw(picture)
    rng = np.random.default_rng(8)
    x = 0
    while x < WIDTH:
        w, h = int(rng.uniform(60, 130)), int(rng.uniform(90, 250))
        draw.rectangle((x, 430 - h, x + w, 440), fill=(28, 34, 62))
        for wx in range(x + 10, x + w - 12, 20):
            for wy in range(440 - h, 420, 26):
                if rng.random() < 0.28:
                    draw.rectangle((wx, wy, wx + 8, wy + 12), fill=(224, 186, 112))
        x += w + 2
    draw.rectangle((0, 430, WIDTH, 470), fill=(66, 66, 84))
    draw.rectangle((0, 424, WIDTH, 432), fill=(98, 96, 108))
    for pier in range(60, WIDTH, 270):
        draw.rectangle((pier - 26, 470, pier + 26, 640), fill=(52, 52, 70))
        draw.arc((pier + 26, 478, pier + 244, 700), 180, 360, fill=(66, 66, 84), width=16)
    draw.line([(0, 236), (WIDTH, 236)], fill=(90, 92, 120), width=2)
    for x0 in (250, 560):
        draw.rounded_rectangle((x0, 288, x0 + 300, 424), 20, fill=(170, 52, 46))
        draw.rectangle((x0, 372, x0 + 300, 392), fill=(236, 226, 204))
        for window in range(5):
            draw.rounded_rectangle(
                (x0 + 16 + window * 56, 304, x0 + 60 + window * 56, 362), 6, fill=(255, 228, 160)
            )
        for wheel in (50, 110, 190, 250):
            draw.ellipse((x0 + wheel - 14, 410, x0 + wheel + 14, 438), fill=(24, 24, 34))
    draw.line([(700, 288), (670, 262), (720, 238)], fill=(120, 120, 140), width=4)
    draw.rectangle((550, 320, 560, 410), fill=(40, 40, 52))
    pixels = np.asarray(picture, dtype=float).copy()
    glow = np.asarray(picture.filter(ImageFilter.GaussianBlur(16)), dtype=float)
    pixels = np.clip(pixels + glow * 0.35, 0, 255)
    for y in range(560, 700):
        shift = int(5 * np.sin(y * 0.5))
        pixels[y] = pixels[y] * 0.6 + np.roll(pixels[max(250, 560 - (y - 560) * 2)], shift, axis=0) * 0.4
    return grain(Image.fromarray(pixels.astype("uint8")).filter(ImageFilter.GaussianBlur(0.6)), 2)


def lighthouse() -> Image.Image:
    picture = gradient(
        (WIDTH, HEIGHT),
        (0, (14, 22, 46)),
        (0.6, (56, 82, 118)),
        (0.74, (120, 138, 150)),
        (0.75, (32, 52, 76)),
        (1, (14, 24, 42)),
    )
    draw = ImageDraw.Draw(picture)
    rng = np.random.default_rng(14)
    for _ in range(260):
        x, y, r = rng.uniform(0, WIDTH), rng.uniform(0, 520) ** 1.0, rng.choice([0.8, 1.2, 1.8])
        draw.ellipse((x - r, y - r, x + r, y + r), fill=(226, 230, 240))
    beam = Image.new("L", picture.size)
    beams = ImageDraw.Draw(beam)
    beams.polygon([(790, 176), (-60, 20), (-60, 150)], fill=130)
    beams.polygon([(810, 176), (1260, 240), (1260, 310)], fill=110)
    picture.paste((255, 240, 190), (0, 0), beam.filter(ImageFilter.GaussianBlur(14)))
    draw = ImageDraw.Draw(picture)
    draw.polygon(
        spline(
            [
                (430, 800),
                (520, 690),
                (640, 640),
                (760, 600),
                (900, 606),
                (1020, 650),
                (1220, 690),
                (1220, 800),
            ]
        ),
        fill=(24, 32, 36),
    )
    draw.polygon([(760, 240), (840, 240), (868, 610), (732, 610)], fill=(226, 222, 212))
    for top, bottom in ((300, 366), (432, 500), (560, 610)):
        spread = lambda y: 40 + (y - 240) * 28 / 370  # noqa: E731
        draw.polygon(
            [
                (800 - spread(top), top),
                (800 + spread(top), top),
                (800 + spread(bottom), bottom),
                (800 - spread(bottom), bottom),
            ],
            fill=(168, 58, 50),
        )
    for y in (270, 400, 530):
        draw.rounded_rectangle((794, y - 14, 808, y + 10), 6, fill=(255, 226, 150))
    draw.rectangle((744, 228, 856, 242), fill=(40, 40, 48))
    draw.rectangle((768, 150, 832, 228), fill=(255, 238, 178))
    for x in (768, 789, 810, 831):
        draw.line([(x, 150), (x, 228)], fill=(40, 40, 48), width=4)
    draw.polygon([(756, 150), (844, 150), (800, 104)], fill=(60, 44, 48))
    draw.rectangle((880, 560, 990, 640), fill=(196, 188, 176))
    draw.polygon([(868, 562), (1002, 562), (976, 520), (894, 520)], fill=(92, 56, 50))
    draw.rectangle((908, 584, 930, 610), fill=(255, 226, 150))
    for _ in range(70):
        y = rng.uniform(606, HEIGHT)
        x, w = rng.uniform(0, 560), rng.uniform(8, 50)
        draw.line([(x - w, y), (x + w, y)], fill=(66, 92, 118), width=2)
    return grain(picture.filter(ImageFilter.GaussianBlur(0.7)), 1.8)


def market() -> Image.Image:
    picture = gradient((WIDTH, HEIGHT), (0, (20, 24, 48)), (0.6, (70, 52, 74)), (1, (40, 30, 38)))
    draw = ImageDraw.Draw(picture)
    for x, w, h in (
        (0, 170, 380),
        (172, 130, 320),
        (304, 190, 420),
        (496, 150, 340),
        (648, 180, 400),
        (830, 140, 330),
        (972, 228, 410),
    ):
        draw.rectangle((x, 560 - h, x + w, 560), fill=(34, 34, 58))
        draw.polygon([(x, 560 - h), (x + w, 560 - h), (x + w / 2, 500 - h)], fill=(44, 38, 58))
        for row in range(3):
            for column in range(int(w // 50)):
                if (row + column + x) % 3:
                    draw.rectangle(
                        (x + 18 + column * 48, 590 - h + row * 84, x + 38 + column * 48, 622 - h + row * 84),
                        fill=(212, 164, 96),
                    )
    colours = ((176, 62, 52), (66, 104, 110), (196, 148, 72), (92, 84, 124))
    for index in range(4):
        x, colour = 30 + index * 295, colours[index]
        draw.rectangle((x + 14, 520, x + 22, 730), fill=(60, 44, 38))
        draw.rectangle((x + 238, 520, x + 246, 730), fill=(60, 44, 38))
        draw.rectangle((x + 4, 640, x + 256, 730), fill=(98, 70, 50))
        for part in range(8):
            tone = colour if part % 2 else (232, 220, 198)
            left = x - 14 + part * 36
            draw.polygon([(left + 8, 470), (left + 44, 470), (left + 36, 540), (left, 540)], fill=tone)
            draw.pieslice((left, 524, left + 36, 556), 0, 180, fill=tone)
        for part in range(9):
            cx = x + 24 + part * 27
            draw.ellipse(
                (cx - 13, 620, cx + 13, 646),
                fill=((206, 96, 60), (226, 184, 84), (126, 148, 78))[(part + index) % 3],
            )
    for start in (0, 600):
        for step in range(13):
            x = start + step * 50
            y = 400 + 46 * np.sin(np.pi * step / 12)
            draw.ellipse((x - 13, y - 15, x + 13, y + 17), fill=(255, 210, 128))
        draw.line(
            [(start + s * 5, 384 + 46 * np.sin(np.pi * s / 120)) for s in range(121)],
            fill=(30, 26, 32),
            width=2,
        )
    for x, height in ((250, 150), (300, 136), (560, 156), (860, 148), (905, 120)):
        draw.ellipse((x - 17, 790 - height - 36, x + 17, 790 - height), fill=(22, 18, 26))
        draw.rounded_rectangle((x - 32, 794 - height, x + 32, 830), 26, fill=(22, 18, 26))
    pixels = np.asarray(picture, dtype=float)
    glow = np.asarray(picture.filter(ImageFilter.GaussianBlur(22)), dtype=float)
    return grain(
        Image.fromarray(np.clip(pixels + glow * 0.4, 0, 255).astype("uint8")).filter(
            ImageFilter.GaussianBlur(0.7)
        ),
        2,
    )


def pitch() -> Image.Image:
    picture = Image.new("RGB", (WIDTH, 750), (84, 118, 72))
    draw = ImageDraw.Draw(picture)
    for stripe in range(0, WIDTH, 100):
        draw.rectangle((stripe, 0, stripe + 49, 750), fill=(92, 128, 78))
    white = (226, 232, 220)
    draw.rectangle((70, 60, 1130, 690), outline=white, width=5)
    draw.line([(600, 60), (600, 690)], fill=white, width=5)
    draw.ellipse((500, 275, 700, 475), outline=white, width=5)
    for left in (70, 970):
        draw.rectangle((left, 215, left + 160, 535), outline=white, width=5)
    draw.rectangle((70, 300, 124, 450), outline=white, width=5)
    draw.rectangle((1076, 300, 1130, 450), outline=white, width=5)
    wet = relief((WIDTH, 750), 31, 4)
    pixels = np.asarray(picture, dtype=float)
    cover = np.clip((wet - 0.66) * 18, 0, 1)[..., None] * 0.72
    picture = Image.fromarray((pixels * (1 - cover) + np.array((158, 176, 188)) * cover).astype("uint8"))
    draw = ImageDraw.Draw(picture)
    rng = np.random.default_rng(6)
    for index in range(22):
        x, y = rng.uniform(120, 1080), rng.uniform(110, 640)
        draw.ellipse((x + 2, y + 6, x + 22, y + 20), fill=(50, 72, 48))
        draw.ellipse(
            (x - 9, y - 9, x + 9, y + 9),
            fill=(196, 60, 54) if index % 2 else (232, 204, 92),
            outline=(40, 40, 36),
            width=2,
        )
    draw.ellipse((642, 352, 654, 364), fill=(255, 255, 255), outline=(40, 40, 40), width=1)
    return vignette(grain(picture.filter(ImageFilter.GaussianBlur(0.8)), 2), 0.35)


def bread_chart() -> Image.Image:
    size = (1200, 720)
    picture = Image.new("RGB", size, (250, 247, 240))
    draw = ImageDraw.Draw(picture)
    draw.text((70, 40), "Price of wheat and of a loaf", font=font(38, SERIF), fill=(34, 34, 34))
    draw.text((70, 94), "Index, two years ago = 100", font=font(24), fill=(110, 104, 96))
    for value in (80, 90, 100, 110, 120):
        y = 620 - (value - 80) * 11
        draw.line([(70, y), (1010, y)], fill=(222, 214, 200), width=2)
        draw.text((1026, y - 14), str(value), font=font(22), fill=(120, 112, 102))
    rng = np.random.default_rng(4)
    for colour, end, name, spread in (((178, 42, 40), 120, "Loaf", 0.4), ((150, 124, 76), 93, "Wheat", 1.5)):
        values = np.linspace(100, end, 25) + np.concatenate(
            [[0], np.cumsum(rng.normal(0, spread, 23)) * np.linspace(1, 0.2, 23), [0]]
        )
        points = [(70 + index * 39, 620 - (value - 80) * 11) for index, value in enumerate(values)]
        draw.line(points, fill=colour, width=7, joint="curve")
        x, y = points[-1]
        draw.ellipse((x - 10, y - 10, x + 10, y + 10), fill=colour)
        draw.text((x - 96, y - 54), name, font=font(28, "DejaVuSans-Bold.ttf"), fill=colour)
    draw.text((70, 660), "Source: own survey of forty bakeries", font=font(20), fill=(140, 132, 122))
    return picture.quantize(48, dither=Image.Dither.NONE)


def save(picture: Image.Image, path: Path, limit: int = 60_000) -> None:
    """The best quality that stays under `limit` bytes."""
    if path.suffix == ".png":
        picture.save(path, optimize=True)
    else:
        for quality in range(84, 20, -4):
            picture.save(path, quality=quality, optimize=True, progressive=True)
            if path.stat().st_size <= limit:
                break
    print(f"{path.stat().st_size:7} {path.name}")


def main(folder: Path) -> None:
    drawn = {
        "convoy.jpg": convoy(),
        "depot.jpg": depot(),
        "depot.replaced.jpg": depot_replaced(),
        "crates.jpg": crates(),
        "crates.replaced.jpg": crates_replaced(),
        "minister.jpg": minister(),
        "pass-dawn.jpg": pass_dawn(),
        "harbour.jpg": harbour(),
        "tram.jpg": tram(),
        "lighthouse.jpg": lighthouse(),
        "market.jpg": market(),
        "pitch.jpg": pitch(),
        "map.png": route_map(),
        "bread-chart.png": bread_chart(),
    }
    for name, picture in drawn.items():
        save(picture, folder / name)
        small = picture.convert("RGB" if picture.mode == "P" else picture.mode)
        small = small.resize((600, 600 * picture.height // picture.width), Image.Resampling.LANCZOS)
        if name.endswith(".png"):
            small = small.quantize(palette=picture, dither=Image.Dither.NONE)
        stem, suffix = name.rsplit(".", 1)
        save(small, folder / f"{stem}-600.{suffix}", 20_000)
    save(drawn["convoy.jpg"].crop((330, 120, 1050, 640)), folder / "convoy-crop.jpg", 30_000)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
