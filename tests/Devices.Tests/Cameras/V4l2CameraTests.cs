using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeVit.Devices.Tests;

/// <summary>Faults and counts with a device that the test plays; the ioctls themselves are tried on a kernel (tests/camera-vm.sh).</summary>
public class V4l2CameraTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void TheNewestFrameIsGivenAndTheOthersAreCounted()
    {
        FakeVideoDevice device = Small();
        using V4l2Camera camera = Start(device);
        Assert.Equal("camera:9 (Test camera, YUYV 4 x 2, 30 fps)", camera.Description);
        device.Take(Bytes(1));
        device.Take(Bytes(2));
        Assert.Equal((1L, Hex(2)), Read(camera));
        Assert.Equal(1, camera.Dropped);
        Assert.Equal(4, device.Queued);
        device.Take(Bytes(3));
        Assert.Equal((2L, Hex(3)), Read(camera));
        Assert.Equal((1L, 0L), (camera.Dropped, camera.Damaged));
    }

    /// <summary>Where all buffers were full, the camera went on without them: what they hold is old.</summary>
    [Fact]
    public async Task OldFramesAreNotGivenOut()
    {
        FakeVideoDevice device = Small();
        using V4l2Camera camera = Start(device);
        for (byte i = 0; i < 10; i++)
        {
            device.Take(Bytes(i));
        }

        Task<(long, string)> next = Task.Run(() => Read(camera), Token);
        Assert.True(SpinWait.SpinUntil(() => device.Queued == 4, TimeSpan.FromMinutes(1)));
        device.Take(Bytes(77));
        Assert.Equal((10L, Hex(77)), await next);
        Assert.Equal(10, camera.Dropped);
    }

    [Fact]
    public void DamagedAndShortFramesAreLeftOutAndCounted()
    {
        FakeVideoDevice device = Small();
        using V4l2Camera camera = Start(device);
        device.Take(Bytes(1));
        device.Take(Bytes(2), VideoControl.BufferError);
        device.Take(Bytes(3)[..^1]);
        Assert.Equal((0L, Hex(1)), Read(camera));
        device.Take(Bytes(4), VideoControl.BufferError);
        device.Take(Bytes(5));
        Assert.Equal((4L, Hex(5)), Read(camera));
        Assert.Equal((0L, 3L), (camera.Dropped, camera.Damaged));
    }

    [Fact]
    public void RowsLoseWhatFollowsThem()
    {
        FakeVideoDevice device = Small();
        device.Padding = 6;
        using V4l2Camera camera = Start(device);
        byte[] padded = [1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0, 11, 12, 13, 14, 15, 16, 17, 18];
        device.Take(padded);
        Assert.Equal(Convert.ToHexString([1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13, 14, 15, 16, 17, 18]), Read(camera).Data);
    }

    [Fact]
    public void JpegsAreGivenAsTheyAre()
    {
        var device = new FakeVideoDevice((VideoControl.Mjpeg, 16, 8, 30));
        using V4l2Camera camera = Start(device);
        byte[] jpeg = TestJpeg.Noise(16, 8, 1);
        device.Take("no JPEG"u8.ToArray());
        device.Take(jpeg);
        Frame frame = camera.Next(Token)!;
        Assert.Equal((FrameFormat.Jpeg, 16), (frame.Format, frame.ToRgb().Width));
        Assert.Equal(jpeg, frame.Data.ToArray());
        Assert.Equal((0L, 1L), (camera.Dropped, camera.Damaged));
    }

    [Fact]
    public void NumbersThatWrapStandStillOrBeginAgainCountNothing()
    {
        FakeVideoDevice device = Small();
        using V4l2Camera camera = Start(device);
        device.Take(Bytes(0));
        Assert.Equal(0, Read(camera).Number);
        foreach (uint number in (uint[])[uint.MaxValue, 0, 0, 5, 3])
        {
            device.Renumber(number);
            device.Take(Bytes(1));
            Read(camera);
        }

        // Only from 0 to 5 were frames lost.
        Assert.Equal(4, camera.Dropped);
    }

    [Fact]
    public async Task AWaitEndsAtOnceByCancellationDisposalAndUnplugging()
    {
        FakeVideoDevice device = Small();
        V4l2Camera camera = Start(device);
        using var stop = new CancellationTokenSource();
        Task waiting = Task.Run(() => camera.Next(stop.Token), Token);
        await stop.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => waiting.WaitAsync(TimeSpan.FromSeconds(9), Token));

        Task disposed = Task.Run(() => camera.Next(Token), Token);
        Assert.True(device.Started);
        camera.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => disposed.WaitAsync(TimeSpan.FromSeconds(9), Token));
        Assert.True(device.Disposed);
        Assert.False(device.Started);
        camera.Dispose();

        FakeVideoDevice pulled = Small();
        using V4l2Camera other = Start(pulled);
        Task gone = Task.Run(() => other.Next(Token), Token);
        pulled.Unplug();
        CameraException e = await Assert.ThrowsAsync<CameraException>(() => gone.WaitAsync(TimeSpan.FromSeconds(9), Token));
        Assert.Contains("unplugged", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ACameraThatGivesNothingIsTold()
    {
        using V4l2Camera camera = V4l2Camera.Start(Small(), "/dev/video9", SystemFiles.Machine, new CameraSettings(4, 2), TimeSpan.FromMilliseconds(30));
        Assert.Contains("gives no frame", Assert.Throws<CameraException>(() => camera.Next(Token)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(VideoControl.QueryCapability, VideoControl.NotATerminal, "is no video device")]
    [InlineData(VideoControl.SetFormat, VideoControl.Busy, "is in use by")]
    [InlineData(VideoControl.RequestBuffers, VideoControl.Busy, "is in use by")]
    [InlineData(VideoControl.StreamOn, VideoControl.InputOutput, "powered hub")]
    [InlineData(VideoControl.StreamOn, 28, "the start failed")]
    [InlineData(VideoControl.EnumerateFormats, VideoControl.Invalid, "no format")]
    public void ARefusalSaysWhatAndClosesTheDevice(uint request, int error, string said)
    {
        FakeVideoDevice device = Small();
        device.Errors[request] = error;
        Assert.Contains(said, Assert.Throws<CameraException>(() => Start(device)).Message, StringComparison.Ordinal);
        Assert.True(device.Disposed);
    }

    [Fact]
    public void OtherNodesAreRefused()
    {
        FakeVideoDevice output = Small();
        output.Abilities = 2 | VideoControl.Streaming;
        Assert.Contains("captures no video", Assert.Throws<CameraException>(() => Start(output)).Message, StringComparison.Ordinal);
        FakeVideoDevice sensor = new((0x3031_4742, 640, 480, 30));
        Assert.Contains("neither YUYV nor MJPEG but BG10", Assert.Throws<CameraException>(() => Start(sensor)).Message, StringComparison.Ordinal);
        FakeVideoDevice without = Small();
        without.BufferCount = 0;
        Assert.Contains("no memory", Assert.Throws<CameraException>(() => Start(without)).Message, StringComparison.Ordinal);
    }

    /// <summary>A camera without rates to choose from, or that takes none, is one too.</summary>
    [Fact]
    public void ADriverMayKnowLittle()
    {
        FakeVideoDevice device = new((VideoControl.Yuyv, 4, 2, 0));
        device.Errors[VideoControl.SetParameters] = VideoControl.NotATerminal;
        device.Errors[VideoControl.EnumerateSizes] = VideoControl.NotATerminal;
        using V4l2Camera camera = Start(device);
        Assert.Equal("camera:9 (Test camera, YUYV 4 x 2)", camera.Description);
    }

    [Theory]
    // As fast as wished: no JPEGs.
    [InlineData(640, 480, 30, VideoControl.Yuyv, 640, 480)]
    // YUYV is too slow at this size, or does not have it.
    [InlineData(1280, 720, 30, VideoControl.Mjpeg, 1280, 720)]
    [InlineData(1280, 720, 10, VideoControl.Yuyv, 1280, 720)]
    [InlineData(1920, 1080, 5, VideoControl.Mjpeg, 1920, 1080)]
    [InlineData(640, 480, 60, VideoControl.Mjpeg, 640, 480)]
    // The smallest that is large enough; beyond all the largest.
    [InlineData(320, 100, 30, VideoControl.Yuyv, 640, 480)]
    [InlineData(4000, 4000, 30, VideoControl.Mjpeg, 1920, 1080)]
    public void TheModeIsTheOneThatSuitsBest(int width, int height, double rate, uint format, int foundWidth, int foundHeight)
    {
        VideoMode[] modes =
        [
            new(VideoControl.Yuyv, 1280, 720, 10), new(VideoControl.Yuyv, 640, 480, 30), new(VideoControl.Mjpeg, 640, 480, 60),
            new(VideoControl.Mjpeg, 1920, 1080, 30), new(VideoControl.Mjpeg, 1280, 720, 30),
        ];
        VideoMode found = VideoMode.Choose(modes, new CameraSettings(width, height, rate))!;
        Assert.Equal((format, foundWidth, foundHeight), (found.PixelFormat, found.Width, found.Height));
        Assert.Null(VideoMode.Choose([], new CameraSettings()));
    }

    /// <summary>The kernel's numbers carry the size of their structure in bits 16 to 29.</summary>
    [Fact]
    public void StructuresHaveTheSizesOfTheirRequests()
    {
        (uint Request, int Size)[] pairs =
        [
            (VideoControl.QueryCapability, Unsafe.SizeOf<VideoCapability>()), (VideoControl.EnumerateFormats, Unsafe.SizeOf<VideoFormatDescription>()),
            (VideoControl.EnumerateSizes, Unsafe.SizeOf<VideoFrameSize>()), (VideoControl.EnumerateIntervals, Unsafe.SizeOf<VideoFrameInterval>()),
            (VideoControl.SetFormat, Unsafe.SizeOf<VideoFormat>()), (VideoControl.SetParameters, Unsafe.SizeOf<VideoStreamParameters>()),
            (VideoControl.RequestBuffers, Unsafe.SizeOf<VideoBufferRequest>()), (VideoControl.QueryBuffer, Unsafe.SizeOf<VideoBuffer>()),
            (VideoControl.QueueBuffer, Unsafe.SizeOf<VideoBuffer>()), (VideoControl.DequeueBuffer, Unsafe.SizeOf<VideoBuffer>()),
            (VideoControl.StreamOn, sizeof(uint)), (VideoControl.StreamOff, sizeof(uint)),
        ];
        Assert.All(pairs, pair => Assert.Equal((int)((pair.Request >> 16) & 0x3FFF), pair.Size));
        Assert.Equal((56, 64, 72), ((int)Marshal.OffsetOf<VideoBuffer>("Sequence"), (int)Marshal.OffsetOf<VideoBuffer>("Offset"), (int)Marshal.OffsetOf<VideoBuffer>("Length")));
    }

    [Fact]
    public void RealFilesThatAreNoCamerasAreRefused()
    {
        string file = Path.GetTempFileName();
        try
        {
            Assert.Contains("is no video device", Assert.Throws<CameraException>(() => Camera.Open(Camera.Prefix + file)).Message, StringComparison.Ordinal);
            Assert.Contains("is no video device", Assert.Throws<CameraException>(() => Camera.Open("camera:/dev/null")).Message, StringComparison.Ordinal);
            CameraException none = Assert.Throws<CameraException>(() => Camera.Open("camera:4711"));
            Assert.True(none.Missing);
            Assert.Contains("there is no /dev/video4711", none.Message, StringComparison.Ordinal);
            foreach (string wrong in (string[])["camera:", "camera:-1", "camera:x", "kamera", "0"])
            {
                Assert.Throws<FormatException>(() => Camera.Open(wrong));
            }
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void TheCamerasOfAMachineAreNamed()
    {
        using var board = new FakeBoard();
        board.With("sys/class/video4linux/video0/name", "USB camera\n").With("sys/class/video4linux/video10/name", "bcm2835-codec-decode\n").With("sys/class/video4linux/video2/name", "Other\n");
        Assert.Equal([("camera:0", "USB camera"), ("camera:2", "Other"), ("camera:10", "bcm2835-codec-decode")], VideoFailure.Cameras(board.Files).Select(c => (c.Name, c.Model)));
        Assert.Contains("Cameras here: camera:0 (USB camera), camera:2 (Other)", VideoFailure.Opening(board.Files, "/dev/video7", VideoControl.NoSuchFile).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TheProgramThatHasTheCameraIsNamed()
    {
        using var board = new FakeBoard();
        board.With("proc/77/comm", "guvcview\n").With("proc/88/comm", "other\n").With("proc/self/comm", "x\n");
        foreach ((string process, string target) in (((string, string)[])[("77", "/dev/video3"), ("88", "/dev/null"), ("self", "/dev/video3")]))
        {
            string folder = Path.Combine(board.Root, "proc", process, "fd");
            Directory.CreateDirectory(folder);
            File.CreateSymbolicLink(Path.Combine(folder, "5"), target);
        }

        Assert.Contains("in use by guvcview (process 77): end", VideoFailure.Opening(board.Files, "/dev/video3", VideoControl.Busy).Message, StringComparison.Ordinal);
    }

    private static FakeVideoDevice Small() => new((VideoControl.Yuyv, 4, 2, 30));

    private static V4l2Camera Start(FakeVideoDevice device) => V4l2Camera.Start(device, "/dev/video9", SystemFiles.Machine, new CameraSettings(4, 2));

    private static byte[] Bytes(byte value) => [.. Enumerable.Repeat(value, 16)];

    private static string Hex(byte value) => Convert.ToHexString(Bytes(value));

    private static (long Number, string Data) Read(V4l2Camera camera)
    {
        Frame frame = camera.Next(Token)!;
        return (frame.Sequence, Convert.ToHexString(frame.Data.Span));
    }
}
