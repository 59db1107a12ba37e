using System.Buffers;

namespace EdgeVit.Serve;

/// <summary>An image file as it arrives, in memory that is lent and counted. Whoever has it last disposes it.</summary>
internal sealed class ImageBytes(MemoryBudget budget) : IDisposable
{
    private const int First = 32 << 10;

    private byte[] _buffer = [];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Span => _buffer.AsSpan(0, Length);

    /// <summary>Room for the next bytes: what arrives decides how much memory is taken, not what was announced. Empty where the budget of all
    /// requests has no room left.</summary>
    /// <param name="most">As many bytes as the image may have in all.</param>
    public Memory<byte> Room(int most)
    {
        if (Length == _buffer.Length && !Grow(most))
        {
            return default;
        }

        return _buffer.AsMemory(Length);
    }

    /// <summary>Takes so many bytes of the room as filled.</summary>
    public void Advance(int bytes) => Length += bytes;

    public void Dispose()
    {
        byte[] buffer = Interlocked.Exchange(ref _buffer, []);
        Length = 0;
        if (buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            budget.GiveBack(buffer.Length);
        }
    }

    private bool Grow(int most)
    {
        int wanted = Math.Max(First, (int)Math.Min(2L * _buffer.Length, (long)most + 1));
        byte[] larger = ArrayPool<byte>.Shared.Rent(wanted);
        if (!budget.TryTake(larger.Length))
        {
            ArrayPool<byte>.Shared.Return(larger);
            return false;
        }

        byte[] former = _buffer;
        Span.CopyTo(larger);
        _buffer = larger;
        if (former.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(former);
            budget.GiveBack(former.Length);
        }

        return true;
    }
}
