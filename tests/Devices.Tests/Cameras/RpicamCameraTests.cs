using System.Diagnostics;

namespace EdgeVit.Devices.Tests;

/// <summary>A script in place of <c>rpicam-vid</c>, found through PATH as the program is.</summary>
[CollectionDefinition(nameof(RpicamCameraTests), DisableParallelization = true)]
[Collection(nameof(RpicamCameraTests))]
public sealed class RpicamCameraTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("edgevit-rpicam-").FullName;
    private readonly string? _path = Environment.GetEnvironmentVariable("PATH");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        Environment.SetEnvironmentVariable("PATH", _path);
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void FramesComeFromTheProgramThatIsToldTheSize()
    {
        byte[] first = TestJpeg.Noise(32, 24, 1), second = TestJpeg.Noise(32, 24, 2);
        File.WriteAllBytes(Path.Combine(_folder, "1.jpg"), first);
        File.WriteAllBytes(Path.Combine(_folder, "2.jpg"), second);
        Script("rpicam-vid", "echo \"$@\" > \"$0.arguments\"; cat \"$(dirname \"$0\")/1.jpg\"; while [ ! -e \"$0.go\" ]; do sleep 0.05; done; cat \"$(dirname \"$0\")/2.jpg\"; sleep 1000");
        using var camera = RpicamCamera.Open(new CameraSettings(32, 24, 12.5));
        Assert.Equal("rpicam (rpicam-vid, MJPEG 32 x 24, 12.5 fps)", camera.Description);
        Frame frame = camera.Next(Token)!;
        Assert.Equal(first, frame.Data.ToArray());
        File.WriteAllText(Path.Combine(_folder, "rpicam-vid.go"), "");
        Assert.Equal(second, camera.Next(Token)!.Data.ToArray());
        string arguments = File.ReadAllText(Path.Combine(_folder, "rpicam-vid.arguments"));
        Assert.Contains("--codec mjpeg --output -", arguments, StringComparison.Ordinal);
        Assert.Contains("--width 32 --height 24 --framerate 12.5", arguments, StringComparison.Ordinal);
    }

    [Fact]
    public void AProgramThatCannotBeStartedIsToldInTheSystemsWords()
    {
        IOException failure = Assert.Throws<IOException>(() => PipedProgram.Start(Path.Combine(_folder, "nothing"), []));
        Assert.Equal($"{Path.Combine(_folder, "nothing")} cannot be started: No such file or directory", failure.Message);
    }

    [Fact]
    public async Task DisposalEndsTheProgramWithItsChildrenAndTheWait()
    {
        Script("libcamera-vid", "sleep 1000 & echo $! > \"$0.child\"; echo $$ > \"$0.pid\"; wait");
        var camera = RpicamCamera.Open(new CameraSettings());
        string pidFile = Path.Combine(_folder, "libcamera-vid.pid");
        Assert.True(SpinWait.SpinUntil(() => File.Exists(pidFile) && File.ReadAllText(pidFile).EndsWith('\n'), TimeSpan.FromMinutes(1)));
        int[] processes = [.. new[] { ".pid", ".child" }.Select(f => int.Parse(File.ReadAllText(Path.Combine(_folder, "libcamera-vid" + f)), System.Globalization.CultureInfo.InvariantCulture))];
        using var stop = new CancellationTokenSource();
        Task waiting = Task.Run(() => camera.Next(stop.Token), Token);
        await stop.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => waiting.WaitAsync(TimeSpan.FromMinutes(1), Token));
        camera.Dispose();
        Assert.All(processes, id => Assert.True(SpinWait.SpinUntil(() => Ended(id), TimeSpan.FromMinutes(1)), $"process {id} goes on"));
    }

    [Theory]
    [InlineData("echo 'ERROR: *** no cameras available ***' >&2; exit 255", "ended with code 255: ERROR: *** no cameras available ***. Is the cable in")]
    [InlineData("exit 0", "ended and said nothing")]
    [InlineData("printf 'no picture at all'; echo >&2; echo 'strange' >&2; echo >&2", "Its last words: strange")]
    public void TheEndOfTheProgramIsAFailureInItsOwnWords(string script, string said)
    {
        Script("rpicam-vid", script);
        using var camera = RpicamCamera.Open(new CameraSettings());
        Assert.Contains(said, Assert.Throws<CameraException>(() => camera.Next(Token)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AProgramThatGivesNothingIsTold()
    {
        Script("rpicam-vid", "echo 'waiting for the sensor' >&2; sleep 1000");
        using var camera = RpicamCamera.Open(new CameraSettings(), TimeSpan.FromSeconds(1));
        Assert.Contains("gives no frame for 1 s", Assert.Throws<CameraException>(() => camera.Next(Token)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WithoutTheProgramTheMessageSaysWhatToInstall()
    {
        Environment.SetEnvironmentVariable("PATH", _folder);
        CameraException e = Assert.Throws<CameraException>(() => Camera.Open(Camera.Rpicam));
        Assert.True(e.Missing);
        Assert.Contains("apt-get install rpicam-apps", e.Message, StringComparison.Ordinal);
        // A file that is no program, and one in the current folder, are none.
        File.WriteAllText(Path.Combine(_folder, "rpicam-vid"), "");
        Environment.SetEnvironmentVariable("PATH", $"{_folder}::.");
        Assert.Null(PipedProgram.Find("rpicam-vid"));
    }

    private void Script(string name, string text)
    {
        string file = Path.Combine(_folder, name);
        File.WriteAllText(file, $"#!/bin/sh\n{text}\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        Environment.SetEnvironmentVariable("PATH", $"{_folder}:{_path}");
    }

    private static bool Ended(int process)
    {
        try
        {
            using Process found = Process.GetProcessById(process);
            // One that nobody has waited for is a zombie.
            return found.HasExited || File.ReadAllText($"/proc/{process}/stat").Contains(") Z", StringComparison.Ordinal);
        }
        catch (Exception e) when (e is ArgumentException or IOException)
        {
            return true;
        }
    }
}
