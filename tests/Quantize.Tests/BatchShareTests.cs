namespace EdgeVit.Quantize.Tests;

/// <summary>Which part of a batch each of several processes takes.</summary>
public class BatchShareTests
{
    [Fact]
    public void SharesAreTheBatchDividedAndKeepMixedPairsTogether()
    {
        for (int images = 2; images <= 33; images++)
        {
            for (int parts = 1; parts <= images / 2; parts++)
            {
                foreach (bool apart in (bool[])[true, false])
                {
                    int[][] shares = [.. Enumerable.Range(0, parts).Select(p => new BatchShare(p, parts, apart).Of(images))];
                    Assert.Equal(Enumerable.Range(0, images), shares.SelectMany(s => s).Order());
                    Assert.All(shares, share => Assert.All(Enumerable.Range(0, share.Length), i => Assert.Equal(images - 1 - share[i], share[share.Length - 1 - i])));
                    Assert.InRange(shares.Max(s => s.Length) - shares.Min(s => s.Length), 0, 2);
                }
            }
        }
    }
}
