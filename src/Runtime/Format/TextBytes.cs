using System.Text;
using System.Text.Unicode;

namespace EdgeVit.Runtime;

/// <summary>Texts that people write: UTF-8, or what their byte order mark says. Nothing else is guessed at: a wrong guess is a wrong name.</summary>
internal static class TextBytes
{
    /// <summary>The text of a file's bytes, or what is wrong with them and what to do, as a sentence after the file's name.</summary>
    internal static (string? Text, string? Fault) Read(ReadOnlySpan<byte> bytes, string path)
    {
        if (bytes is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..])
        {
            return ((bytes[0] == 0xFF ? Encoding.Unicode : Encoding.BigEndianUnicode).GetString(bytes[2..]), null);
        }

        bytes = bytes.StartsWith("\uFEFF"u8) ? bytes[3..] : bytes;
        if (Utf8.IsValid(bytes))
        {
            return (Encoding.UTF8.GetString(bytes), null);
        }

        int line = 1;
        foreach (Range range in bytes.Split((byte)'\n'))
        {
            if (!Utf8.IsValid(bytes[range]))
            {
                break;
            }

            line++;
        }

        return (null, $"line {line} is not UTF-8, perhaps Windows-1252 or Latin-1. Save the file as UTF-8:  iconv -f WINDOWS-1252 -t UTF-8 {path} > utf8.txt");
    }
}
