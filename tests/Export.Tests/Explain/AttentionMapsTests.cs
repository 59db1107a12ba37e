using EdgeVit.Runtime;

namespace EdgeVit.Export.Tests;

/// <summary>What is said about heads, on bits made by hand.</summary>
public class AttentionMapsTests
{
    [Fact]
    public void HeadsAreTold()
    {
        // Four heads of 2 x 2 queries and keys: all on, all off, the first two keys always, each its own key.
        AttentionMaps maps = Maps(new TokenGrid(2, 2, 0), new TokenGrid(2, 2, 0), 4, false, 1, (h, q, k) => h switch { 0 => 1, 1 => 0, 2 => k < 2 ? 1 : 0, _ => k == q ? 1 : 0 });
        IReadOnlyList<HeadFacts> heads = maps.Heads();
        Assert.Equal([HeadState.AllOn, HeadState.AllOff, HeadState.SameKeys, HeadState.Mixed], heads.Select(h => h.State));
        Assert.Equal([1, 0, 0.5, 0.25], heads.Select(h => h.Share));
        // Of the 16 pairs 4 lie at 0, 8 at 1/2 and 4 at the diagonal of that.
        double even = ((8 * 0.5) + (4 * Math.Sqrt(0.5))) / 16;
        Assert.Equal(even, maps.EvenDistance()!.Value, 1e-12);
        Assert.Equal(even, heads[0].Distance!.Value, 1e-12);
        Assert.Null(heads[1].Distance);
        Assert.Equal(0, heads[3].Distance);
    }

    /// <summary>In windows of a half of the grid, a head that attends to all of its window is all on, and one that takes the same key in each is tied.</summary>
    [Fact]
    public void OnlyPairsOfAWindowCount()
    {
        var grid = new TokenGrid(2, 4, 0);
        static bool Met(int q, int k) => q % 4 / 2 == k % 4 / 2;
        AttentionMaps maps = Maps(grid, grid, 3, false, 1, (h, q, k) => Met(q, k) && h switch { 0 => true, 1 => k % 4 is 0 or 2 && k < 4, _ => k == q } ? 1 : 0, window: 2);
        Assert.Equal([0, 0, 1, 1, 0, 0, 1, 1], maps.WindowOfToken()!);
        IReadOnlyList<HeadFacts> heads = maps.Heads();
        Assert.Equal([HeadState.AllOn, HeadState.SameKeys, HeadState.Mixed], heads.Select(h => h.State));
        Assert.Equal([1, 0.25, 0.25], heads.Select(h => h.Share));
        // A window is half as high as wide tokens are apart: of 16 pairs 4 lie at 0, 4 at a half, 4 at a quarter and 4 across.
        double even = ((4 * 0.5) + (4 * 0.25) + (4 * Math.Sqrt(0.3125))) / 16;
        Assert.Equal(even, maps.EvenDistance()!.Value, 1e-12);
        Assert.Equal(96, maps.BitCount);
        Assert.Equal([255, 255, 255, 255], maps.Packed()[..4]);
        Assert.Equal("windows of 2 x 2", maps.Layer.WindowText);
    }

    [Fact]
    public void AMaskedTokenIsNoPair()
    {
        AttentionMaps maps = Maps(new TokenGrid(1, 2, 0), new TokenGrid(1, 2, 0), 1, true, 1, (_, q, k) => q == k ? 0 : 1);
        Assert.Equal(new HeadFacts(1, 0.5, HeadState.AllOn), Assert.Single(maps.Heads()));
        Assert.Equal(0.5, maps.EvenDistance());
    }

    [Fact]
    public void TokensWithoutAPlaceHaveNoDistance()
    {
        // A class token and two patches in a row; the patches attend to the class token and to the right patch.
        var grid = new TokenGrid(1, 2, 1);
        AttentionMaps maps = Maps(grid, grid, 1, false, 1, (_, _, k) => k == 1 ? 0 : 1);
        HeadFacts head = Assert.Single(maps.Heads());
        Assert.Equal((0.5 + 0) / 2, head.Distance);
        Assert.Equal(HeadState.SameKeys, head.State);
        Assert.Null(grid.Place(0));
        Assert.Equal((0.5, 0.75), grid.Place(2));
        Assert.Null(Maps(new TokenGrid(0, 0, 1), grid, 1, false, 1, (_, _, _) => 1).EvenDistance());
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 1)]
    [InlineData(5, 3)]
    [InlineData(8, 2)]
    public void BitsArePackedPlaneByPlane(int keys, int levels)
    {
        var random = new Random(keys + levels);
        AttentionMaps maps = Maps(new TokenGrid(1, 3, 0), new TokenGrid(1, keys, 0), 2, false, levels, (_, _, _) => random.Next(levels + 1));
        byte[] packed = maps.Packed();
        Assert.Equal(((6 * keys * levels) + 7) / 8, packed.Length);
        for (int i = 0; i < maps.Reached.Length; i++)
        {
            int reached = Enumerable.Range(0, levels).Sum(j => (packed[((j * maps.Reached.Length) + i) / 8] >> (((j * maps.Reached.Length) + i) % 8)) & 1);
            Assert.Equal(maps.Reached[i], reached);
        }
    }

    [Fact]
    public void ARolloutIsWorkedOutByHand()
    {
        // The class token began as the mean of two patches and attends to itself and the second one: half of (1/2, 1/2), a quarter of that, a quarter of (0, 1).
        AttentionMaps layer = Maps(new TokenGrid(0, 0, 1), new TokenGrid(1, 2, 1), 1, false, 1, (_, _, k) => k == 1 ? 0 : 1);
        AttentionRollout rollout = AttentionRollout.Of([layer])!;
        Assert.True(rollout.FromMean);
        Assert.Equal([0.375f, 0.625f], rollout.Shares);
        // A head that attends to nothing changes nothing.
        Assert.Equal([0.5f, 0.5f], AttentionRollout.Of([Maps(new TokenGrid(0, 0, 1), new TokenGrid(1, 2, 1), 1, false, 1, (_, _, _) => 0)])!.Shares);
        // With a class token from the start: it keeps half of itself and gets a sixth of each token; twice over.
        var all = new TokenGrid(1, 2, 1);
        AttentionMaps even = Maps(all, all, 1, false, 1, (_, _, _) => 1);
        Assert.Equal([1 / 6f, 1 / 6f], AttentionRollout.Of([even])!.Shares);
        Assert.Equal([0.25f, 0.25f], AttentionRollout.Of([even, even])!.Shares, (a, b) => Math.Abs(a - b) < 1e-6);
        Assert.Null(AttentionRollout.Of([]));
    }

    private static AttentionMaps Maps(TokenGrid queries, TokenGrid keys, int heads, bool masks, int levels, Func<int, int, int, int> reached, int? window = null)
    {
        var attributes = new Dictionary<string, int> { ["heads"] = heads, ["levels"] = levels, ["maskDiagonal"] = masks ? 1 : 0 };
        if (window is { } side)
        {
            attributes["window"] = side;
        }

        var node = new GraphNode(Op.BinaryAttention, "a", ["q", "k", "v"], "a", new Dictionary<string, string>(), attributes);
        byte[] values =
        [
            .. Enumerable.Range(0, heads).SelectMany(h => Enumerable.Range(0, queries.Tokens).SelectMany(q => Enumerable.Range(0, keys.Tokens).Select(k => (byte)reached(h, q, k)))),
        ];
        return new AttentionMaps(new AttentionLayer(node, 0, queries, keys), values);
    }
}
