using System.Buffers.Binary;
using System.Text;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary>Pictures that are the same every time, as files that every decoder reads, and as the exact network input made of them.</summary>
internal static class ProofPictures
{
    /// <summary>Coloured blocks of many sizes; the picture's number chooses them.</summary>
    public static RgbImage Make(int number)
    {
        var random = new Random(20_000 + number);
        int width = random.Next(40, 97), height = random.Next(40, 97), block = random.Next(3, 12);
        byte[] colours = new byte[3 * ((width / block) + 1) * ((height / block) + 1)];
        random.NextBytes(colours);
        var image = new RgbImage(width, height);
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                int colour = 3 * ((y / block * ((width / block) + 1)) + (x / block));
                colours.AsSpan(colour, 3).CopyTo(image.Pixels.AsSpan(3 * ((y * width) + x)));
            }
        }
        return image;
    }

    /// <summary>The picture as a BMP file: 24 bits, rows from the bottom, each padded to four bytes.</summary>
    public static byte[] Bitmap(RgbImage image)
    {
        int stride = ((3 * image.Width) + 3) / 4 * 4;
        byte[] file = new byte[54 + (stride * image.Height)];
        "BM"u8.CopyTo(file);
        Put(2, file.Length);
        Put(10, 54);
        Put(14, 40);
        Put(18, image.Width);
        Put(22, image.Height);
        file[26] = 1;
        file[28] = 24;
        Put(34, stride * image.Height);
        for (int y = 0; y < image.Height; y++)
        {
            for (int x = 0; x < image.Width; x++)
            {
                ReadOnlySpan<byte> from = image.Pixels.AsSpan(3 * ((y * image.Width) + x), 3);
                Span<byte> to = file.AsSpan(54 + ((image.Height - 1 - y) * stride) + (3 * x), 3);
                (to[0], to[1], to[2]) = (from[2], from[1], from[0]);
            }
        }
        return file;

        void Put(int at, int value) => BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(at), value);
    }

    /// <summary>A safetensors file with one tensor of floats, <c>input</c>.</summary>
    public static byte[] Tensor(float[] values, IReadOnlyList<int> shape)
    {
        string header = $"{{\"input\":{{\"dtype\":\"F32\",\"shape\":[{string.Join(',', shape)}],\"data_offsets\":[0,{4 * values.Length}]}}}}";
        int padded = (header.Length + 7) / 8 * 8;
        byte[] file = new byte[8 + padded + (4 * values.Length)];
        BinaryPrimitives.WriteInt64LittleEndian(file, padded);
        Encoding.ASCII.GetBytes(header.PadRight(padded)).CopyTo(file, 8);
        for (int i = 0; i < values.Length; i++)
        {
            BinaryPrimitives.WriteSingleLittleEndian(file.AsSpan(8 + padded + (4 * i)), values[i]);
        }

        return file;
    }
}
