namespace EdgeVit.Runtime.Tests;

/// <summary>Values that live at the same time lie apart; others share memory.</summary>
public class ArenaLayoutTests
{
    [Fact]
    public void MemoryIsUsedAgainAfterItsLastStep()
    {
        // Steps 0 to 1, 1 to 2 and 2 to 3: the third finds the first one's place free.
        Check([0L, 128, 0], 192, (128, 0, 1), (64, 1, 2), (100, 2, 3));
        // A value that is read in the step in which another is written lies apart from it.
        Check([0L, 64], 128, (64, 0, 1), (64, 1, 1));
        Check([0L, 0], 64, (64, 0, 1), (64, 2, 2));
    }

    [Fact]
    public void GapsAreFilledByWhatFits()
    {
        // The largest first: 256 at 0, 192 behind it, 128 at the place of the first, which has ended. Between 128 and 256 there is room for 128.
        Check([0L, 256, 0, 128], 448, (256, 0, 0), (192, 0, 3), (128, 1, 3), (128, 1, 3));
        // 192 do not fit between them.
        Check([0L, 320, 0, 128], 512, (320, 0, 0), (192, 0, 3), (128, 1, 3), (100, 1, 3));
        Check([0L, 256, 0, 448], 640, (256, 0, 0), (192, 0, 3), (192, 1, 3), (192, 1, 3));
    }

    /// <summary>1 byte takes 64, 65 take 128; the larger one is placed first.</summary>
    [Fact]
    public void SizesAreWholeCacheLines() => Check([128L, 0, 192], 256, (1, 0, 0), (65, 0, 0), (64, 0, 0));

    [Fact]
    public void NothingThatLivesTogetherOverlaps()
    {
        var random = new Random(3);
        for (int round = 0; round < 50; round++)
        {
            (long Bytes, int From, int To)[] blocks = [.. Enumerable.Range(0, 20).Select(_ =>
            {
                int from = random.Next(15);
                return ((long)random.Next(1, 500), from, from + random.Next(5));
            })];
            (long[] places, long total) = Place(blocks);
            for (int i = 0; i < blocks.Length; i++)
            {
                Assert.Equal(0, places[i] % 64);
                Assert.InRange(places[i] + blocks[i].Bytes, 1, total);
                for (int j = 0; j < i; j++)
                {
                    bool together = blocks[i].From <= blocks[j].To && blocks[j].From <= blocks[i].To;
                    bool apart = places[i] + blocks[i].Bytes <= places[j] || places[j] + blocks[j].Bytes <= places[i];
                    Assert.True(apart || !together, $"round {round}: {blocks[i]} at {places[i]} and {blocks[j]} at {places[j]}");
                }
            }
        }
    }

    private static void Check(long[] places, long total, params (long Bytes, int From, int To)[] blocks)
    {
        (long[] found, long bytes) = Place(blocks);
        Assert.Equal(places, found);
        Assert.Equal(total, bytes);
    }

    private static (long[] Places, long Total) Place(params (long Bytes, int From, int To)[] blocks)
    {
        var layout = new ArenaLayout();
        var places = new long[blocks.Length];
        for (int i = 0; i < blocks.Length; i++)
        {
            int at = i;
            layout.Add(blocks[i].Bytes, blocks[i].From, blocks[i].To, offset => places[at] = offset);
        }

        return (places, layout.Place());
    }
}
