using System.Diagnostics;
using System.Runtime.Versioning;
using EdgeVit.Cli;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>The switch with a service, by the script that a board runs and a systemctl that obeys files: a service that does not come up brings back
/// what was there. (tests/board.sh does it with a real systemd.)</summary>
[UnsupportedOSPlatform("windows")]
public sealed class DeployServiceTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly string _root, _units;

    public DeployServiceTests()
    {
        _root = _folder["opt/edge vit"];
        _units = _folder["units"];
        Directory.CreateDirectory(_units);
        // 'starts' says which unit text comes up: all whose text holds no 'broken'.
        Program("systemctl", $"""
            echo "$*" >>'{_folder["calls"]}'
            case "$1" in
              restart) if grep -q broken '{_units}/edgevit.service'; then rm -f '{_folder["active"]}'; else cp '{_units}/edgevit.service' '{_folder["active"]}'; fi ;;
              is-active) [ -e '{_folder["active"]}' ] ;;
              stop) rm -f '{_folder["active"]}' ;;
              disable) rm -f '{_folder["active"]}' '{_folder["enabled"]}' ;;
              enable) : >'{_folder["enabled"]}' ;;
              is-enabled) [ -e '{_folder["enabled"]}' ] ;;
              show) echo ActiveState=failed ;;
            esac
            """);
        Program("journalctl", "echo 'the model is not there'; echo 'a=b'");
        Program("systemd-analyze", "! grep -q nonsense \"$2\"");
        // The codes of the real one for nobody there and for an answer that is none of success.
        Program("curl", $"[ -e '{_folder["active"]}' ] || exit 7; ! grep -q silent '{_units}/edgevit.service' || exit 22");
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void TheServiceIsStartedAndTheNextOneReplacesIt()
    {
        IReadOnlyDictionary<string, string> first = Switch("v1", "good one");
        Assert.Equal(("v1", "answered", ""), (first["activated"], first["health"], first["former"]));
        Assert.Equal("good one", File.ReadAllText(_folder["active"]));
        Assert.True(File.Exists(_folder["enabled"]));

        IReadOnlyDictionary<string, string> second = Switch("v2", "good two");
        Assert.Equal(("v2", "v1"), (second["activated"], second["former"]));
        Assert.Equal("good two", File.ReadAllText(_folder["active"]));
        Assert.Equal("v2", Current());
        Assert.Equal(["current", "made", "versions"], Names(_root));
        Assert.Equal(["edgevit.service"], Names(_units));

        Assert.Contains("done=yes", Run("remove.sh", _units, "me here 1 y", "", "no", _root).Output, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder["active"]) || File.Exists(_folder["enabled"]) || Directory.Exists(_folder["opt"]));
        Assert.Empty(Names(_units));
    }

    [Theory]
    [InlineData("broken", "service")]
    [InlineData("nonsense", "unit")]
    public void AFirstServiceThatDoesNotComeUpLeavesNothing(string unit, string error)
    {
        IReadOnlyDictionary<string, string> answer = Switch("v1", unit);
        Assert.Equal(error, answer["error"]);
        Assert.False(answer.ContainsKey("activated"));
        Assert.False(Directory.Exists(_folder["opt"]));
        Assert.Empty(Names(_units));
        Assert.False(File.Exists(_folder["active"]) || File.Exists(_folder["enabled"]));
    }

    [Theory]
    [InlineData("broken", "service")]
    [InlineData("nonsense", "unit")]
    [InlineData("silent", "service")]
    public void AServiceThatDoesNotComeUpBringsTheFormerBack(string unit, string error)
    {
        Switch("v1", "good one");
        IReadOnlyDictionary<string, string> answer = Switch("v2", unit);
        Assert.Equal((error, "v1"), (answer["error"], answer["restored"]));
        Assert.Equal("v1", Current());
        Assert.Equal("good one", File.ReadAllText(Path.Combine(_units, "edgevit.service")));
        Assert.Equal("good one", File.ReadAllText(_folder["active"]));
        Assert.Equal(["v1"], Names(Path.Combine(_root, "versions")));
        Assert.Equal(["current", "made", "versions"], Names(_root));
    }

    /// <summary>A service that somebody has switched off stays off when the next one does not come up.</summary>
    [Fact]
    public void ADisabledServiceStaysDisabled()
    {
        Switch("v1", "good one");
        File.Delete(_folder["enabled"]);
        File.Delete(_folder["active"]);
        Assert.Equal("v1", Switch("v2", "broken")["restored"]);
        Assert.False(File.Exists(_folder["active"]) || File.Exists(_folder["enabled"]));
        Assert.Equal("good one", File.ReadAllText(Path.Combine(_units, "edgevit.service")));
    }

    /// <summary>What fails before the unit is touched leaves the service alone that runs.</summary>
    [Theory]
    [InlineData("cp")]
    [InlineData("ln")]
    public void ASwitchThatFailsBeforeTheUnitLeavesTheServiceAlone(string program)
    {
        Switch("v1", "good one");
        string calls = File.ReadAllText(_folder["calls"]);
        Program(program, "exit 1");
        Assert.Equal(("write", "v1"), (Switch("v2", "good two") is var answer ? answer["error"] : "", answer["restored"]));
        File.Delete(_folder[$"bin/{program}"]);
        Assert.Equal("good one", File.ReadAllText(Path.Combine(_units, "edgevit.service")));
        Assert.Equal("good one", File.ReadAllText(_folder["active"]));
        Assert.True(File.Exists(_folder["enabled"]));
        Assert.DoesNotContain("restart", File.ReadAllText(_folder["calls"])[calls.Length..], StringComparison.Ordinal);
        Assert.Equal(["v1"], Names(Path.Combine(_root, "versions")));
        Assert.Equal("good two", Switch("v2", "good two") is { } second && second["activated"] == "v2" ? File.ReadAllText(_folder["active"]) : "");
    }

    /// <summary>The version in use, sent once more, does not push out the one before it.</summary>
    [Fact]
    public void TheSameVersionAgainKeepsTheOneToGoBackTo()
    {
        Switch("v1", "good one");
        Switch("v2", "good two");
        Assert.Equal("v2", Switch("v2", "good two")["former"]);
        Assert.Equal(["v1", "v2"], Names(Path.Combine(_root, "versions")));
    }

    /// <summary>A folder with things of somebody else that have names of ours is not used, and not cleared.</summary>
    [Theory]
    [InlineData("versions/mine")]
    [InlineData("incoming.mail")]
    [InlineData("lock")]
    [InlineData("current")]
    public void WhatIsSomebodyElsesStays(string name)
    {
        string file = _folder.File($"opt/edge vit/{name}", [1]);
        Assert.Contains($"error=foreign\ndetail={Path.Combine(_root, name.Split('/')[0])}\n", Begin("incoming.1", "me", ""), StringComparison.Ordinal);
        Run("abort.sh", _root, "incoming.1", "me");
        Assert.Contains("left:", Run("remove.sh", "", "me", "", "no", _root).Output, StringComparison.Ordinal);
        Assert.True(File.Exists(file));
        Assert.Single(Directory.GetFileSystemEntries(_root));
    }

    /// <summary>The number of a process that was noted may be another program's: only what works in the folder is ended.</summary>
    [Fact]
    public void OnlyProgramsOfTheFolderAreEnded()
    {
        Begin("incoming.1", "me", "");
        string payload = Path.Combine(_root, "incoming.1", "payload");
        using Process ours = Process.Start(new ProcessStartInfo("sleep", ["300"]) { WorkingDirectory = payload })!;
        using Process other = Process.Start(new ProcessStartInfo("sleep", ["300"]) { WorkingDirectory = _folder.Root })!;
        try
        {
            File.WriteAllText(Path.Combine(_root, "incoming.1", "running"), $"{other.Id}\n{ours.Id}\nnone\n");
            Run("remove.sh", "", "you", "", "yes", _root);
            Assert.True(ours.WaitForExit(TimeSpan.FromMinutes(1)), "it was not ended");
            Assert.False(other.HasExited);
            Assert.False(Directory.Exists(_folder["opt"]));
        }
        finally
        {
            ours.Kill();
            other.Kill();
        }
    }

    [Fact]
    public void TheJournalOfAServiceThatDoesNotComeUpIsShown() =>
        Assert.Contains("journal: the model is not there\njournal: a=b\n", Answer("v1", "broken").Output, StringComparison.Ordinal);

    /// <summary>A lock is taken over where the connection that took it has ended, and not before.</summary>
    [Fact]
    public void ALockLastsAsLongAsItsConnection()
    {
        string[] stat = File.ReadAllText($"/proc/{Environment.ProcessId}/stat").Split(") ")[^1].Split(' ');
        string alive = $"{Environment.ProcessId} {stat[19]}";
        Assert.Contains("begun=", Begin("incoming.1", "one", alive), StringComparison.Ordinal);
        string refused = Begin("incoming.2", "two", "");
        Assert.Contains("error=locked\ndetail=one\n", refused, StringComparison.Ordinal);
        Assert.True(Directory.Exists(Path.Combine(_root, "incoming.1")));

        File.WriteAllText(Path.Combine(_root, "lock", "connection"), $"{Environment.ProcessId} 1\n");
        Assert.Contains("begun=", Begin("incoming.2", "two", alive), StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(_root, "incoming.1")));
        Assert.Contains("error=locked", Begin("incoming.3", "three", ""), StringComparison.Ordinal);
        Directory.SetLastWriteTimeUtc(Path.Combine(_root, "lock"), DateTime.UtcNow.AddMinutes(-31));
        Assert.Contains("begun=", Begin("incoming.3", "three", ""), StringComparison.Ordinal);

        // Of another's lock and folder nothing is cleared away.
        Run("abort.sh", _root, "incoming.2", "two");
        Assert.Equal(["incoming.3", "lock", "made"], Names(_root));
        Run("abort.sh", _root, "incoming.3", "three");
        Assert.False(Directory.Exists(_folder["opt"]));
    }

    /// <summary>Of many that find the same stale lock at once, one takes it.</summary>
    [Fact]
    public void OneTakesAStaleLock()
    {
        Begin("incoming.0", "zero", "");
        for (int round = 0; round < 5; round++)
        {
            File.WriteAllText(Path.Combine(_root, "lock", "connection"), $"{Environment.ProcessId} 1\n");
            string[] answers = new string[4];
            Parallel.For(0, answers.Length, new ParallelOptions { MaxDegreeOfParallelism = answers.Length }, i => answers[i] = Begin($"incoming.{i}", $"owner {i}", ""));
            string begun = Assert.Single(answers, a => a.Contains("begun=", StringComparison.Ordinal));
            Assert.Equal($"owner {Array.IndexOf(answers, begun)}\n", File.ReadAllText(Path.Combine(_root, "lock", "owner")));
            Assert.Equal(3, answers.Count(a => a.Contains("error=locked", StringComparison.Ordinal)));
        }
    }

    private IReadOnlyDictionary<string, string> Switch(string version, string unit) => RemoteScript.Values(RemoteScript.Answer(Answer(version, unit).Output)!);

    private Outcome Answer(string version, string unit)
    {
        Assert.Contains("begun=", Begin("incoming.1", "me here 1 x", ""), StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(_root, "incoming.1", "payload", "edgevit"), version);
        return Run("activate.sh", _root, "incoming.1", "me here 1 x", version, "yes", _units, "8080", unit);
    }

    private string Begin(string incoming, string owner, string connection) => Run("begin.sh", _root, incoming, owner, connection, "no", "v0").Output;

    private Outcome Run(string script, params string[] arguments) =>
        DeployTextTests.Sh("/bin/sh", RemoteScript.Compose(script, arguments), ("PATH", $"{_folder["bin"]}:{Environment.GetEnvironmentVariable("PATH")}"));

    private string Current() => Path.GetFileName(new DirectoryInfo(Path.Combine(_root, "current")).ResolveLinkTarget(true)!.FullName);

    private static string[] Names(string folder) => [.. Directory.GetFileSystemEntries(folder).Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal)];

    private void Program(string name, string text)
    {
        string path = _folder.File($"bin/{name}", System.Text.Encoding.UTF8.GetBytes($"#!/bin/sh\n{text}\n"));
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
    }
}
