using System.Buffers.Binary;

namespace EdgeVit.Export;

/// <summary>The checksum of zip archives (polynomial 0xEDB88320, reflected), eight bytes at a step.</summary>
internal static class Crc32
{
    private static readonly uint[] s_tables = Tables();

    /// <summary>The checksum of bytes that follow others whose checksum is <paramref name="crc"/>; 0 to begin.</summary>
    public static uint Append(uint crc, ReadOnlySpan<byte> bytes)
    {
        uint[] t = s_tables;
        crc = ~crc;
        for (; bytes.Length >= 8; bytes = bytes[8..])
        {
            uint low = crc ^ BinaryPrimitives.ReadUInt32LittleEndian(bytes);
            uint high = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
            crc = t[0x700 + (low & 255)] ^ t[0x600 + ((low >> 8) & 255)] ^ t[0x500 + ((low >> 16) & 255)] ^ t[0x400 + (low >> 24)]
                ^ t[0x300 + (high & 255)] ^ t[0x200 + ((high >> 8) & 255)] ^ t[0x100 + ((high >> 16) & 255)] ^ t[high >> 24];
        }
        foreach (byte b in bytes)
        {
            crc = t[(crc ^ b) & 255] ^ (crc >> 8);
        }

        return ~crc;
    }

    private static uint[] Tables()
    {
        var tables = new uint[8 * 256];
        for (uint i = 0; i < 256; i++)
        {
            uint value = i;
            for (int bit = 0; bit < 8; bit++)
            {
                value = (value & 1) != 0 ? 0xEDB88320u ^ (value >> 1) : value >> 1;
            }

            tables[i] = value;
        }
        for (int i = 256; i < tables.Length; i++)
        {
            tables[i] = tables[tables[i - 256] & 255] ^ (tables[i - 256] >> 8);
        }

        return tables;
    }
}
