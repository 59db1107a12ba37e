using System.Globalization;

namespace EdgeVit.Export;

/// <summary>How much memory reading a file may take: twice the file and a little, so that no file can ask for more than its own size explains.
/// Everything that a file can make grow (tensors, pickled objects, directories) is charged before it is allocated.</summary>
internal sealed class MemoryBudget(long fileLength)
{
    /// <summary>What small files may take: the objects of a pickle are larger in memory than on disk.</summary>
    private const long Base = 16L << 20;

    private readonly long _limit = (2 * fileLength) + Base;
    private long _used;

    /// <summary>Takes <paramref name="bytes"/> for <paramref name="what"/>.</summary>
    /// <exception cref="CheckpointException">The budget does not have them.</exception>
    public void Charge(long bytes, string what)
    {
        if (bytes < 0 || bytes > _limit - _used)
        {
            throw new CheckpointException(string.Create(CultureInfo.InvariantCulture,
                $"{what} would need {bytes} bytes beyond the {_used} taken so far; a file of {fileLength} bytes may take {_limit}. ")
                + "The file is damaged or made to fill the memory");
        }
        _used += bytes;
    }

    /// <summary>Gives back what was taken for a while.</summary>
    public void Release(long bytes) => _used -= bytes;
}
