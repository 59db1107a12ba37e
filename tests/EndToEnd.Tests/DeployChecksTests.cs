using EdgeVit.Cli;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>Which boards are refused, with what remedy.</summary>
public sealed class DeployChecksTests
{
    private static readonly BoardAddress s_address = new("pi@board", null);

    private static readonly Dictionary<string, string> s_good = new()
    {
        ["folder"] = "/home/pi/.local/share/edgevit",
        ["system"] = "Linux",
        ["machine"] = "aarch64",
        ["bits"] = "2",
        ["libc"] = "glibc 2.36",
        ["memory_kb"] = "4000000",
        ["user"] = "pi",
        ["uid"] = "1000",
        ["groups"] = "pi video",
        ["known_groups"] = "video i2c gpio",
        ["place"] = "/home/pi",
        ["writable"] = "yes",
        ["free_kb"] = "1000000",
        ["mount"] = "/",
        ["mount_options"] = "rw,noatime",
        ["root"] = "sudo",
        ["systemd"] = "systemd 252",
    };

    [Fact]
    public void AGoodBoardIsTaken()
    {
        Assert.Empty(BoardChecks.OfSystem(With(), Needs(service: true)));
        Assert.Equal("linux-arm64", With().Rid);
        Assert.Equal("linux-x64", With(("machine", "x86_64")).Rid);
        Assert.Contains("i2c, gpio", Assert.Single(BoardChecks.Hints(With(), service: false)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("machine", "armv7l", 4, "Raspberry Pi OS (64-bit)")]
    [InlineData("machine", "armv6l", 4, "Zero and Zero W cannot")]
    [InlineData("bits", "1", 4, "aarch64, but 32-bit programs")]
    [InlineData("machine", "riscv64", 4, "found riscv64")]
    [InlineData("machine", "", 4, "nothing that answers")]
    [InlineData("system", "Darwin", 4, "runs Linux")]
    [InlineData("libc", "musl libc (aarch64)", 4, "found musl, expected glibc")]
    [InlineData("musl", "/lib/ld-musl-aarch64.so.1", 4, "Alpine")]
    [InlineData("libc", "glibc 2.27", 4, "found 2.27, expected 2.29 or later")]
    [InlineData("libc", "ldd (Debian GLIBC 2.28-10) 2.28", 4, "found 2.28")]
    [InlineData("missing", "tar sha256sum", 1, "no tar, sha256sum")]
    [InlineData("free_kb", "1000", 1, "free disk: found 1.02 MB on /, expected 20.00 MB")]
    [InlineData("mount_options", "rw,noexec", 1, "mounted noexec")]
    [InlineData("mount_options", "ro", 1, "mounted read-only")]
    [InlineData("systemd", "", 4, "no systemd")]
    [InlineData("root", "no", 1, "sudoers.d")]
    [InlineData("taken", "8080", 1, "--service-port")]
    public void AnObstacleIsNamedWithItsRemedy(string name, string value, int code, string said)
    {
        UserException e = Assert.Throws<UserException>(() => BoardChecks.Demand(s_address, BoardChecks.OfSystem(With((name, value)), Needs(service: true))));
        Assert.Equal(code, e.ExitCode);
        Assert.Contains(said, e.Message, StringComparison.Ordinal);
        Assert.StartsWith("pi@board cannot take this", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AllObstaclesAreNamedAtOnce()
    {
        UserException e = Assert.Throws<UserException>(() => BoardChecks.Demand(s_address, BoardChecks.OfSystem(With(("free_kb", "1"), ("missing", "tar"), ("writable", "no")), Needs(service: false))));
        Assert.Equal(4, e.Message.Split('\n').Length);
    }

    [Fact]
    public void WithoutAServiceNothingOfItIsAskedFor() =>
        Assert.Empty(BoardChecks.OfSystem(With(("systemd", ""), ("root", "no"), ("taken", "8080")), Needs(service: false)));

    private static DeployNeeds Needs(bool service) => new(20_000_000, new Version(2, 29), service, 8080);

    private static BoardState With(params (string Name, string Value)[] changes)
    {
        var values = new Dictionary<string, string>(s_good);
        foreach ((string name, string value) in changes)
        {
            values[name] = value;
        }

        return new BoardState(values);
    }
}
