"""Files that hold no table we read, told by their first bytes.

Source: the signatures as the formats' own specifications publish them.
"""

from __future__ import annotations

from opendata.errors import N_

_PICTURE = N_("a picture")
_FILM = N_("an audio or video file")
_PROGRAM = N_("a program")
_STATISTICS = N_("a statistics software file")

_SIGNATURES = (
    (b"%PDF-", "pdf", N_("a PDF document")),
    (b"\xff\xd8\xff", "jpeg", N_("a JPEG picture")),
    (b"\x89PNG\r\n", "png", N_("a PNG picture")),
    (b"GIF87a", "gif", N_("a GIF picture")),
    (b"GIF89a", "gif", N_("a GIF picture")),
    (b"II*\0", "tiff", N_("a TIFF picture")),
    (b"MM\0*", "tiff", N_("a TIFF picture")),
    (b"8BPS\0", "psd", _PICTURE),
    (b"\0\0\1\0", "ico", _PICTURE),
    (b"AC10", "dwg", N_("an AutoCAD drawing")),
    (b"{\\rtf", "rtf", N_("an RTF document")),
    (b"OggS\0", "ogg", _FILM),
    (b"fLaC\0", "flac", _FILM),
    (b"ID3\x02", "mp3", N_("an audio file")),
    (b"ID3\x03", "mp3", N_("an audio file")),
    (b"ID3\x04", "mp3", N_("an audio file")),
    (b"\x1aE\xdf\xa3", "matroska", _FILM),
    (b"\0\0\1\xba", "mpeg", _FILM),
    (b"FLV\x01", "flv", _FILM),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "asf", _FILM),
    (b"7z\xbc\xaf\x27\x1c", "7z", N_("a 7-Zip archive")),
    (b"Rar!\x1a\x07", "rar", N_("a RAR archive")),
    (b"MSCF\0\0\0\0", "cab", N_("a Cabinet archive")),
    (b"\x1f\x9d", "compress", N_("a compressed file (.Z)")),
    (b"LZIP\x01", "lzip", N_("an lzip archive")),
    (b"\x04\x22\x4d\x18", "lz4", N_("an LZ4 archive")),
    (b"PK\x07\x08", "split-zip", N_("a part of a split ZIP archive")),
    (b"SQLite format 3\0", "sqlite", N_("a SQLite database")),
    (b"\0\1\0\0Standard Jet DB", "access", N_("an Access database")),
    (b"\0\1\0\0Standard ACE DB", "access", N_("an Access database")),
    (b"\x89HDF\r\n\x1a\n", "hdf5", N_("an HDF5 file")),
    (b"CDF\x01", "netcdf", N_("a NetCDF file")),
    (b"CDF\x02", "netcdf", N_("a NetCDF file")),
    (b"\0\0\x27\x0a\0\0\0\0", "shapefile", N_("a part of a Shapefile")),
    (b"Obj\x01", "avro", N_("an Avro file")),
    (b"ORC\x08", "orc", N_("an ORC file")),
    (b"FEA1\0", "feather", N_("a Feather version 1 file")),
    (b"$FL2", "spss", _STATISTICS),
    (b"$FL3", "spss", _STATISTICS),
    (b"<stata_dta>", "stata", _STATISTICS),
    (b"\0" * 12 + b"\xc2\xea\x81\x60", "sas", _STATISTICS),
    (b"RDX2\n", "r", _STATISTICS),
    (b"RDX3\n", "r", _STATISTICS),
    (b"\x09\x00\x04\x00", "biff", N_("an Excel file from before 1997")),
    (b"\x09\x02\x06\x00", "biff", N_("an Excel file from before 1997")),
    (b"\x09\x04\x06\x00", "biff", N_("an Excel file from before 1997")),
    (b"\x09\x08\x08\x00", "biff", N_("an Excel file from before 1997")),
    (b"\x09\x08\x10\x00", "biff", N_("an Excel file from before 1997")),
    (b"\x7fELF", "program", _PROGRAM),
    (b"MZ\x90", "program", _PROGRAM),
    (b"\xca\xfe\xba\xbe", "program", _PROGRAM),
    (b"\xcf\xfa\xed\xfe", "program", _PROGRAM),
    (b"\xce\xfa\xed\xfe", "program", _PROGRAM),
    (b"\0asm\1\0\0\0", "program", _PROGRAM),
)
_RIFF = {b"WAVE", b"AVI ", b"RMID"}


def name_signature(head: bytes) -> tuple[str, str] | None:
    """The form and the translatable name of a binary document that begins so, or None."""
    for signature, form, name in _SIGNATURES:
        if head.startswith(signature):
            return form, name
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "webp", N_("a WebP picture")
    if head.startswith(b"RIFF") and head[8:12] in _RIFF:
        return "riff", _FILM
    if head[4:8] == b"ftyp" and head[0] == 0:
        return "mp4", N_("a video or a picture")
    if head.startswith(b"BM") and head[6:10] == bytes(4) and head[15:18] == bytes(3):
        return "bmp", _PICTURE
    return None
