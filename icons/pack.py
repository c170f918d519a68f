"""Packs what render.sh drew: alpha masks of the tray's shapes, a sheet to look at, .ico and .icns.

Standard library only. A mask is one byte of opacity for each pixel, row by row: the shapes have
one colour, which is chosen when they are shown.
"""

import pathlib
import struct
import sys
import zlib

SCRATCH = pathlib.Path(sys.argv[1])
SHAPES = ["fine", "needs-you", "waiting", "paused"]
SIZES = [16, 22, 24, 32, 44, 48]


def opacity(path):
    """Width and the alpha channel of an 8-bit RGBA PNG."""
    data = path.read_bytes()
    at, packed, width, height = 8, b"", 0, 0
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        body = data[at + 8 : at + 8 + length]
        at += 12 + length
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack(">IIBB", body[:10])
            assert (depth, colour) == (8, 6), "expected 8-bit RGBA"
        elif kind == b"IDAT":
            packed += body
    raw, stride, above, out = zlib.decompress(packed), width * 4, bytearray(width * 4), bytearray()
    for y in range(height):
        start = y * (stride + 1)
        kind, row = raw[start], bytearray(raw[start + 1 : start + 1 + stride])
        for x in range(stride):
            left = row[x - 4] if x >= 4 else 0
            up, corner = above[x], above[x - 4] if x >= 4 else 0
            guess = left + up - corner
            paeth = min((abs(guess - v), i, v) for i, v in enumerate((left, up, corner)))[2]
            row[x] = (row[x] + (0, left, up, (left + up) // 2, paeth)[kind]) & 255
        out += row[3::4]
        above = row
    return width, bytes(out)


def write_png(path, width, height, rgb):
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = b"".join(b"\0" + rgb[y * width * 3 : (y + 1) * width * 3] for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")
    )


def sheet(masks):
    """All shapes in three sizes, as they are and four times as large, on light, dark and in green."""
    grounds = [((26, 26, 26), (240, 240, 238)), ((240, 240, 240), (36, 38, 41)),
               ((53, 154, 130), (255, 255, 255)), ((53, 154, 130), (53, 53, 53))]
    sizes, zoom = [16, 22, 24], 4
    cell = sum(size * (zoom + 1) + 16 for size in sizes)
    tall = max(sizes) * zoom + 8
    width, height = cell * len(grounds), tall * len(SHAPES)
    rgb = bytearray(width * height * 3)
    for row, shape in enumerate(SHAPES):
        for column, (ink, ground) in enumerate(grounds):
            left = column * cell
            for y in range(tall):
                start = ((row * tall + y) * width + left) * 3
                rgb[start : start + cell * 3] = bytes(ground) * cell
            left += 4
            for size in sizes:
                for scale in (1, zoom):
                    for y in range(size * scale):
                        for x in range(size * scale):
                            v = masks[shape, size][(y // scale) * size + x // scale]
                            at = ((row * tall + 4 + y) * width + left + x) * 3
                            rgb[at : at + 3] = bytes((i * v + g * (255 - v)) // 255 for i, g in zip(ink, ground))
                    left += size * scale + 6
                left += 4
    write_png(pathlib.Path("tray/sheet.png"), width, height, bytes(rgb))


masks = {}
for shape in SHAPES:
    for size in SIZES:
        width, mask = opacity(SCRATCH / f"{shape}-{size}.png")
        assert width == size
        masks[shape, size] = mask
        pathlib.Path(f"tray/{shape}-{size}.alpha").write_bytes(mask)
sheet(masks)

app = {size: (SCRATCH / f"app-{size}.png").read_bytes() for size in (16, 32, 64, 128, 256, 512, 1024)}

# ICO: a directory of PNGs; 0 stands for 256.
sizes = [16, 32, 64, 256]
offset, directory, images = 6 + 16 * len(sizes), b"", b""
for size in sizes:
    directory += struct.pack("<BBBBHHII", size % 256, size % 256, 0, 0, 1, 32, len(app[size]), offset + len(images))
    images += app[size]
pathlib.Path("app/tokentray.ico").write_bytes(struct.pack("<HHH", 0, 1, len(sizes)) + directory + images)

# ICNS: PNGs by type; ic11 to ic14 are the doubled sizes.
kinds = [(b"ic11", 32), (b"ic12", 64), (b"ic07", 128), (b"ic13", 256), (b"ic08", 256), (b"ic14", 512), (b"ic09", 512), (b"ic10", 1024)]
body = b"".join(kind + struct.pack(">I", 8 + len(app[size])) + app[size] for kind, size in kinds)
pathlib.Path("app/tokentray.icns").write_bytes(b"icns" + struct.pack(">I", 8 + len(body)) + body)
