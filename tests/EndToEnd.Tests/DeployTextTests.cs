using System.Diagnostics;
using System.Globalization;
using System.Text;
using EdgeVit.Cli;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>What <c>deploy</c> writes and reads: words for a shell, addresses, answers of a board, the unit, ssh's failures.</summary>
public sealed class DeployTextTests
{
    private static readonly string[] s_hostile =
    [
        "", " ", "'", "''", "a'b", "\"", "$(reboot)", "`id`", "a;b", "a|b", "a&b", "\n", "a\nb\n", "\\", "\\n", "*", "?", "[a]", "~", "#", "!", "!!", "%s", "-n", "--", "é€", "\t", "{a,b}", "<x>", "$HOME", "\u007f",
    ];

    /// <summary>Every word arrives at a program that a real shell starts as it was.</summary>
    [Fact]
    public void WordsSurviveAShell()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "a POSIX shell is needed");
        var random = new Random(5);
        string[] words = [.. s_hostile, .. Enumerable.Range(0, 200).Select(_ => string.Concat(Enumerable.Range(0, random.Next(1, 12)).Select(_ => s_hostile[random.Next(s_hostile.Length)])))];
        foreach (string shell in (string[])["sh", "bash", "dash"])
        {
            if (!File.Exists($"/bin/{shell}"))
            {
                continue;
            }

            // Each word ends with a character that no word holds.
            Outcome outcome = Sh($"/bin/{shell}", $"printf '%s\\001' {ShellQuote.Words(words)}\n");
            Assert.Equal(words, outcome.Output.Split('\u0001')[..^1]);
        }
    }

    [Fact]
    public void AWordWithAZeroCharacterIsRefused() => Assert.Throws<ArgumentException>(() => ShellQuote.Word("a\0b"));

    [Theory]
    [InlineData("pi", null, "pi", null)]
    [InlineData("pi@raspberrypi.local", 2222, "pi@raspberrypi.local", 2222)]
    [InlineData("ssh://pi@host:2222", null, "pi@host", 2222)]
    [InlineData("ssh://pi@host:2222/", 2222, "pi@host", 2222)]
    [InlineData("ssh://host", null, "host", null)]
    [InlineData("ssh://root@[fe80::1%eth0]:22", null, "root@fe80::1%eth0", 22)]
    [InlineData("first.last@10.0.0.7", null, "first.last@10.0.0.7", null)]
    public void AddressesAreReadAsSshReadsThem(string text, int? port, string target, int? expected) =>
        Assert.Equal(new BoardAddress(target, expected), BoardAddress.Parse(text, port));

    [Theory]
    [InlineData("")]
    [InlineData("@host")]
    [InlineData("user@")]
    [InlineData("-v")]
    [InlineData("user@-oProxyCommand=reboot")]
    [InlineData("-user@host")]
    [InlineData("ho st")]
    [InlineData("host\n")]
    [InlineData("host;reboot")]
    [InlineData("$(reboot)@host")]
    [InlineData("host/path")]
    [InlineData("ssh://")]
    [InlineData("ssh://-x:22")]
    [InlineData("ssh://host:")]
    [InlineData("ssh://host:x")]
    [InlineData("ssh://host:0")]
    public void WhatIsNoAddressIsRefused(string text) => Assert.Equal(ExitCode.Usage, Assert.Throws<UserException>(() => BoardAddress.Parse(text, null)).ExitCode);

    [Fact]
    public void TwoPortsThatDifferAreRefused() => Assert.Contains("says 23", Assert.Throws<UserException>(() => BoardAddress.Parse("ssh://h:23", 24)).Message, StringComparison.Ordinal);

    /// <summary>A connection that breaks while a script is sent runs nothing of it.</summary>
    [Fact]
    public void APartOfAScriptDoesNothing()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "a POSIX shell is needed");
        using var folder = new TestFolder();
        string script = RemoteScript.Compose("begin.sh", folder["a/b"], "incoming.1", "me here 1 x", "", "no", "v");
        // All of the last lines, where the arguments are, and samples of what stands before.
        int[] lengths = [.. Enumerable.Range(1, script.Length - 1).Where(n => n > script.Length - 90 || n % 97 == 0).Where(n => n < script.Length - 1)];
        foreach (int length in lengths)
        {
            Outcome outcome = Sh("/bin/sh", script[..length]);
            Assert.True(RemoteScript.Answer(outcome.Output) is null, $"{length} of {script.Length} characters: {outcome.Output}");
        }
        Assert.Empty(Directory.GetFileSystemEntries(folder.Root));
        Assert.Equal(folder["a/b/incoming.1"], RemoteScript.Values(RemoteScript.Answer(Sh("/bin/sh", script).Output)!)["begun"]);
    }

    [Fact]
    public void AnAnswerBeginsBehindItsMarkerAndItsLastValueCounts()
    {
        Assert.Null(RemoteScript.Answer("folder=/x\n"));
        string answer = RemoteScript.Answer($"folder=/x\n{RemoteScript.Marker}\nfolder=/y\nFoo=1\n=2\nnoise\nfolder=/z=1 \r\n")!;
        Assert.Equal([KeyValuePair.Create("folder", "/z=1")], RemoteScript.Values(answer));
    }

    /// <summary>What a board says cannot move the terminal's cursor or change its colours.</summary>
    [Fact]
    public void NoControlCharactersOfABoardAreShown()
    {
        var result = new SshResult(0, $"{RemoteScript.Marker}\nerror=\u001b[2Jwrite\u0007\n", "line\r\n\u001b]0;title\u009b1m no\u0000\n");
        Assert.Equal(("[2Jwrite", "]0;title1m no"), (result.Values["error"], result.LastWords));
        Assert.DoesNotContain(result.Output + result.Error, c => char.IsControl(c) && c is not ('\r' or '\n'));
    }

    /// <summary>Whatever a board answers, reading it does not fail.</summary>
    [Fact]
    public void AnyAnswerIsRead()
    {
        var random = new Random(7);
        string[] names = ["folder", "machine", "bits", "libc", "musl", "memory_kb", "free_kb", "groups", "current", "mount_options", "uid", "known_groups", "connection"];
        string[] values = ["", " ", "-1", "99999999999999999999", "9223372036854775807", "2.", "glibc 2.36", "glibc 2.9999999", "aarch64", "=", ",,,", "versions/", "/", "1", "2", "é"];
        for (int i = 0; i < 2000; i++)
        {
            var state = new BoardState(RemoteScript.Values(string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => $"{names[random.Next(names.Length)]}={values[random.Next(values.Length)]}\n"))));
            _ = BoardChecks.OfSystem(state, new DeployNeeds(1 << 20, new Version(2, 29), true, 8080)).Select(o => o.ToString()).ToList();
            _ = BoardChecks.Hints(state, false).ToList();
            _ = (state.Json().ToJsonString(), state.CurrentVersion, state.MemoryBytes);
        }
    }

    [Theory]
    [InlineData("Host key verification failed.", "is not known yet", "ssh -p 2222 pi@host")]
    [InlineData("@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.", "another key than before", "ssh-keygen -R")]
    [InlineData("ssh: Could not resolve hostname host: Name or service not known", "no machine of the name", "NAME.local")]
    [InlineData("ssh: connect to host host port 22: Connection refused", "no ssh server answers", "enable --now ssh")]
    [InlineData("ssh: connect to host host port 22: No route to host", "cannot be reached", "in this network")]
    [InlineData("ssh: connect to host host port 22: Connection timed out", "does not answer", "firewall")]
    [InlineData("Timeout, server host not responding.\nsomething\nclient_loop: send disconnect: Broken pipe", "was lost", "Deploy again")]
    [InlineData("pi@host: Permission denied (publickey,password).", "does not accept this login", "ssh-copy-id -p 2222 pi@host")]
    [InlineData("something else", "failed (ssh said: something else)", "See that 'ssh -p 2222 pi@host' works")]
    [InlineData("", "ssh said nothing", "works")]
    public void FailuresOfSshAreExplained(string printed, string meaning, string remedy)
    {
        string message = SshFailures.Describe(new BoardAddress("pi@host", 2222), new SshResult(255, "", printed)).Message;
        Assert.Contains(meaning, message, StringComparison.Ordinal);
        Assert.Contains(remedy, message, StringComparison.Ordinal);
    }

    [Fact]
    public void TheUnitSaysWhatItShould()
    {
        string unit = ServiceUnit.Text("/opt/edgevit", "a\nmodel[Service]", 8080, ["video"], 200L << 20);
        string[] lines = unit.Split('\n');
        foreach (string line in (string[])
        [
            "Type=notify", "NotifyAccess=main", "ExecStart=/opt/edgevit/current/edgevit serve /opt/edgevit/current/model.evit --port 8080", "DynamicUser=yes", "SupplementaryGroups=video", "Restart=on-failure",
            "WatchdogSec=30", "MemoryMax=200M", "ProtectSystem=strict", "ProtectHome=yes", "PrivateTmp=yes", "NoNewPrivileges=yes", "CapabilityBoundingSet=", "SystemCallFilter=@system-service",
        ])
        {
            Assert.Single(lines, line);
        }

        Assert.Single(lines, "[Service]");
        Assert.DoesNotContain("MemoryDenyWriteExecute", unit, StringComparison.Ordinal);
        string bare = ServiceUnit.Text("/opt/edgevit", "m", 8080, [], null);
        Assert.DoesNotContain("SupplementaryGroups", bare, StringComparison.Ordinal);
        Assert.DoesNotContain("MemoryMax", bare, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(20, 1024, 144)]
    [InlineData(2, 1024, 96)]
    [InlineData(400, 1024, 768)]
    [InlineData(100, null, 464)]
    public void TheServicesMemoryIsBoundByTheModelsNeedAndTheBoards(int measured, int? board, int expected) =>
        Assert.Equal((long)expected << 20, ServiceUnit.MemoryMax((long)measured << 20, board is { } mib ? (long)mib << 20 : null));

    [Theory]
    [InlineData("/home/pi/edgevit")]
    [InlineData("/tmp")]
    [InlineData("/opt/with blank")]
    [InlineData("/opt/../home")]
    [InlineData("opt")]
    [InlineData("/opt/%n")]
    public void AServiceIsNotPutWhereItCannotSeeItself(string folder) => Assert.Equal(ExitCode.Usage, Assert.Throws<UserException>(() => ServiceUnit.CheckFolder(folder)).ExitCode);

    [Fact]
    public void TheLockKnowsItsOwner()
    {
        var owner = LockOwner.Here();
        Assert.False(LockOwner.IsGone(owner.ToString()));
        using var ended = Process.Start("true");
        ended.WaitForExit();
        string gone = (owner with { Process = ended.Id }).ToString();
        Assert.True(LockOwner.IsGone(gone));
        Assert.False(LockOwner.IsGone(gone.Replace(owner.Machine, "elsewhere", StringComparison.Ordinal)));
        // Another machine of the same name, or a container: its numbers mean nothing here.
        Assert.False(LockOwner.IsGone((owner with { Process = ended.Id, Space = "0123456789ab" }).ToString()));
        Assert.False(LockOwner.IsGone("a b"));
        Assert.Contains(owner.Person, LockOwner.Describe(gone), StringComparison.Ordinal);
        Assert.Equal(5, owner.ToString().Split(' ').Length);
    }

    [Fact]
    public void ResultsAreNamedAfterHostAndTime()
    {
        var now = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
        Assert.Equal(Path.Combine("runs", "deploy", "fe80__1_eth0-20260102-030405.json"), BoardBench.PathFor(null, new BoardAddress("root@fe80::1%eth0", null), now));
        Assert.Equal("mine.json", BoardBench.PathFor("mine.json", new BoardAddress("h", null), now));
    }

    internal static Outcome Sh(string shell, string script, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(shell, ["-s"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(false),
            StandardOutputEncoding = Encoding.UTF8,
        };
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        process.StandardInput.Write(script);
        process.StandardInput.Close();
        Assert.True(process.WaitForExit(TimeSpan.FromMinutes(2)), string.Create(CultureInfo.InvariantCulture, $"a script of {script.Length} characters hangs"));
        process.WaitForExit();
        return new Outcome(process.ExitCode, output.Result, error.Result);
    }
}
