using System.Text;
using System.Text.Unicode;

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
internal sealed class JsonTable
{
    private const int MaxDepth = 32;
    private const byte Quote = (byte)'"';
    private const byte Backslash = (byte)'\\';

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

    /// <summary>Parses a whole document, which is kept; <paramref name="where"/> names it in messages.</summary>
    /// <exception cref="EvitFormatException">Not UTF-8, not JSON, or nested deeper than 32.</exception>
    internal static JsonEntry Parse(ReadOnlyMemory<byte> utf8, string where)
    {
        if (!Utf8.IsValid(utf8.Span))
        {
            throw new EvitFormatException($"{where}: not valid UTF-8");
        }

        var table = new JsonTable(utf8, where);
        ReadOnlySpan<byte> text = utf8.Span;
        int at = table.Value(text, Skip(text, 0), 0);
        at = Skip(text, at);
        return at == text.Length ? new JsonEntry(table, 0) : throw table.Invalid(at, "more text after the document");
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
            return Encoding.UTF8.GetString(raw);
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

    /// <summary>Whether a string is a given text; one without escapes is compared as it lies.</summary>
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

    private static int Skip(ReadOnlySpan<byte> text, int at)
    {
        while (at < text.Length && text[at] is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t')
        {
            at++;
        }

        return at;
    }

    private int Value(ReadOnlySpan<byte> text, int at, int depth)
    {
        switch (at < text.Length ? text[at] : 0)
        {
            case (byte)'{':
                return Members(text, at, depth + 1);
            case (byte)'[':
                return Elements(text, at, depth + 1);
            case Quote:
                return String(text, at);
            case (byte)'t':
                return Word(text, at, "true"u8, JsonKind.True);
            case (byte)'f':
                return Word(text, at, "false"u8, JsonKind.False);
            case (byte)'n':
                return Word(text, at, "null"u8, JsonKind.Null);
            default:
                return Number(text, at);
        }
    }

    private int Members(ReadOnlySpan<byte> text, int at, int depth)
    {
        int index = Open(JsonKind.Object, at, depth);
        at = Skip(text, at + 1);
        if (!Is(text, at, '}'))
        {
            while (true)
            {
                if (!Is(text, at, '"'))
                {
                    throw Invalid(at, "a key expected");
                }

                at = Skip(text, String(text, at));
                if (!Is(text, at, ':'))
                {
                    throw Invalid(at, "':' expected");
                }

                at = Skip(text, Value(text, Skip(text, at + 1), depth));
                if (!Is(text, at, ','))
                {
                    break;
                }

                at = Skip(text, at + 1);
            }
        }

        return Is(text, at, '}') ? Close(index, at) : throw Invalid(at, "',' or '}' expected");
    }

    private int Elements(ReadOnlySpan<byte> text, int at, int depth)
    {
        int index = Open(JsonKind.Array, at, depth);
        at = Skip(text, at + 1);
        if (!Is(text, at, ']'))
        {
            at = Skip(text, Value(text, at, depth));
            while (Is(text, at, ','))
            {
                at = Skip(text, Value(text, Skip(text, at + 1), depth));
            }
        }

        return Is(text, at, ']') ? Close(index, at) : throw Invalid(at, "',' or ']' expected");
    }

    private int String(ReadOnlySpan<byte> text, int at)
    {
        int begin = ++at;
        while (true)
        {
            byte c = at < text.Length ? text[at] : (byte)0;
            if (c == Quote)
            {
                break;
            }

            if (c < 0x20)
            {
                throw Invalid(at, at < text.Length ? "a control character in a string" : "the string does not end");
            }

            if (c == Backslash)
            {
                byte escape = at + 1 < text.Length ? text[at + 1] : (byte)0;
                bool valid = escape == (byte)'u' ? Hex(text[(at + 2)..]) >= 0 : "\"\\/bfnrt"u8.IndexOf(escape) >= 0;
                if (!valid)
                {
                    throw Invalid(at, "an unknown escape");
                }

                at++;
            }

            at++;
        }

        Add(JsonKind.String, begin, at - begin);
        return at + 1;
    }

    private int Number(ReadOnlySpan<byte> text, int at)
    {
        int begin = at;
        at += Is(text, at, '-') ? 1 : 0;
        int digits = Digits(text, at);
        bool valid = digits == at + 1 || (digits > at && text[at] != (byte)'0');
        at = digits;
        if (valid && Is(text, at, '.'))
        {
            digits = Digits(text, at + 1);
            valid = digits > at + 1;
            at = digits;
        }

        if (valid && (Is(text, at, 'e') || Is(text, at, 'E')))
        {
            at += Is(text, at + 1, '+') || Is(text, at + 1, '-') ? 2 : 1;
            digits = Digits(text, at);
            valid = digits > at;
            at = digits;
        }

        if (!valid)
        {
            throw Invalid(at, "a value expected");
        }

        Add(JsonKind.Number, begin, at - begin);
        return at;
    }

    private int Word(ReadOnlySpan<byte> text, int at, ReadOnlySpan<byte> word, JsonKind kind)
    {
        if (!text[at..].StartsWith(word))
        {
            throw Invalid(at, "a value expected");
        }

        Add(kind, at, word.Length);
        return at + word.Length;
    }

    private static int Digits(ReadOnlySpan<byte> text, int at)
    {
        while (at < text.Length && text[at] is >= (byte)'0' and <= (byte)'9')
        {
            at++;
        }

        return at;
    }

    private static bool Is(ReadOnlySpan<byte> text, int at, char c) => at < text.Length && text[at] == c;

    private int Open(JsonKind kind, int at, int depth)
    {
        if (depth > MaxDepth)
        {
            throw Invalid(at, $"nested deeper than {MaxDepth}");
        }

        Add(kind, at, 0);
        return _count - 1;
    }

    private int Close(int index, int at)
    {
        _tokens[index].Length = at + 1 - _tokens[index].Begin;
        _tokens[index].Next = _count;
        return at + 1;
    }

    private void Add(JsonKind kind, int begin, int length)
    {
        if (_count == _tokens.Length)
        {
            var larger = new Token[_tokens.Length * 2];
            Array.Copy(_tokens, larger, _count);
            _tokens = larger;
        }

        _tokens[_count] = new Token { Begin = begin, Length = length, Next = _count + 1, Kind = kind };
        _count++;
    }

    private EvitFormatException Invalid(int at, string what) => new($"{_where}: not valid JSON ({what} at byte {at})");

    private struct Token
    {
        internal int Begin;
        internal int Length;
        internal int Next;
        internal JsonKind Kind;
    }
}
