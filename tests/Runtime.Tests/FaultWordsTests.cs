using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace EdgeVit.Runtime.Tests;

/// <summary>Faults of files, texts and JSON in a user's words.</summary>
public sealed class FaultWordsTests
{
    [Fact]
    public void FilesThatCannotBeReadAreToldWithoutPathsTwice()
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            string missing = Path.Combine(folder, "none"), deep = Path.Combine(folder, "no", "file");
            Assert.Equal("there is no such file", Of(missing, missing));
            Assert.Equal($"there is no such file ({missing})", Of(missing, folder));
            Assert.Equal("there is no such folder", Of(deep, deep));
            Assert.Equal("it is a folder", Of(folder, folder));
            Assert.Equal("it ends too early", FileFault.Of(new EndOfStreamException()));
            Assert.Equal("no space left on device", FileFault.Of(new IOException("No space left on device : '/x/y'"), "/x/y"));
            Assert.True(FileFault.IsFull(new IOException("No space left on device : '/x/y'")));
            Assert.False(FileFault.IsFull(new FileNotFoundException()));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        static string Of(string path, string named)
        {
            Exception e = Assert.ThrowsAny<Exception>(() => File.ReadAllBytes(path));
            return FileFault.Of(e, named);
        }
    }

    [Theory]
    [InlineData("{", "it is no JSON (line 1, byte 2)")]
    [InlineData("{\n \"a\": x}", "it is no JSON (line 2, byte 7)")]
    [InlineData("", "it is no JSON (line 1, byte 1)")]
    public void JsonIsToldByItsPlace(string text, string said) => Assert.Equal(said, JsonFault.Of(Assert.ThrowsAny<JsonException>(() => JsonNode.Parse(text))));

    [Fact]
    public void NamesOfTypesAreNotSaid()
    {
        Assert.Equal("ours", JsonFault.Of(new JsonException("ours.")));
        JsonException wrong = Assert.ThrowsAny<JsonException>(() => JsonSerializer.Deserialize<Dictionary<string, int>>("{\"a\": \"b\"}"));
        Assert.StartsWith("it has a value of the wrong kind for 'a' (line 1", JsonFault.Of(wrong), StringComparison.Ordinal);
    }

    [Fact]
    public void TextsAreUtf8OrWhatTheirMarkSays()
    {
        Assert.Equal("café", TextBytes.Read("café"u8, "f").Text);
        Assert.Equal("café", TextBytes.Read([0xEF, 0xBB, 0xBF, .. "café"u8], "f").Text);
        foreach (Encoding wide in new[] { Encoding.Unicode, Encoding.BigEndianUnicode })
        {
            Assert.Equal("a\ncafé", TextBytes.Read([.. wide.GetPreamble(), .. wide.GetBytes("a\ncafé")], "f").Text);
        }

        (string? text, string? fault) = TextBytes.Read([.. "a\nb\ncaf"u8, 0xE9, .. "\nd\n"u8], "names.txt");
        Assert.Null(text);
        Assert.StartsWith("line 3 is not UTF-8", fault, StringComparison.Ordinal);
        Assert.Contains("iconv -f WINDOWS-1252 -t UTF-8 names.txt", fault, StringComparison.Ordinal);
    }
}
