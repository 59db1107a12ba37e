using System.Text.Json.Nodes;
using System.Text;
using System.Text.Json;

namespace EdgeVit.Runtime.Tests;

/// <summary>The runtime's JSON reader accepts what the framework's accepts, and reads the same from it.</summary>
public sealed class JsonTests
{
    private static readonly string[] s_pieces =
    [
        "{", "}", "[", "]", ":", ",", "\"", "\"a\"", "\"a\":", "\"\\u00e9\\n\"", "\"\\ud83d\\ude00\"", "\"\\ud83d\"", "\"\\x\"", "\"\t\"", "\"é😀\"", "\\", " ", "\n", "\u00a0",
        "0", "-0", "1", "-1.5e3", "01", "1.", ".5", "1e", "1e+5", "-", "+1", "12345678901234567890", "true", "false", "null", "tru", "NaN", "//", "\0",
    ];

    [Fact]
    public void RandomTextsAreReadAsTheFrameworkReadsThem()
    {
        var random = new Random(20260101);
        int valid = 0;
        for (int trial = 0; trial < 30000; trial++)
        {
            string text = random.Next(2) == 0
                ? string.Concat(Enumerable.Range(0, random.Next(1, 7)).Select(_ => s_pieces[random.Next(s_pieces.Length)]))
                : Mutated(random, Document(random, 0));
            valid += Compare(Encoding.UTF8.GetBytes(text)) ? 1 : 0;
        }
        Assert.InRange(valid, 5000, 25000);
    }

    [Theory]
    [InlineData(new byte[] { 0x22, 0xC3, 0x22 })]
    [InlineData(new byte[] { 0x22, 0xED, 0xA0, 0x80, 0x22 })]
    [InlineData(new byte[] { 0xEF, 0xBB, 0xBF, 0x31 })]
    [InlineData(new byte[0])]
    public void BytesThatAreNoTextAreRefused(byte[] bytes) => Assert.False(Compare(bytes));

    [Fact]
    public void NumbersAreOfTheirTypeOrRefused()
    {
        JsonEntry node = JsonTable.Parse("[2147483647, 2147483648, 9223372036854775807, 18446744073709551615, 1.5, 1e400, -1, 0.1]"u8.ToArray(), "x");
        var items = new List<JsonEntry>();
        foreach (JsonEntry item in node.Elements("x"))
        {
            items.Add(item);
        }

        Assert.Equal(int.MaxValue, items[0].Int("x"));
        Assert.Throws<EvitFormatException>(() => items[1].Int("x"));
        Assert.Equal(long.MaxValue, items[2].Long("x"));
        Assert.Throws<EvitFormatException>(() => items[3].Long("x"));
        Assert.Equal(ulong.MaxValue, items[3].Unsigned("x"));
        Assert.Throws<EvitFormatException>(() => items[4].Int("x"));
        Assert.Throws<EvitFormatException>(() => items[5].Float("x"));
        Assert.Throws<EvitFormatException>(() => items[6].Unsigned("x"));
        Assert.Equal(0.1f, items[7].Float("x"));
        Assert.Throws<EvitFormatException>(() => items[0].String("x"));
    }

    private static bool Compare(byte[] utf8)
    {
        JsonDocument? expected = null;
        try
        {
            // The framework does not look into strings before they are asked for.
            expected = !System.Text.Unicode.Utf8.IsValid(utf8) ? null : JsonDocument.Parse(utf8, new JsonDocumentOptions { MaxDepth = 32 });
        }
        catch (JsonException)
        {
        }
        if (expected is null)
        {
            Assert.Throws<EvitFormatException>(() => JsonTable.Parse(utf8, "text"));
            return false;
        }
        Same(expected.RootElement, JsonTable.Parse(utf8, "text"));
        expected.Dispose();
        return true;
    }

    private static void Same(JsonElement expected, JsonEntry found)
    {
        Assert.Equal(expected.ValueKind.ToString(), found.Kind.ToString());
        switch (expected.ValueKind)
        {
            case JsonValueKind.Object:
                using (JsonElement.ObjectEnumerator members = expected.EnumerateObject())
                {
                    JsonMembers other = found.Members("x");
                    foreach (JsonProperty member in members)
                    {
                        string? name = Try(() => member.Name);
                        if (name is null)
                        {
                            Assert.True(other.MoveNext());
                            Assert.Throws<EvitFormatException>(() => other.Current.Name);
                            return;
                        }
                        Assert.True(other.MoveNext());
                        Assert.Equal(name, other.Current.Name);
                        Assert.True(other.Current.IsNamed(name));
                        Assert.False(other.Current.IsNamed(name + "x"));
                        Same(member.Value, other.Current.Value);
                    }
                    Assert.False(other.MoveNext());
                }
                break;
            case JsonValueKind.Array:
                JsonElements items = found.Elements("x");
                foreach (JsonElement item in expected.EnumerateArray())
                {
                    Assert.True(items.MoveNext());
                    Same(item, items.Current);
                }
                Assert.False(items.MoveNext());
                break;
            case JsonValueKind.String:
                Assert.Equal(Try(() => expected.GetString()), Try(() => found.String("x")));
                break;
            case JsonValueKind.Number:
                Assert.Equal(expected.TryGetInt64(out long integer) ? integer : null, TryLong(found));
                float single = expected.GetSingle();
                Assert.Equal(float.IsFinite(single) ? single : null, TryFloat(found));
                break;
            default:
                break;
        }
    }

    private static long? TryLong(JsonEntry node)
    {
        try
        {
            return node.Long("x");
        }
        catch (EvitFormatException)
        {
            return null;
        }
    }

    private static float? TryFloat(JsonEntry node)
    {
        try
        {
            return node.Float("x");
        }
        catch (EvitFormatException)
        {
            return null;
        }
    }

    private static string? Try(Func<string?> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is InvalidOperationException or EvitFormatException)
        {
            return null;
        }
    }

    private static string Document(Random random, int depth) => (depth > 4 ? 2 : random.Next(5)) switch
    {
        0 => $"{{{string.Join(',', Enumerable.Range(0, random.Next(4)).Select(i => $" \"k{i}\" : {Document(random, depth + 1)}"))}}}",
        1 => $"[ {string.Join(" ,", Enumerable.Range(0, random.Next(4)).Select(_ => Document(random, depth + 1)))}]",
        2 => (random.NextDouble() * Math.Pow(10, random.Next(-40, 40))).ToString("R", System.Globalization.CultureInfo.InvariantCulture),
        3 => JsonValue.Create(new string([.. Enumerable.Range(0, random.Next(6)).Select(_ => (char)random.Next(32, 0xD7FF))]))!.ToJsonString(),
        _ => s_pieces[random.Next(19, 31)],
    };

    private static string Mutated(Random random, string text)
    {
        if (random.Next(3) == 0 || text.Length == 0)
        {
            return text;
        }

        int at = random.Next(text.Length);
        return random.Next(3) switch
        {
            0 => text[..at],
            1 => text.Remove(at, 1),
            _ => text.Insert(at, s_pieces[random.Next(s_pieces.Length)]),
        };
    }
}
