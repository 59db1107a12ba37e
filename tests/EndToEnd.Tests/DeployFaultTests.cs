using System.Runtime.Versioning;
using System.Security.Cryptography;
using EdgeVit.Quantize.Tests;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>A connection that is lost at any call of ssh, and a disk that fills: nothing is half-installed, and the next deployment works.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class DeployFaultTests(SmallModel model) : IClassFixture<SmallModel>, IDisposable
{
    // looking, beginning, sending, verifying, self-test, two runs, cold start, switching.
    private const int Calls = 9;

    private readonly LocalBoard _board = new();

    public void Dispose() => _board.Dispose();

    /// <summary>Every call once fails before it reaches the board, and once is carried out there without an answer.</summary>
    [Theory]
    [InlineData("before")]
    [InlineData("after")]
    [InlineData("gone")]
    public void NothingIsHalfInstalledWhereverTheConnectionIsLost(string fault)
    {
        Assert.SkipUnless(_board.Missing is null, _board.Missing ?? "");
        string tool = _board.Tool("tool", remembers: true);
        string[] before = _board.Listing;
        for (int at = 1; at <= Calls; at++)
        {
            Outcome outcome = _board.Deploy([model.Path, "board", "--tool", tool, "--no-bench"], ("FAULT", fault), ("FAULT_AT", $"{at}"));
            outcome.Fails(1, "ssh said:", fault == "after" ? "the connection to board was lost" : "ended the connection");
            if (_board.Current is { } current)
            {
                // Switched there, but the answer was lost: it is whole, and told.
                Assert.Equal(("after", Calls), (fault, at));
                AssertWhole(current);
                Assert.Contains("had switched already", outcome.Error, StringComparison.Ordinal);
            }
            else if (fault != "gone")
            {
                Assert.Equal(before, _board.Listing);
            }

            if (fault == "gone" && at > 2)
            {
                Assert.Contains("could not be cleared away", outcome.Error, StringComparison.Ordinal);
            }
        }

        _board.Deploy([model.Path, "board", "--tool", tool, "--no-bench"]).Expect(0);
        AssertWhole(_board.Current!);
        Assert.Equal(["current", "made", "versions"], Directory.GetFileSystemEntries(_board.Installation).Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal));
        _board.Deploy(["board", "--remove"]).Expect(0);
        Assert.Equal(before, _board.Listing);
    }

    /// <summary>The number of calls that the test above counts on: one more fault than calls is none.</summary>
    [Fact]
    public void EveryCallIsCounted()
    {
        Assert.SkipUnless(_board.Missing is null, _board.Missing ?? "");
        _board.Deploy([model.Path, "board", "--tool", _board.Tool("tool", remembers: true), "--no-bench"]).Expect(0);
        // The last one ends the shared connection.
        Assert.Equal(Calls + 1, int.Parse(File.ReadAllText(_board["count"]), System.Globalization.CultureInfo.InvariantCulture));
    }

    [Fact]
    public void AFileThatArrivesOtherwiseIsFound()
    {
        Assert.SkipUnless(_board.Missing is null, _board.Missing ?? "");
        string[] before = _board.Listing;
        string hook = $"printf x >>\"$(ls -d \"{_board.Installation}\"/incoming.*)/payload/model.evit\"";
        _board.Deploy([model.Path, "board", "--tool", _board.Tool("tool", remembers: true), "--no-bench"], ("FAULT", "hook"), ("FAULT_AT", "4"), ("HOOK", hook))
            .Fails(3, "not those that were sent", "model.evit");
        Assert.Equal(before, _board.Listing);
    }

    [Fact]
    public void AFullDiskIsToldBeforeAndWhileItFills()
    {
        Assert.SkipUnless(_board.Missing is null, _board.Missing ?? "");
        string disk = Path.Combine(_board.Home, "disk");
        Directory.CreateDirectory(disk);
        using SmallDisk? mounted = SmallDisk.Mount(disk, 24);
        Assert.SkipWhen(mounted is null, SmallDisk.Missing);
        string tool = _board.Tool("tool", remembers: true);
        string hook = $"head -c 64000000 /dev/zero >'{_board.Home.Replace("'", "'\\''", StringComparison.Ordinal)}/disk/filler' 2>/dev/null";
        _board.Deploy([model.Path, "board", "--tool", tool, "--no-bench", "--folder", "~/disk/edgevit"], ("FAULT", "hook"), ("FAULT_AT", "3"), ("HOOK", hook)).Fails(1, "is full", "Nothing was installed");
        Assert.Equal([Path.Combine(disk, "filler")], Directory.GetFileSystemEntries(disk));

        _board.Deploy([model.Path, "board", "--tool", tool, "--no-bench", "--folder", "~/disk/edgevit"]).Fails(1, "free disk: found", "expected", "--folder");
        Assert.Equal([Path.Combine(disk, "filler")], Directory.GetFileSystemEntries(disk));

        File.Delete(Path.Combine(disk, "filler"));
        Assert.True(mounted.Remount("noexec"));
        _board.Deploy([model.Path, "board", "--tool", tool, "--no-bench", "--folder", "~/disk/edgevit"]).Fails(1, "mounted noexec");
        Assert.Empty(Directory.GetFileSystemEntries(disk));
    }

    private static void AssertWhole(string folder)
    {
        string[] sums = File.ReadAllLines(Path.Combine(folder, "SHA256SUMS"));
        Assert.Equal(2, sums.Length);
        Assert.All(sums, line => Assert.Equal(line[..64], Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(folder, line[66..]))))));
    }
}
