using System.Diagnostics;

namespace EdgeVit.Quantize.Tests;

/// <summary>A run folder is written by one process at a time.</summary>
public sealed class RunLockTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private string Entry => _folder.File(".run.owner");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void TheSecondIsRefusedUntilTheFirstHasEnded()
    {
        RunLock first = RunLock.Take(_folder.Path);
        var refused = Assert.Throws<ConvertException>(() => RunLock.Take(_folder.Path));
        Assert.Equal(ConvertException.Usage, refused.ExitCode);
        Assert.Contains($"process {Environment.ProcessId} on {Environment.MachineName}", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("delete", refused.Message, StringComparison.Ordinal);
        Assert.Throws<ConvertException>(() => RunLock.Take(_folder.Path));
        first.Dispose();
        Assert.False(File.Exists(Entry));
        RunLock.Take(_folder.Path).Dispose();
    }

    [Fact]
    public void AProcessThatIsKilledKeepsNobodyOut()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/flock"), "no flock on this machine, which holds the lock as another process");
        File.WriteAllText(Entry, RunOwner.Here() with { Process = 1 } + "");
        using var other = Process.Start(new ProcessStartInfo("/usr/bin/flock", [_folder.File(".run.lock"), "sleep", "60"]))!;
        try
        {
            Assert.True(SpinWait.SpinUntil(() => Refused(), TimeSpan.FromSeconds(20)));
        }
        finally
        {
            other.Kill(entireProcessTree: true);
            other.WaitForExit();
        }

        // The entry of process 1, which lives, says nothing where the system's lock is free.
        Assert.True(SpinWait.SpinUntil(() => !Refused(), TimeSpan.FromSeconds(20)));
    }

    [Fact]
    public void WithoutLocksTheEntryTells()
    {
        RunOwner here = RunOwner.Here();
        File.WriteAllText(Entry, (here with { Machine = "another" }).ToString());
        string message = Assert.Throws<ConvertException>(() => RunLock.Take(_folder.Path, locks: false)).Message;
        Assert.Contains($"process {here.Process} on another", message, StringComparison.Ordinal);
        Assert.Contains($"delete {Entry}", message, StringComparison.Ordinal);
        File.WriteAllText(Entry, here.ToString());
        Assert.Throws<ConvertException>(() => RunLock.Take(_folder.Path, locks: false));

        // Gone, or another since.
        int gone = Gone();
        foreach (RunOwner owner in (RunOwner[])[here with { Process = gone }, here with { Ticks = here.Ticks - 1 }, here with { Ticks = here.Ticks + 1 }])
        {
            File.WriteAllText(Entry, owner.ToString());
            using RunLock taken = RunLock.Take(_folder.Path, locks: false);
            Assert.Equal(Environment.ProcessId, RunOwner.Parse(File.ReadAllText(Entry))!.Process);
        }

        // Half-written, damaged, of a clock that was set since, of a version without ticks, of a process that is not ours: in doubt it lives.
        string start = here.ToString();
        foreach (string text in (string[])["", start[..10], "nonsense", "1\t2\t3", "\0\0", (here with { Started = here.Started.AddYears(-1) }).ToString(), (here with { Ticks = 0 }).ToString(),
            start[..start.LastIndexOf('\t')], (here with { Process = 1, Ticks = 0 }).ToString(), (here with { Space = "" }).ToString(), (here with { Process = gone, Space = "other" }).ToString()])
        {
            File.WriteAllText(Entry, text);
            Assert.Equal(ConvertException.Usage, Assert.Throws<ConvertException>(() => RunLock.Take(_folder.Path, locks: false)).ExitCode);
            Assert.Equal(text, File.ReadAllText(Entry));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void WithoutLocksOneOfManyHasTheFolder(bool afterAnotherThatIsGone)
    {
        RunOwner gone = RunOwner.Here() with { Ticks = 1 };
        for (int round = 0; round < 20; round++)
        {
            if (afterAnotherThatIsGone)
            {
                File.WriteAllText(Entry, gone.ToString());
            }

            var taken = new System.Collections.Concurrent.ConcurrentBag<RunLock>();
            Parallel.For(0, 8, _ =>
            {
                try
                {
                    taken.Add(RunLock.Take(_folder.Path, locks: false));
                }
                catch (ConvertException)
                {
                    // Another has it.
                }
            });
            Assert.Single(taken).Dispose();
            Assert.False(File.Exists(Entry));
        }
    }

    [Fact]
    public void ALockThatAnotherMachineMayNotSeeIsToldOf()
    {
        RunOwner here = RunOwner.Here(), far = here with { Machine = "another", Space = "0123456789ab-0123456789ab" };
        foreach ((RunOwner owner, bool told) in new[] { (far, true), (far with { Started = here.Started.AddDays(-30) }, false), (here with { Process = 1 }, false), (here with { Machine = "a container" }, false) })
        {
            File.WriteAllText(Entry, owner.ToString());
            using RunLock taken = RunLock.Take(_folder.Path);
            Assert.Equal(told, taken.Warning is not null);
            Assert.Equal(told, taken.Warning?.Contains($"process {owner.Process} on another", StringComparison.Ordinal) == true);
        }
    }

    /// <summary>Who takes a lock file for a stale one and deletes it does not let a second run into the folder of the first.</summary>
    [Fact]
    public void ALockFileThatWasDeletedLetsNobodyIn()
    {
        using RunLock first = RunLock.Take(_folder.Path);
        File.Delete(_folder.File(".run.lock"));
        var refused = Assert.Throws<ConvertException>(() => RunLock.Take(_folder.Path));
        Assert.Equal(ConvertException.Usage, refused.ExitCode);
        Assert.Contains($"process {Environment.ProcessId} on {Environment.MachineName}", refused.Message, StringComparison.Ordinal);
        first.Require();
    }

    [Fact]
    public void AFolderThatIsAnotherSinceIsNotWritten()
    {
        string folder = Directory.CreateDirectory(_folder.File("run")).FullName, away = _folder.File("away");
        using RunLock held = RunLock.Take(folder);
        held.Require();

        // The entry alone is written again: the lock is still held.
        File.Delete(Path.Combine(folder, ".run.owner"));
        held.Require();
        Assert.True(File.Exists(Path.Combine(folder, ".run.owner")));

        Directory.Move(folder, away);
        Assert.Contains($"{folder} was moved, deleted or replaced", Assert.Throws<ConvertException>(held.Require).Message, StringComparison.Ordinal);
        Directory.CreateDirectory(folder);
        Assert.Contains("--resume", Assert.Throws<ConvertException>(held.Require).Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(folder));
        using (RunLock.Take(folder))
        {
            Assert.Contains($"taken by another process while this one wrote it: process {Environment.ProcessId}", Assert.Throws<ConvertException>(held.Require).Message, StringComparison.Ordinal);
        }

        Assert.Contains("was moved", Assert.Throws<ConvertException>(held.Require).Message, StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
        Directory.Move(away, folder);
        held.Require();
    }

    [Fact]
    public void AFolderThatIsRefusedStaysAsItIs()
    {
        var options = new ConvertOptions { Data = "shapes", Out = _folder.Path, Resume = true };
        File.WriteAllText(_folder.File("holiday.jpg"), "a photo");
        Assert.Contains("holds no run", Assert.Throws<ConvertException>(() => Converter.Convert(options, new SilentProgress())).Message, StringComparison.Ordinal);
        File.WriteAllText(_folder.File("model.evit"), "a model");
        Assert.Contains("already holds a run", Assert.Throws<ConvertException>(() => Converter.Convert(options with { Resume = false }, new SilentProgress())).Message, StringComparison.Ordinal);
        Assert.Equal(2, Directory.GetFileSystemEntries(_folder.Path).Length);
    }

    [Fact]
    public void WhatAKilledRunLeftIsDeletedAndNothingElse()
    {
        string inside = Directory.CreateDirectory(_folder.File("student")).FullName;
        string[] temporary =
        [
            _folder.File(".model.evit.abcdefgh.x1z"), _folder.File(".metrics.csv.q2w3e4r5.abc"), _folder.File(".pictures.json.q2w3e4r5.abc"), _folder.File(".probe-0123456789abcdef0123456789abcdef"),
            _folder.File(".scratch-0123456789abcdef0123456789abcdef.tmp"), Path.Combine(inside, ".last.safetensors.k1j2h3g4.zzz"), Path.Combine(inside, ".best.safetensors.00000000.aaa"),
        ];
        string[] others =
        [
            _folder.File("model.evit"), _folder.File(".gitignore"), _folder.File(".model.evit.backup"), _folder.File("model.evit.abcdefgh.x1z"), _folder.File(".notes.md.abcdefgh.x1z"),
            _folder.File(".probe-mine"), _folder.File(".model.evit.ABCDEFGH.x1z"), Path.Combine(inside, "last.safetensors"), _folder.File(".run.lock"),
        ];
        foreach (string file in (string[])[.. temporary, .. others])
        {
            File.WriteAllBytes(file, new byte[500_000]);
        }

        Assert.Equal("7 temporary files of a run that was killed, 3.50 MB, deleted", Leftovers.Delete(_folder.Path, inside, _folder.File("missing")));
        Assert.All(temporary, f => Assert.False(File.Exists(f)));
        Assert.All(others, f => Assert.True(File.Exists(f), f));
        Assert.Null(Leftovers.Delete(_folder.Path, inside));
    }

    [Theory]
    [InlineData(1000, 300, 0, 1000)]
    [InlineData(1000, 300, 600, 400)]
    [InlineData(1000, 300, 900, 300)]
    [InlineData(1000, 300, 5000, 300)]
    public void WhatIsThereNeedsNoPlaceAgain(long expected, long checkpoint, long present, long needed) =>
        Assert.Equal((needed << 20) + (16L << 20), RunFolder.SpaceNeeded(expected << 20, checkpoint << 20, present << 20));

    [Fact]
    public void ResumingNeedsARun()
    {
        var options = new ConvertOptions { Data = "shapes", Out = _folder.File("none"), Resume = true };
        var refused = Assert.Throws<ConvertException>(() => Converter.Convert(options, new SilentProgress()));
        Assert.Equal(ConvertException.Usage, refused.ExitCode);
        Assert.Contains("holds no run", refused.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(options.Out));
        Assert.Contains("holds no run", Assert.Throws<ConvertException>(() => Converter.Convert(options with { Out = _folder.Path }, new SilentProgress())).Message, StringComparison.Ordinal);

        refused = Assert.Throws<ConvertException>(() => Converter.Convert(options with { Overwrite = true }, new SilentProgress()));
        Assert.Equal(ConvertException.Usage, refused.ExitCode);
        Assert.Contains("give one of them", refused.Message, StringComparison.Ordinal);

        using RunLock held = RunLock.Take(_folder.Path);
        Assert.Contains("another process", Assert.Throws<ConvertException>(() => Converter.Convert(options with { Out = _folder.Path }, new SilentProgress())).Message, StringComparison.Ordinal);
        Assert.Contains("another process", Assert.Throws<ConvertException>(() => Converter.Convert(options with { Out = _folder.Path, Resume = false, Overwrite = true }, new SilentProgress())).Message, StringComparison.Ordinal);
    }

    private bool Refused()
    {
        try
        {
            RunLock.Take(_folder.Path).Dispose();
            return false;
        }
        catch (ConvertException)
        {
            return true;
        }
    }

    private static int Gone()
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", ["--version"]) { RedirectStandardOutput = true })!;
        process.WaitForExit();
        return process.Id;
    }
}
