"""Classifies a picture in the PPM format (P6): classify.py libedgevit.so model.evit picture.ppm"""
import ctypes
import struct
import sys


class Info(ctypes.Structure):
    _fields_ = [("width", ctypes.c_int32), ("height", ctypes.c_int32), ("classes", ctypes.c_int32), ("threads", ctypes.c_int32), ("kernels", ctypes.c_char * 32)]


def main(library, path, picture):
    edgevit = ctypes.CDLL(library)
    edgevit.edgevit_last_error.restype = ctypes.c_char_p
    edgevit.edgevit_label.restype = ctypes.c_char_p
    edgevit.edgevit_label.argtypes = [ctypes.c_void_p, ctypes.c_int32]
    edgevit.edgevit_close.argtypes = [ctypes.c_void_p]

    def check(code):
        if code != 0:
            sys.exit("classify: " + edgevit.edgevit_last_error().decode())

    with open(picture, "rb") as file:
        magic, width, height, levels = file.readline().split()[0], *map(int, file.readline().split()), int(file.readline())
        if magic != b"P6" or levels != 255:
            sys.exit("classify: not a PPM picture of 8 bits")
        rgb = file.read(3 * width * height)

    model = ctypes.c_void_p()
    check(edgevit.edgevit_open(path.encode(), 1, ctypes.byref(model)))
    info = Info()
    check(edgevit.edgevit_get_info(model, ctypes.byref(info)))
    logits = (ctypes.c_float * info.classes)()
    check(edgevit.edgevit_run(model, rgb, width, height, logits))
    for index, value in enumerate(logits):
        print(f"{struct.unpack('<I', struct.pack('<f', value))[0]:08x} {edgevit.edgevit_label(model, index).decode()}")
    edgevit.edgevit_close(model)


main(*sys.argv[1:])
