using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace EdgeVit.Runtime;

/// <summary>SHA-256 (FIPS 180-4). The one of .NET needs OpenSSL on Linux, and a device that only runs models should not.</summary>
internal static class Sha256
{
    private const int BlockBytes = 64;

    private static readonly uint[] s_initial = Fractions(8, Math.Sqrt);
    private static readonly uint[] s_rounds = Fractions(64, Math.Cbrt);

    /// <summary>The digest as 64 lower-case hex digits.</summary>
    internal static string Hex(ReadOnlySpan<byte> data)
    {
        Span<uint> state = stackalloc uint[8];
        s_initial.CopyTo(state);
        int whole = data.Length & -BlockBytes;
        Blocks(state, data[..whole]);
        return Finish(state, data[whole..], data.Length);
    }

    /// <summary>The digest of what is left in a stream.</summary>
    internal static string Hex(Stream stream)
    {
        Span<uint> state = stackalloc uint[8];
        s_initial.CopyTo(state);
        var buffer = new byte[1 << 16];
        for (long length = 0; ;)
        {
            int read = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            length += read;
            int whole = read & -BlockBytes;
            Blocks(state, buffer.AsSpan(0, whole));
            if (read < buffer.Length)
            {
                return Finish(state, buffer.AsSpan(whole, read - whole), length);
            }
        }
    }

    private static void Blocks(Span<uint> state, ReadOnlySpan<byte> data)
    {
        for (; data.Length > 0; data = data[BlockBytes..])
        {
            Block(state, data[..BlockBytes]);
        }
    }

    private static string Finish(Span<uint> state, ReadOnlySpan<byte> rest, long length)
    {
        // A one bit, zeros, and the length in bits fill the last one or two blocks.
        Span<byte> last = stackalloc byte[128];
        last.Clear();
        rest.CopyTo(last);
        last[rest.Length] = 0x80;
        int end = rest.Length < 56 ? 64 : 128;
        BinaryPrimitives.WriteUInt64BigEndian(last[(end - 8)..], (ulong)length * 8);
        for (int at = 0; at < end; at += 64)
        {
            Block(state, last.Slice(at, 64));
        }

        Span<byte> digest = stackalloc byte[32];
        for (int i = 0; i < 8; i++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(digest[(4 * i)..], state[i]);
        }

        return Convert.ToHexStringLower(digest);
    }

    private static void Block(Span<uint> state, ReadOnlySpan<byte> block)
    {
        Span<uint> w = stackalloc uint[64];
        for (int i = 0; i < 16; i++)
        {
            w[i] = BinaryPrimitives.ReadUInt32BigEndian(block[(4 * i)..]);
        }

        for (int i = 16; i < 64; i++)
        {
            uint s0 = BitOperations.RotateRight(w[i - 15], 7) ^ BitOperations.RotateRight(w[i - 15], 18) ^ (w[i - 15] >> 3);
            uint s1 = BitOperations.RotateRight(w[i - 2], 17) ^ BitOperations.RotateRight(w[i - 2], 19) ^ (w[i - 2] >> 10);
            w[i] = w[i - 16] + s0 + w[i - 7] + s1;
        }

        (uint a, uint b, uint c, uint d) = (state[0], state[1], state[2], state[3]);
        (uint e, uint f, uint g, uint h) = (state[4], state[5], state[6], state[7]);
        ReadOnlySpan<uint> k = s_rounds;
        for (int i = 0; i < 64; i += 8)
        {
            // The names move on by one with every round, so that no value has to.
            Round(a, b, c, ref d, e, f, g, ref h, k[i] + w[i]);
            Round(h, a, b, ref c, d, e, f, ref g, k[i + 1] + w[i + 1]);
            Round(g, h, a, ref b, c, d, e, ref f, k[i + 2] + w[i + 2]);
            Round(f, g, h, ref a, b, c, d, ref e, k[i + 3] + w[i + 3]);
            Round(e, f, g, ref h, a, b, c, ref d, k[i + 4] + w[i + 4]);
            Round(d, e, f, ref g, h, a, b, ref c, k[i + 5] + w[i + 5]);
            Round(c, d, e, ref f, g, h, a, ref b, k[i + 6] + w[i + 6]);
            Round(b, c, d, ref e, f, g, h, ref a, k[i + 7] + w[i + 7]);
        }

        state[0] += a;
        state[1] += b;
        state[2] += c;
        state[3] += d;
        state[4] += e;
        state[5] += f;
        state[6] += g;
        state[7] += h;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Round(uint a, uint b, uint c, ref uint d, uint e, uint f, uint g, ref uint h, uint added)
    {
        uint s1 = BitOperations.RotateRight(e, 6) ^ BitOperations.RotateRight(e, 11) ^ BitOperations.RotateRight(e, 25);
        uint t1 = h + s1 + ((e & f) ^ (~e & g)) + added;
        uint s0 = BitOperations.RotateRight(a, 2) ^ BitOperations.RotateRight(a, 13) ^ BitOperations.RotateRight(a, 22);
        d += t1;
        h = t1 + s0 + ((a & b) ^ (a & c) ^ (b & c));
    }

    /// <summary>The first 32 bits of the fractional parts of a root of the first primes; a double holds them with 18 bits to spare.</summary>
    private static uint[] Fractions(int count, Func<double, double> root)
    {
        var result = new uint[count];
        int prime = 2;
        for (int i = 0; i < count; prime++)
        {
            if (Enumerable.Range(2, Math.Max(0, (int)Math.Sqrt(prime) - 1)).All(d => prime % d != 0))
            {
                double value = root(prime);
                result[i++] = (uint)((value - Math.Floor(value)) * 4294967296.0);
            }
        }

        return result;
    }
}
