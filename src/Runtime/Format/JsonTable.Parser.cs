using System.Text.Unicode;

namespace EdgeVit.Runtime;

/// <content>The parser, which fills the table.</content>
internal sealed partial class JsonTable
{
    private const int MaxDepth = 32;

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

    private static int Skip(ReadOnlySpan<byte> text, int at)
    {
        while (at < text.Length && text[at] is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t')
        {
            at++;
        }

        return at;
    }

    private int Value(ReadOnlySpan<byte> text, int at, int depth) => (at < text.Length ? text[at] : 0) switch
    {
        (byte)'{' => Members(text, at, depth + 1),
        (byte)'[' => Elements(text, at, depth + 1),
        Quote => String(text, at),
        (byte)'t' => Word(text, at, "true"u8, JsonKind.True),
        (byte)'f' => Word(text, at, "false"u8, JsonKind.False),
        (byte)'n' => Word(text, at, "null"u8, JsonKind.Null),
        _ => Number(text, at),
    };

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
}
