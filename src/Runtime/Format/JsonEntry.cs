using System.Globalization;

namespace EdgeVit.Runtime;

/// <summary>A value of a JSON document that may be anything: every step is checked and fails with its place in the document.</summary>
internal readonly struct JsonEntry(JsonTable table, int index)
{
    private readonly JsonTable _table = table;
    private readonly int _index = index;

    internal JsonKind Kind => _table.KindOf(_index);

    // Below, messages name a place by where (the document or its part), what, and the name of that.

    internal void Expect(JsonKind kind, string where, string? what = null, string? name = null)
    {
        if (Kind != kind)
        {
            throw new EvitFormatException($"{Place(where, what, name)}: found JSON {Kind}, expected {kind}");
        }
    }

    /// <summary>The members of an object in their order.</summary>
    internal JsonMembers Members(string where)
    {
        Expect(JsonKind.Object, where);
        return new JsonMembers(_table, _index, where);
    }

    /// <summary>The value of a key; of the last one where there are several.</summary>
    internal JsonEntry? Find(string key, string where)
    {
        JsonEntry? found = null;
        foreach (JsonMember member in Members(where))
        {
            if (member.IsNamed(key))
            {
                found = member.Value;
            }
        }

        return found;
    }

    internal JsonEntry Get(string key, string where) => Find(key, where) ?? throw new EvitFormatException($"{where}: key '{key}' is missing");

    /// <summary>Refuses other keys and keys that are there twice.</summary>
    internal void OnlyKeys(string where, params ReadOnlySpan<string> keys)
    {
        ulong seen = 0;
        foreach (JsonMember member in Members(where))
        {
            int index = -1;
            for (int i = 0; i < keys.Length && index < 0; i++)
            {
                index = member.IsNamed(keys[i]) ? i : -1;
            }

            if (index < 0)
            {
                throw new EvitFormatException($"{where}: unknown key '{Clip(member.Name)}', expected only {string.Join(", ", keys)}");
            }

            if ((seen >> index & 1) != 0)
            {
                throw Twice(member.Name, where);
            }

            seen |= 1UL << index;
        }
    }

    internal string String(string where, string? what = null, string? name = null)
    {
        Expect(JsonKind.String, where, what, name);
        return _table.Text(_index) ?? throw new EvitFormatException($"{Place(where, what, name)}: holds an unpaired surrogate");
    }

    internal int Int(string where, string? what = null, string? name = null)
    {
        Expect(JsonKind.Number, where, what, name);
        return int.TryParse(_table.Raw(_index), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value)
            ? value : throw new EvitFormatException($"{Place(where, what, name)}: found {Written()}, expected a 32-bit integer");
    }

    internal long Long(string where, string? what = null, string? name = null)
    {
        Expect(JsonKind.Number, where, what, name);
        return long.TryParse(_table.Raw(_index), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value)
            ? value : throw new EvitFormatException($"{Place(where, what, name)}: found {Written()}, expected a 64-bit integer");
    }

    internal ulong Unsigned(string where, string? what = null, string? name = null)
    {
        Expect(JsonKind.Number, where, what, name);
        return ulong.TryParse(_table.Raw(_index), NumberStyles.None, CultureInfo.InvariantCulture, out ulong value)
            ? value : throw new EvitFormatException($"{Place(where, what, name)}: found {Written()}, expected an unsigned 64-bit integer");
    }

    internal float Float(string where, string? what = null, string? name = null)
    {
        Expect(JsonKind.Number, where, what, name);
        return float.TryParse(_table.Raw(_index), NumberStyles.Float, CultureInfo.InvariantCulture, out float value) && float.IsFinite(value)
            ? value : throw new EvitFormatException($"{Place(where, what, name)}: found {Written()}, expected a finite 32-bit float");
    }

    internal int[] Ints(string where, string? what = null, string? name = null)
    {
        var values = new int[Count(where, what, name)];
        int i = 0;
        foreach (JsonEntry element in Elements(where, what, name))
        {
            values[i++] = element.Int(where, what, name);
        }

        return values;
    }

    internal float[] Floats(string where, string? what = null, string? name = null)
    {
        var values = new float[Count(where, what, name)];
        int i = 0;
        foreach (JsonEntry element in Elements(where, what, name))
        {
            values[i++] = element.Float(where, what, name);
        }

        return values;
    }

    internal string[] Strings(string where, string? what = null, string? name = null)
    {
        var values = new string[Count(where, what, name)];
        int i = 0;
        foreach (JsonEntry element in Elements(where, what, name))
        {
            values[i++] = element.String(where, what, name);
        }

        return values;
    }

    internal int Count(string where, string? what = null, string? name = null)
    {
        int count = 0;
        foreach (JsonEntry _ in Elements(where, what, name))
        {
            count++;
        }

        return count;
    }

    internal JsonElements Elements(string where, string? what = null, string? name = null)
    {
        Expect(JsonKind.Array, where, what, name);
        return new JsonElements(_table, _index);
    }

    /// <summary>Adds what a key stands for; the second time is an error.</summary>
    internal static void Add<T>(Dictionary<string, T> target, string key, T value, string where, string? what = null)
    {
        if (!target.TryAdd(key, value))
        {
            throw Twice(key, Place(where, what, null));
        }
    }

    // Put together only where something is wrong.
    private static string Place(string where, string? what, string? name) =>
        what is null ? where : name is null ? $"{where}: {what}" : $"{where}: {what} '{name}'";

    private string Written() => Clip(System.Text.Encoding.UTF8.GetString(_table.Raw(_index)));

    private static EvitFormatException Twice(string key, string where) => new($"{where}: key '{Clip(key)}' is there twice");

    private static string Clip(string text) => text.Length <= 40 ? text : text[..40] + "...";
}

internal readonly struct JsonMember(JsonTable table, int index, string where)
{
    /// <summary>The key; half of a surrogate pair in it is an error.</summary>
    internal string Name => table.Text(index) ?? throw new EvitFormatException($"{where}: a key holds an unpaired surrogate");

    internal JsonEntry Value => new(table, index + 1);

    internal bool IsNamed(string key) => table.TextEquals(index, key);
}

/// <summary>Goes through the members of an object.</summary>
internal struct JsonMembers(JsonTable table, int index, string where)
{
    private int _at = index + 1;
    private JsonMember _current;

    public readonly JsonMember Current => _current;

    public readonly JsonMembers GetEnumerator() => this;

    public bool MoveNext()
    {
        if (_at == table.Next(index))
        {
            return false;
        }

        _current = new JsonMember(table, _at, where);
        _at = table.Next(_at + 1);
        return true;
    }
}

/// <summary>Goes through the elements of an array.</summary>
internal struct JsonElements(JsonTable table, int index)
{
    private int _at = index + 1;
    private int _current;

    public readonly JsonEntry Current => new(table, _current);

    public readonly JsonElements GetEnumerator() => this;

    public bool MoveNext()
    {
        _current = _at;
        if (_at == table.Next(index))
        {
            return false;
        }

        _at = table.Next(_at);
        return true;
    }
}
