namespace EdgeVit.Quantize.Tests;

/// <summary>What processes are told, and which part of a batch each takes.</summary>
public class WorldVariablesTests
{
    [Theory]
    [InlineData("")]
    [InlineData("WORLD_SIZE=1")]
    [InlineData("WORLD_SIZE=1 RANK=0 MASTER_ADDR=node MASTER_PORT=29500")]
    [InlineData("MASTER_ADDR=node LOCAL_RANK=3")]
    public void WithoutOthersAProcessTrainsAlone(string set) => Assert.Null(Read(set));

    [Fact]
    public void AllVariablesAreUnderstood()
    {
        WorldVariables? world = Read("RANK=3 WORLD_SIZE=8 MASTER_ADDR=node0 MASTER_PORT=29500 LOCAL_RANK=1 LOCAL_WORLD_SIZE=2 EDGEVIT_TIMEOUT=60 TORCHELASTIC_USE_AGENT_STORE=True TORCHELASTIC_RESTART_COUNT=2");
        Assert.Equal(new WorldVariables(3, 8, "node0", 29500) { LocalRank = 1, LocalSize = 2, Timeout = TimeSpan.FromMinutes(1), Served = true, Attempt = "2" }, world);
        Assert.Equal(new WorldVariables(1, 2, "localhost", 1) { LocalRank = 1, LocalSize = 2 }, Read("RANK=1 WORLD_SIZE=2 MASTER_ADDR=localhost MASTER_PORT=1"));
        Assert.Equal(new WorldVariables(1, 2, "node0", 1), Read("RANK=1 WORLD_SIZE=2 MASTER_ADDR=node0 MASTER_PORT=1"));
    }

    [Theory]
    [InlineData("RANK=2 WORLD_SIZE=2 MASTER_ADDR=a MASTER_PORT=1", "RANK is '2', expected a whole number from 0 to 1, as WORLD_SIZE is 2")]
    [InlineData("RANK=-1 WORLD_SIZE=2 MASTER_ADDR=a MASTER_PORT=1", "RANK is '-1', expected a whole number from 0 to 1")]
    [InlineData("RANK=1 WORLD_SIZE=1", "RANK is '1', expected a whole number from 0 to 0")]
    [InlineData("WORLD_SIZE=2 MASTER_ADDR=a MASTER_PORT=1", "RANK is not set")]
    [InlineData("RANK=1", "RANK is '1', but WORLD_SIZE is not set")]
    [InlineData("RANK=0 WORLD_SIZE=two", "WORLD_SIZE is 'two', expected a whole number from 1 to 65536")]
    [InlineData("RANK=0 WORLD_SIZE=0", "WORLD_SIZE is '0'")]
    [InlineData("RANK=0 WORLD_SIZE=2 MASTER_PORT=1", "MASTER_ADDR is not set, but WORLD_SIZE is 2")]
    [InlineData("RANK=0 WORLD_SIZE=2 MASTER_ADDR=a", "MASTER_PORT is not set, expected a whole number from 1 to 65535")]
    [InlineData("RANK=0 WORLD_SIZE=2 MASTER_ADDR=a MASTER_PORT=70000", "MASTER_PORT is '70000'")]
    [InlineData("RANK=0 WORLD_SIZE=2 MASTER_ADDR=a MASTER_PORT=1 LOCAL_RANK=2", "LOCAL_RANK is '2', expected a whole number from 0 to 1")]
    [InlineData("RANK=0 WORLD_SIZE=2 MASTER_ADDR=a MASTER_PORT=1 EDGEVIT_TIMEOUT=soon", "EDGEVIT_TIMEOUT is 'soon', expected a whole number from 5 to")]
    public void AWrongVariableIsNamed(string set, string said)
    {
        var error = Assert.Throws<ConvertException>(() => Read(set));
        Assert.Equal(ConvertException.Usage, error.ExitCode);
        Assert.StartsWith(said, error.Message, StringComparison.Ordinal);
    }

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

    private static WorldVariables? Read(string set)
    {
        Dictionary<string, string> variables = set.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(v => v.Split('=')).ToDictionary(v => v[0], v => v[1]);
        return WorldVariables.Read(variables.GetValueOrDefault);
    }
}
