namespace EdgeVit.Imaging.Tests;

/// <summary>Writes baseline JPEGs whose blocks have one level each, with any sampling factors.</summary>
internal sealed class TestJpeg(int width, int height, (int H, int V)[] factors)
{
    // Codes of the lengths that ITU-T T.81 gives the categories of differences, table K.3.
    private static readonly int[] s_lengths = [2, 3, 3, 3, 3, 3, 4, 5, 6, 7, 8, 9];

    private readonly List<byte> _file = [];
    private uint _bits;
    private int _count;

    private int MostH => factors.Max(f => f.H);

    private int MostV => factors.Max(f => f.V);

    /// <summary>Bits a sample in the frame's header.</summary>
    public byte Precision { get; init; } = 8;

    /// <summary>The frame's marker.</summary>
    public byte Frame { get; init; } = 0xC0;

    /// <summary>The place of the sample that shows at a pixel, and its block's.</summary>
    public (int X, int Y) Sample(int component, int x, int y) => (x * factors[component].H / MostH, y * factors[component].V / MostV);

    /// <summary>The file.</summary>
    /// <param name="level">The level of a block: component, column, row; 0 to 255.</param>
    public byte[] Encode(Func<int, int, int, int> level)
    {
        _file.AddRange([0xFF, 0xD8]);
        if (factors.Length == 4)
        {
            Segment(0xEE, [.. "Adobe"u8, 0, 100, 0, 0, 0, 0, 0]);
        }

        Segment(0xDB, [0, .. Enumerable.Repeat((byte)8, 64)]);
        Segment(Frame, [Precision, (byte)(height >> 8), (byte)height, (byte)(width >> 8), (byte)width, (byte)factors.Length, .. factors.SelectMany((f, c) => (byte[])[(byte)(c + 1), (byte)(f.H << 4 | f.V), 0])]);
        Segment(0xC4, [0, 0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
        Segment(0xC4, [0x10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        Segment(0xDA, [(byte)factors.Length, .. factors.SelectMany((_, c) => (byte[])[(byte)(c + 1), 0]), 0, 63, 0]);
        int[] before = new int[factors.Length];
        for (int row = 0; row * 8 * MostV < height; row++)
        {
            for (int column = 0; column * 8 * MostH < width; column++)
            {
                for (int c = 0; c < factors.Length; c++)
                {
                    for (int i = 0; i < factors[c].H * factors[c].V; i++)
                    {
                        int value = level(c, column * factors[c].H + i % factors[c].H, row * factors[c].V + i / factors[c].H) - 128;
                        Difference(value - before[c]);
                        before[c] = value;
                        Bits(0, 1);
                    }
                }
            }
        }

        Bits(0x7F, 7);
        _file.AddRange([0xFF, 0xD9]);
        return [.. _file];
    }

    private void Segment(byte marker, byte[] body) => _file.AddRange([0xFF, marker, (byte)((body.Length + 2) >> 8), (byte)(body.Length + 2), .. body]);

    private void Difference(int value)
    {
        int category = value == 0 ? 0 : (int)Math.Log2(Math.Abs(value)) + 1, code = 0;
        for (int c = 1; c <= category; c++)
        {
            code = (code + 1) << (s_lengths[c] - s_lengths[c - 1]);
        }

        Bits(code, s_lengths[category]);
        Bits(value < 0 ? value + (1 << category) - 1 : value, category);
    }

    private void Bits(int value, int count)
    {
        for (int i = count - 1; i >= 0; i--)
        {
            _bits = _bits << 1 | (uint)(value >> i & 1);
            if (++_count % 8 == 0)
            {
                _file.Add((byte)_bits);
                if ((byte)_bits == 0xFF)
                {
                    _file.Add(0);
                }
            }
        }
    }
}
