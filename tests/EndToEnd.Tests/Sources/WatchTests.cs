using System.Diagnostics;
using System.Text.Json.Nodes;
using EdgeVit.Cli;

namespace EdgeVit.EndToEnd.Tests;

public sealed class WatchTests(SmallModel model) : IClassFixture<SmallModel>
{
    /// <summary>Files as programs leave them: there before, copied, moved in under another name, written in pieces, in a subfolder, changed; and what is no
    /// picture, hidden, empty or damaged.</summary>
    [Fact]
    public async Task PicturesThatAreThereAndThatComeAreClassifiedOnce()
    {
        using var folder = new TestFolder();
        string inbox = Path.Combine(folder.Root, "inbox");
        folder.File("inbox/before.png", Png.Random(20, 20, 1));
        folder.File("inbox/notes.txt", [1]);
        using Process process = EdgeVitProcess.Start(["run", model.Path, inbox, "--watch", "--json"]);
        Task<string> error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.Equal("before.png", await Next());

        folder.File("inbox/.hidden.png", Png.Random(20, 20, 2));
        folder.File("inbox/empty.png", []);
        string part = folder.File("inbox/moved.png.part", Png.Random(20, 20, 3));
        File.Move(part, Path.Combine(inbox, "moved.png"));
        Assert.Equal("moved.png", await Next());

        folder.File("inbox/sub/deep/a.png", Png.Random(20, 20, 4));
        Assert.Equal("a.png", await Next());

        // In two pieces, the second one late: the first is no whole picture.
        byte[] slow = Png.Random(60, 60, 5);
        await using (FileStream file = File.Create(Path.Combine(inbox, "slow.png")))
        {
            await file.WriteAsync(slow.AsMemory(0, 3000), TestContext.Current.CancellationToken);
            await file.FlushAsync(TestContext.Current.CancellationToken);
            await Task.Delay(900, TestContext.Current.CancellationToken);
            await file.WriteAsync(slow.AsMemory(3000), TestContext.Current.CancellationToken);
        }

        Assert.Equal("slow.png", await Next());

        folder.File("inbox/before.png", Png.Random(24, 20, 6));
        Assert.Equal("before.png", await Next());

        folder.File("inbox/bad.png", "no picture"u8.ToArray());
        JsonObject bad = await NextObject();
        Assert.Contains("not a PNG", (string)bad["error"]!, StringComparison.Ordinal);

        EdgeVitProcess.Signal(process, "TERM");
        JsonNode summary = Lines.Of(await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)).Single()["summary"]!;
        Assert.True(process.WaitForExit(TimeSpan.FromMinutes(1)));
        Assert.Equal((0, 5, 1), (process.ExitCode, (int)summary["frames"]!, (int)summary["damaged"]!));
        Assert.Contains("bad.png", await error, StringComparison.Ordinal);

        async Task<string> Next() => Path.GetFileName((string)(await NextObject())["source"]!);

        async Task<JsonObject> NextObject() =>
            JsonNode.Parse((await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromMinutes(2)))!)!.AsObject();
    }

    [Fact]
    public void ANumberOfPicturesEndsItAndAFolderThatGoesIsTold()
    {
        using var folder = new TestFolder();
        folder.Images("inbox", 2, "x");
        Outcome outcome = EdgeVitProcess.Run("run", model.Path, folder["inbox"], "--watch", "--frames", "2").Expect(0);
        Assert.Equal(["00.png", "01.png"], outcome.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => Path.GetFileName(l.Split("  ")[0])));

        using Process process = EdgeVitProcess.Start(["run", model.Path, folder["inbox"], "--watch"]);
        process.StandardOutput.ReadLine();
        Directory.Delete(folder["inbox"], recursive: true);
        Assert.True(process.WaitForExit(TimeSpan.FromMinutes(1)));
        Assert.Equal(1, process.ExitCode);
        Assert.Contains("the folder is gone", process.StandardError.ReadToEnd(), StringComparison.Ordinal);
    }

    /// <summary>The looks themselves, by a clock that the test sets.</summary>
    [Fact]
    public void AFileIsTakenWhenItHasStoodStill()
    {
        using var folder = new TestFolder();
        string path = folder.File("a.png", [1]);
        using var watch = new FolderWatch(folder.Root);
        TimeSpan now = TimeSpan.FromHours(1), step = FolderWatch.Settling;
        Assert.True(watch.Look(now));
        Assert.Empty(watch.TakeReady());
        // It grows: the time begins again.
        folder.File("a.png", [1, 2]);
        Assert.True(watch.Look(now += step));
        Assert.Empty(watch.TakeReady());
        Assert.False(watch.Look(now += step));
        Assert.Equal([path], watch.TakeReady());
        Assert.False(watch.Look(now += step));
        Assert.Empty(watch.TakeReady());

        // Damaged: again after twice the time, up to a limit.
        int again = 0;
        TimeSpan start = now;
        while (watch.PutBack(path))
        {
            again++;
            while (watch.TakeReady().Count == 0)
            {
                watch.Look(now += step);
            }
        }

        Assert.Equal(4, again);
        Assert.InRange((now - start) / step, 10, 20);

        // Gone and there again is another file.
        File.Delete(path);
        watch.Look(now += step);
        Assert.False(watch.PutBack(path));
        folder.File("a.png", [3]);
        watch.Look(now += step);
        watch.Look(now += step);
        Assert.Equal([path], watch.TakeReady());
    }

    /// <summary>While others before it in the queue are classified.</summary>
    [Fact]
    public void AFileThatChangesWhileItWaitsIsTakenOnce()
    {
        using var folder = new TestFolder();
        string path = folder.File("a.png", [1]);
        File.CreateSymbolicLink(folder["b.png"], path);
        using var watch = new FolderWatch(folder.Root);
        watch.Look(TimeSpan.Zero);
        watch.Look(FolderWatch.Settling);
        folder.File("a.png", [1, 2]);
        CancellationToken token = TestContext.Current.CancellationToken;
        Assert.Equal([folder["b.png"], path], new[] { watch.Next(token), watch.Next(token) });
        TimeSpan later = TimeSpan.FromMilliseconds(Environment.TickCount64);
        watch.Look(later);
        watch.Look(later + FolderWatch.Settling);
        Assert.Empty(watch.TakeReady());
    }

    [Fact]
    public void LinksThatLeadInCirclesAreNotFollowed()
    {
        using var folder = new TestFolder();
        string path = folder.File("sub/a.png", [1]);
        Directory.CreateSymbolicLink(folder["sub/loop"], folder.Root);
        File.CreateSymbolicLink(folder["link.png"], path);
        using var watch = new FolderWatch(folder.Root);
        watch.Look(TimeSpan.Zero);
        watch.Look(FolderWatch.Settling);
        Assert.Equal([folder["link.png"], path], watch.TakeReady());
    }
}
