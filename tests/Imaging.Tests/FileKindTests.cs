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
    [InlineData("RIFF....WAVEfmt ", "a text that starts with")]
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
