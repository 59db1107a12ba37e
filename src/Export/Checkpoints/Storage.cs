using System.Buffers;
using System.IO.Compression;
using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>A run of bytes of a checkpoint, stored as it is or deflated: <c>Packed</c> bytes in the file, <c>Length</c> after inflating. The
/// checksum is the CRC-32 of the inflated bytes, 0 where none was recorded.</summary>
internal sealed record Storage(CheckpointFile File, string Name, long Start, long Packed, long Length, bool Deflated = false, uint Checksum = 0)
{
    private const int Block = 1 << 16;

    /// <summary>All bytes in memory, charged to the file's budget.</summary>
    public byte[] ReadAll()
    {
        File.Budget.Charge(Length, $"'{Name}'");
        if (Length > Array.MaxLength)
        {
            throw new CheckpointException($"'{Name}' has {Length} bytes, expected at most {Array.MaxLength}");
        }

        var bytes = new byte[Length];
        if (!Deflated)
        {
            File.Read(Start, bytes);
        }
        else
        {
            Inflate(bytes);
        }

        Verify(Crc32.Append(0, bytes));
        return bytes;
    }

    /// <summary>Compares the bytes of a storage that is not deflated with their checksum, block by block.</summary>
    public void VerifyStored()
    {
        if (Checksum == 0)
        {
            return;
        }

        byte[] block = ArrayPool<byte>.Shared.Rent(Block);
        uint crc = 0;
        for (long done = 0; done < Length; done += block.Length)
        {
            Span<byte> part = block.AsSpan(0, (int)Math.Min(block.Length, Length - done));
            File.Read(Start + done, part);
            crc = Crc32.Append(crc, part);
        }
        ArrayPool<byte>.Shared.Return(block);
        Verify(crc);
    }

    private void Verify(uint crc)
    {
        if (Checksum != 0 && crc != Checksum)
        {
            throw new CheckpointException(
                $"'{Name}': its bytes have the checksum {crc:x8}, expected {Checksum:x8}: the file is damaged. Copy or download it again");
        }
    }

    private void Inflate(byte[] bytes)
    {
        try
        {
            using var packed = new FileRange(File, Start, Packed);
            using var stream = new DeflateStream(packed, CompressionMode.Decompress);
            int read = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            if (read < bytes.Length)
            {
                throw new CheckpointException($"'{Name}' inflates to {read} bytes, expected {Length}: the file is damaged");
            }

            if (stream.ReadByte() >= 0)
            {
                throw new CheckpointException($"'{Name}' inflates to more than the {Length} bytes that the archive declares: "
                    + "the file is damaged or made to fill the memory");
            }
        }
        catch (InvalidDataException e)
        {
            throw new CheckpointException($"'{Name}' cannot be inflated: the file is damaged", e);
        }
    }

    private sealed class FileRange(CheckpointFile file, long start, long length) : Stream
    {
        private long _at;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => length;

        public override long Position
        {
            get => _at;
            set => throw new NotSupportedException();
        }

        public override int Read(Span<byte> buffer)
        {
            Span<byte> part = buffer[..(int)Math.Min(buffer.Length, length - _at)];
            file.Read(start + _at, part);
            _at += part.Length;
            return part.Length;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override void Flush() { }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}

/// <summary>A tensor as a checkpoint describes it: a strided view of a storage, offset and strides counted in elements. Nothing of it is believed
/// before <see cref="TensorLoader"/> reads it.</summary>
internal sealed record TensorView(Storage Storage, SafetensorsType Type, long Offset, long[] Shape, long[] Strides);
