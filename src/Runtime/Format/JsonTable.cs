using System.Text;

namespace EdgeVit.Runtime;

/// <summary>What a JSON value is.</summary>
internal enum JsonKind
{
    Null,
    False,
    True,
    Number,
    String,
    Array,
    Object,
}

/// <summary>A parsed JSON document (RFC 8259, nothing more) as a table of its tokens in the order of the text, 16 bytes each. It is read
/// through <see cref="JsonEntry"/>.</summary>
/// <remarks>The runtime has a parser of its own because a process pays for the framework's when it starts: loading and compiling it takes
/// longer than all else that opening a model does. For the same reason nothing here is generic over value types.</remarks>
internal sealed partial class JsonTable
{
    private const byte Quote = (byte)'"';
    private const byte Backslash = (byte)'\\';

    /// <summary>Bytes of the longest text that is kept for its next occurrence.</summary>
    private const int LongestKept = 16;

    // The last text of each hash: names of ops, roles and types occur again and again.
    private readonly string?[] _words = new string?[128];
    private readonly ReadOnlyMemory<byte> _text;
    private readonly string _where;
    private Token[] _tokens;
    private int _count;

    private JsonTable(ReadOnlyMemory<byte> text, string where)
    {
        _text = text;
        _where = where;
        _tokens = new Token[Math.Max(16, text.Length / 16)];
    }

    internal JsonKind KindOf(int index) => _tokens[index].Kind;

    /// <summary>The token after a value and all that it holds.</summary>
    internal int Next(int index) => _tokens[index].Next;

    /// <summary>A number as it is written; a string between its quotes.</summary>
    internal ReadOnlySpan<byte> Raw(int index) => _text.Span.Slice(_tokens[index].Begin, _tokens[index].Length);

    /// <summary>A string, its escapes resolved; null where they hold half of a surrogate pair.</summary>
    internal string? Text(int index)
    {
        ReadOnlySpan<byte> raw = Raw(index);
        int escape = raw.IndexOf(Backslash);
        if (escape < 0)
        {
            return raw.Length is > 0 and <= LongestKept ? Repeated(raw) : Encoding.UTF8.GetString(raw);
        }

        // No escape is shorter than what it stands for.
        var plain = new byte[raw.Length];
        int length = 0;
        while (escape >= 0)
        {
            raw[..escape].CopyTo(plain.AsSpan(length));
            length += escape;
            raw = raw[(escape + 1)..];
            int used = Unescape(raw, plain.AsSpan(length), out int written);
            if (used == 0)
            {
                return null;
            }

            length += written;
            raw = raw[used..];
            escape = raw.IndexOf(Backslash);
        }

        raw.CopyTo(plain.AsSpan(length));
        return Encoding.UTF8.GetString(plain, 0, length + raw.Length);
    }

    private string Repeated(ReadOnlySpan<byte> raw)
    {
        ref string? last = ref _words[((raw[0] * 31) + (raw[^1] * 7) + raw[raw.Length / 2] + raw.Length) % _words.Length];
        return last is not null && Ascii.Equals(raw, last) ? last : last = Encoding.UTF8.GetString(raw);
    }

    /// <summary>Whether a string is a given text; one without escapes is compared byte by byte.</summary>
    internal bool TextEquals(int index, string text)
    {
        ReadOnlySpan<byte> raw = Raw(index);
        return raw.IndexOf(Backslash) < 0 ? Ascii.Equals(raw, text) || (!Ascii.IsValid(text) && Text(index) == text) : Text(index) == text;
    }

    /// <summary>Resolves an escape whose form is right already; 0 for half of a surrogate pair.</summary>
    /// <param name="after">The text behind the backslash.</param>
    /// <param name="target">Receives UTF-8.</param>
    /// <param name="written">Bytes written.</param>
    /// <returns>Bytes of the escape, without its backslash.</returns>
    private static int Unescape(ReadOnlySpan<byte> after, Span<byte> target, out int written)
    {
        written = 1;
        if (after[0] != (byte)'u')
        {
            target[0] = after[0] switch
            {
                (byte)'b' => (byte)'\b',
                (byte)'f' => (byte)'\f',
                (byte)'n' => (byte)'\n',
                (byte)'r' => (byte)'\r',
                (byte)'t' => (byte)'\t',
                _ => after[0],
            };
            return 1;
        }

        int unit = Hex(after[1..]);
        int used = 5;
        if (unit is >= 0xD800 and <= 0xDFFF)
        {
            int low = unit <= 0xDBFF && after.Length >= 11 && after[5] == Backslash && after[6] == (byte)'u' ? Hex(after[7..]) : 0;
            if (low is < 0xDC00 or > 0xDFFF)
            {
                written = 0;
                return 0;
            }

            unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
            used = 11;
        }

        written = new Rune(unit).EncodeToUtf8(target);
        return used;
    }

    /// <summary>Four hex digits; -1 where they are none.</summary>
    private static int Hex(ReadOnlySpan<byte> text)
    {
        int value = 0;
        for (int i = 0; i < 4; i++)
        {
            int digit = i < text.Length ? HexDigit(text[i]) : -1;
            if (digit < 0)
            {
                return -1;
            }

            value = (value << 4) | digit;
        }

        return value;
    }

    private static int HexDigit(byte c) => c switch
    {
        >= (byte)'0' and <= (byte)'9' => c - '0',
        >= (byte)'a' and <= (byte)'f' => c - 'a' + 10,
        >= (byte)'A' and <= (byte)'F' => c - 'A' + 10,
        _ => -1,
    };

    private struct Token
    {
        internal int Begin;
        internal int Length;
        internal int Next;
        internal JsonKind Kind;
    }
}
