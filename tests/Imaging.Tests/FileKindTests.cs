using System.Text;

namespace EdgeVit.Imaging.Tests;

/// <summary>What is no picture, or one of a format that is not decoded, is named as what it is, with what to do about it.</summary>
public class FileKindTests
{
    [Theory]
    [InlineData("", "the file is empty")]
    [InlineData("II*\0....", "a TIFF")]
    [InlineData("MM\0*....", "a TIFF")]
    [InlineData("\0\0\0\u0018ftypheic\0\0\0\0", "a HEIC")]
    [InlineData("\0\0\0\u0018ftypmif1\0\0\0\0", "a HEIC")]
    [InlineData("\0\0\0\u0018ftypavif\0\0\0\0", "an AVIF")]
    [InlineData("\0\0\0\u0018ftypisom\0\0\0\0", "a video")]
    [InlineData("\0\0\0\u000CjP  \r\n\u0087\n", "a JPEG 2000")]
    [InlineData("\u00FF\u004F\u00FF\u0051\0\0", "a JPEG 2000")]
    [InlineData("\u00FF\n....", "a JPEG XL")]
    [InlineData("\0\0\0\u000CJXL \r\n\u0087\n", "a JPEG XL")]
    [InlineData("\0\0\u0002\0\0\0\0\0\0\0\0\0\u0010\0\u0010\0\u0018\0.......", "a TGA")]
    [InlineData("P6\n16 16\n255\n", "a PPM")]
    [InlineData("P5 16 16 255 ", "PGM")]
    [InlineData("8BPS\0\u0001", "a Photoshop document")]
    [InlineData("\0\0\u0001\0\u0001\0\u0010\u0010", "an icon")]
    [InlineData("%PDF-1.7", "a PDF")]
    [InlineData("<!DOCTYPE html>\n<html>", "an HTML page")]
    [InlineData("  \n<html lang=en>", "an HTML page")]
    [InlineData("\u00EF\u00BB\u00BF<HTML>", "an HTML page")]
    [InlineData("<?xml version=\"1.0\"?>\n<svg xmlns=\"\">", "an SVG")]
    [InlineData("<?xml version=\"1.0\"?>\n<Error/>", "an XML text")]
    [InlineData("{\"error\": \"not found\"}", "a JSON text")]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull")]
    [InlineData("\0\u0005\u0016\u0007\0\u0002\0\0Mac OS X        ", "a macOS resource fork")]
    [InlineData("PK\u0003\u0004", "a ZIP archive")]
    [InlineData("\u001F\u008B\b", "a gzip archive")]
    [InlineData("\u0093NUMPY\u0001\0", "a NumPy array")]
    [InlineData("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", "a file of zeros")]
    [InlineData("BMW, the car maker, is not a bitmap", "a text that starts with 'BMW, the car maker, is n'")]
    [InlineData("RIFF....WAVEfmt ", "a sound")]
    [InlineData("RIFF....ACON", "a text that starts with 'RIFF....ACON'")]
    [InlineData("\u0089PNG\r\n\u001A", "the PNG is cut off after 7 bytes")]
    [InlineData("\u00FF\u00D8", "the JPEG is cut off after 2 bytes")]
    [InlineData("GIF8", "the GIF is cut off after 4 bytes")]
    [InlineData("RIFF....WE", "the WebP is cut off after 10 bytes")]
    [InlineData("RIFF", "the WebP is cut off after 4 bytes")]
    [InlineData("\u0089PNG\n\u001A\n\0\0\0\rIHDR", "transfer in text mode")]
    [InlineData("\u00FF\u00FE<\0h\0t\0m\0l\0>\0", "an HTML page")]
    [InlineData("\u00FE\u00FF\0{\0\"\0a\0\"", "a JSON text")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n\r\n\u00FF\u00D8", "a server's answer")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n\r\n\u00FF\u00D8\u00FF\u00E0\0\u0010JFIF\0\u0001\u0001", "a server's answer with its headers")]
    [InlineData("HTTP/2 200\r\n\r\n\u0089PNG\r\n\u001A\n\0\0\0\rIHDR", "curl  does without  -i")]
    [InlineData("\n\u00FF\u00D8\u00FF\u00E0\0\u0010JFIF\0\u0001\u0001", "a JPEG behind other bytes. Cut off what stands before it:  tail -c +2")]
    [InlineData("Warning: x in y.php on line 3\r\n\u0089PNG\r\n\u001A\n\0\0\0\rIHDR", "a PNG behind other bytes. Cut off what stands before it:  tail -c +32")]
    [InlineData("\0\0\0\u0001GIF89a\u0001\0\u0001\0\0\0\0", "a GIF behind other bytes")]
    [InlineData("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "a server's answer with its headers")]
    [InlineData("data:image/png;base64,iVBORw0KGgo", "base64")]
    [InlineData("/9j/4AAQSkZJRgABAQ", "base64 -d")]
    [InlineData("iVBORw0KGgoAAAANSUhEUg", "base64 -d")]
    [InlineData("Rar!\u001A\u0007\u0001\0", "a RAR archive")]
    [InlineData("7z\u00BC\u00AF\u0027\u001C\0\u0004", "a 7z archive")]
    [InlineData("\u00FD7zXZ\0", "an xz archive")]
    [InlineData("\u0028\u00B5\u002F\u00FD", "a Zstandard archive")]
    [InlineData("\u0089HDF\r\n\u001A\n", "an HDF5 file")]
    [InlineData("SIMPLE  =                    T", "a FITS image")]
    [InlineData("\u0080\u0004\u0095\u0010\0\0", "a Python pickle")]
    [InlineData("\u007FELF\u0002\u0001", "a program")]
    [InlineData("bplist00", "a macOS property list")]
    [InlineData("L\0\0\0\u0001\u0014\u0002\0", "a Windows shortcut")]
    [InlineData("RIFF....AVI LIST", "a video")]
    [InlineData("hello", "a text that starts with 'hello'")]
    [InlineData("\u0001\u0002\u0003", "a file that starts with 010203")]
    public void OtherFilesAreNamed(string content, string expected)
    {
        byte[] file = Encoding.Latin1.GetBytes(content);
        var e = Assert.Throws<ImageException>(() => ImageDecoder.Decode(file, "picture.png"));
        Assert.StartsWith("picture.png: ", e.Message);
        Assert.Contains(expected, e.Message);
        using var folder = new TempFolder();
        Assert.Contains(expected, Assert.Throws<ImageException>(() => ImageDecoder.CheckFileHeader(folder.Write("picture.png", file))).Message);
    }

    /// <summary>Marks that stand further inside.</summary>
    [Theory]
    [InlineData(128, "DICM", "a DICOM")]
    [InlineData(257, "ustar", "a tar archive")]
    public void FilesWhoseMarkStandsInsideAreNamed(int at, string mark, string expected)
    {
        byte[] file = new byte[600];
        file[0] = (byte)'x';
        Encoding.Latin1.GetBytes(mark, file.AsSpan(at));
        Assert.Contains(expected, Assert.Throws<ImageException>(() => ImageDecoder.Decode(file, "picture.png")).Message);
    }

    [Fact]
    public void EveryGoldenPicturePassesTheCheapCheck()
    {
        using var folder = new TempFolder();
        foreach (string name in GoldenPicture.Names)
        {
            ImageDecoder.CheckFileHeader(folder.Write(name, GoldenPicture.Read(name).File));
        }
    }

    [Fact]
    public void AMissingLibraryIsNoFaultOfThePicture()
    {
        ImageException e = SkiaDecoder.LibraryMissing("cat.png", new DllNotFoundException("Unable to load shared library 'libSkiaSharp'.\nMore."));
        Assert.True(e.CodecMissing);
        Assert.StartsWith("cat.png: the decoder's library libSkiaSharp cannot be loaded (Unable to load shared library 'libSkiaSharp').", e.Message);
    }
}
