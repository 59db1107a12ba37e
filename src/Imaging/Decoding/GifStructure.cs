namespace EdgeVit.Imaging;

/// <summary>The part of a GIF before its first frame.</summary>
/// <param name="HasFrame">The first frame begins.</param>
/// <param name="TransparencyFlagAt">Where the byte lies whose lowest bit makes one colour of the first frame transparent; 0 where none is.</param>
internal readonly record struct GifStructure(bool HasFrame, int TransparencyFlagAt)
{
    /// <summary>Walks over the header, the palette and the extensions of a whole file.</summary>
    internal static GifStructure Read(ReadOnlySpan<byte> file)
    {
        const byte Extension = 0x21, GraphicControl = 0xF9, Frame = 0x2C;
        if (file.Length < 13)
        {
            return default;
        }

        int flags = file[10], transparency = 0;
        int at = 13 + ((flags & 0x80) != 0 ? 3 << ((flags & 7) + 1) : 0);
        while (at + 2 < file.Length && file[at] == Extension)
        {
            if (file[at + 1] == GraphicControl && at + 3 < file.Length && (file[at + 3] & 1) != 0)
            {
                transparency = at + 3;
            }

            at += 2;
            while (at < file.Length && file[at] != 0)
            {
                at += file[at] + 1;
            }

            at++;
        }
        return new(at + 10 < file.Length && file[at] == Frame, transparency);
    }

    /// <summary>The same file without transparency: the colour in the palette is what the network sees, not what a viewer would put in its
    /// place.</summary>
    internal ReadOnlySpan<byte> Opaque(ReadOnlySpan<byte> file)
    {
        if (TransparencyFlagAt == 0)
        {
            return file;
        }

        byte[] opaque = file.ToArray();
        opaque[TransparencyFlagAt] &= 0xFE;
        return opaque;
    }
}
