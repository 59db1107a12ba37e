#!/usr/bin/env python3
"""Makes the pictures of this folder and, beside each, NAME.rgb: width and height (two little-endian 32-bit numbers) and the RGB bytes that
Pillow decodes.

    apt-get install python3-pil libjpeg-turbo-progs && python3 make.py

Pillow writes most of them; cjpeg the samplings and codings that Pillow does not write; a few are put together by hand."""
import io
import pathlib
import struct
import subprocess
import zlib

from PIL import Image, ImageCms, ImageFilter, ImageOps, PngImagePlugin

HERE = pathlib.Path(__file__).parent
W, H = 27, 19


def photo(seed=1):
    """Smooth colours from a few random ones."""
    state, colours = seed, []
    for _ in range(5 * 4):
        values = []
        for _ in range(3):
            state = (state * 1103515245 + 12345) % 2**31
            values.append(state >> 23)
        colours.append(tuple(values))
    small = Image.new("RGB", (5, 4))
    small.putdata(colours)
    return small.resize((W, H), Image.BICUBIC)


def encode(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def cjpeg(image, *options):
    ppm = encode(image, "PPM")
    return subprocess.run(["cjpeg", *options], input=ppm, capture_output=True, check=True).stdout


def tiff(orientation, kind, order=">"):
    """An EXIF block with one entry; kind 3 is SHORT, 4 LONG."""
    value = struct.pack(order + ("HH" if kind == 3 else "I"), *((orientation, 0) if kind == 3 else (orientation,)))
    head = b"MM\0*" if order == ">" else b"II*\0"
    return head + struct.pack(order + "IHHHI", 8, 1, 0x0112, kind, 1) + value + b"\0\0\0\0"


def with_exif(jpeg, block):
    body = b"Exif\0\0" + block
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + jpeg[2:]


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def after_header(png, *chunks):
    return png[:33] + b"".join(chunks) + png[33:]


def raw_profile(block):
    """EXIF as ImageMagick stores it in a text."""
    data = b"Exif\0\0" + block
    digits = data.hex()
    lines = "\n".join(digits[i:i + 72] for i in range(0, len(digits), 72))
    return f"\nexif\n{len(data):8d}\n{lines}\n".encode()


def scans():
    """Each component in a scan of its own, without progression."""
    path = HERE / "scans.txt"
    path.write_text("0;\n1;\n2;\n")
    try:
        return cjpeg(rgb, "-scans", str(path))
    finally:
        path.unlink()


def bmp(depth, compression, masks, rows, height=H, palette=b""):
    offset = 14 + 40 + len(masks) + len(palette)
    data = b"".join(rows)
    info = struct.pack("<IiiHHIIiiII", 40, W, height, 1, depth, compression, len(data), 2835, 2835, len(palette) // 4, 0)
    return b"BM" + struct.pack("<IHHI", offset + len(data), 0, 0, offset) + info + masks + palette + data


def padded(row):
    return row + b"\0" * (-len(row) % 4)


def run_lengths(indices):
    out, at = b"", 0
    while at < len(indices):
        count = 1
        while at + count < len(indices) and indices[at + count] == indices[at] and count < 255:
            count += 1
        out += bytes([count, indices[at]])
        at += count
    return out + b"\0\0"


rgb = photo()
gray = rgb.convert("L")
blurred = gray.filter(ImageFilter.GaussianBlur(2))
rgba = Image.merge("RGBA", (*rgb.split(), blurred))
cmyk = Image.merge("CMYK", (*rgb.split(), blurred))
indexed = rgb.quantize(60)
pixels = rgb.load()
plain = encode(rgb, "JPEG", quality=85)
plain_png = encode(rgb, "PNG")
srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def ycck(subsampling):
    """A CMYK file whose Adobe marker says YCCK."""
    data = bytearray(encode(cmyk, "JPEG", subsampling=subsampling))
    data[data.index(b"Adobe") + 11] = 2
    return bytes(data)


def row565(y):
    return padded(b"".join(struct.pack("<H", r >> 3 << 11 | g >> 2 << 5 | b >> 3) for r, g, b in (pixels[x, y] for x in range(W))))


def row24(y):
    return padded(b"".join(bytes(reversed(pixels[x, y])) for x in range(W)))


def bmp_palette():
    colours = indexed.getpalette()[:180]
    return b"".join(bytes((colours[i + 2], colours[i + 1], colours[i], 0)) for i in range(0, len(colours), 3))


files = {
    "jpeg-444.jpg": encode(rgb, "JPEG", quality=85, subsampling=0),
    "jpeg-422.jpg": encode(rgb, "JPEG", quality=85, subsampling=1),
    "jpeg-420.jpg": plain,
    "jpeg-440.jpg": cjpeg(rgb, "-sample", "1x2"),
    "jpeg-411.jpg": cjpeg(rgb, "-sample", "4x1"),
    "jpeg-410.jpg": cjpeg(rgb, "-sample", "4x2"),
    "jpeg-3x1.jpg": cjpeg(rgb, "-sample", "3x1"),
    "jpeg-unequal-chroma.jpg": cjpeg(rgb, "-sample", "2x1,1x2,1x1"),
    "jpeg-luma-subsampled.jpg": cjpeg(rgb, "-sample", "1x1,2x2,2x2"),
    "jpeg-progressive.jpg": encode(rgb, "JPEG", progressive=True),
    "jpeg-progressive-444.jpg": encode(rgb, "JPEG", progressive=True, subsampling=0),
    "jpeg-scan-for-each-component.jpg": scans(),
    "jpeg-arithmetic.jpg": cjpeg(rgb, "-arithmetic"),
    "jpeg-arithmetic-progressive.jpg": cjpeg(rgb, "-arithmetic", "-progressive"),
    "jpeg-restarts.jpg": cjpeg(rgb, "-restart", "1B"),
    "jpeg-rgb.jpg": cjpeg(rgb, "-rgb"),
    "jpeg-gray.jpg": encode(gray, "JPEG"),
    "jpeg-cmyk.jpg": encode(cmyk, "JPEG", subsampling=0),
    "jpeg-cmyk-420.jpg": encode(cmyk, "JPEG", subsampling=2),
    "jpeg-ycck.jpg": ycck(0),
    "jpeg-ycck-420.jpg": ycck(2),
    "jpeg-profile.jpg": encode(rgb, "JPEG", icc_profile=srgb),
    "jpeg-exif-short-6.jpg": with_exif(plain, tiff(6, 3)),
    "jpeg-exif-long-6.jpg": with_exif(plain, tiff(6, 4)),
    "jpeg-exif-long-8-little.jpg": with_exif(plain, tiff(8, 4, "<")),
    "png-rgb.png": plain_png,
    "png-rgba.png": encode(rgba, "PNG"),
    "png-gray-alpha.png": encode(Image.merge("LA", (gray, blurred)), "PNG"),
    "png-palette-transparent.png": encode(indexed, "PNG", transparency=bytes(range(0, 240, 4))),
    "png-colour-key.png": encode(rgb, "PNG", transparency=rgb.getpixel((3, 3))),
    "png-1-bit.png": encode(gray.convert("1"), "PNG"),
    "png-gamma.png": after_header(plain_png, chunk(b"gAMA", struct.pack(">I", 100000))),
    "png-profile.png": encode(rgb, "PNG", icc_profile=srgb),
    "png-exif-6.png": after_header(plain_png, chunk(b"eXIf", tiff(6, 3))),
    "png-exif-long-3.png": after_header(plain_png, chunk(b"eXIf", tiff(3, 4, "<"))),
    "png-raw-profile-6.png": after_header(plain_png, chunk(b"tEXt", b"Raw profile type exif\0" + raw_profile(tiff(6, 3)))),
    "png-raw-profile-compressed-8.png": after_header(plain_png, chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(raw_profile(tiff(8, 4))))),
    "webp-lossy.webp": encode(rgb, "WEBP", quality=80),
    "webp-lossless.webp": encode(rgb, "WEBP", lossless=True),
    "webp-alpha.webp": encode(rgba, "WEBP", lossless=True, exact=True),
    "webp-exif-6.webp": encode(rgb, "WEBP", lossless=True, exif=b"Exif\0\0" + tiff(6, 3)),
    "webp-animated.webp": encode(rgb, "WEBP", lossless=True, save_all=True, append_images=[photo(2)]),
    "bmp-24.bmp": encode(rgb, "BMP"),
    "bmp-top-down.bmp": bmp(24, 0, b"", [row24(y) for y in range(H)], -H),
    "bmp-32.bmp": encode(rgba, "BMP"),
    "bmp-565.bmp": bmp(16, 3, struct.pack("<III", 0xF800, 0x07E0, 0x001F), [row565(y) for y in range(H - 1, -1, -1)]),
    "bmp-8.bmp": encode(indexed, "BMP"),
    "bmp-rle8.bmp": bmp(8, 1, b"", [run_lengths(indexed.crop((0, y, W, y + 1)).tobytes()) for y in range(H - 1, -1, -1)] + [b"\0\1"], palette=bmp_palette()),
    "bmp-gray.bmp": encode(gray, "BMP"),
    "bmp-1.bmp": encode(gray.convert("1"), "BMP"),
    "gif-interlaced.gif": encode(indexed, "GIF"),
    "gif-rows.gif": encode(indexed, "GIF", interlace=0),
    "gif-transparent.gif": encode(indexed, "GIF", transparency=indexed.getpixel((5, 5))),
    "gif-animated.gif": encode(indexed, "GIF", save_all=True, append_images=[photo(2).quantize(50)]),
}

for old in HERE.iterdir():
    if old.suffix != ".py":
        old.unlink()
total = 0
for name, data in files.items():
    (HERE / name).write_bytes(data)
    image = Image.open(io.BytesIO(data))
    image.load()
    image = ImageOps.exif_transpose(image).convert("RGB")
    expected = struct.pack("<II", *image.size) + image.tobytes()
    (HERE / (name + ".rgb")).write_bytes(expected)
    total += len(data) + len(expected)
print(f"{len(files)} pictures, {total} bytes")
