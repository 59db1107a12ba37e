using System.IO.Pipelines;

namespace EdgeVit.Devices.Tests;

public class StreamCameraTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void EachRawFrameIsGivenOnceWhateverThePieces()
    {
        const int Width = 6, Height = 5;
        for (int seed = 0; seed < 20; seed++)
        {
            byte[] bytes = new byte[(7 * Width * Height * 3) + (seed % 3)];
            new Random(seed).NextBytes(bytes);
            using StreamCamera camera = StreamCamera.OfRaw(new ChunkedStream(bytes, 1 + (seed * 13), seed), "test", keepAll: true, FrameFormat.Rgb24, Width, Height);
            for (int i = 0; i < 7; i++)
            {
                Frame frame = camera.Next(Token)!;
                Assert.Equal(i, frame.Sequence);
                Assert.Equal(bytes.AsSpan(i * 90, 90).ToArray(), frame.Data.ToArray());
            }

            Assert.Null(camera.Next(Token));
            Assert.Null(camera.Next(Token));
            Assert.Equal(0, camera.Dropped);
            Assert.Equal(seed % 3 > 0, camera.CutOff is not null);
            Assert.Equal(seed % 3 > 0 ? 1 : 0, camera.Damaged);
        }
    }

    [Fact]
    public void AStreamThatEndsInItsFirstFrameIsAFailure()
    {
        using StreamCamera camera = StreamCamera.OfRaw(new MemoryStream(new byte[89]), "test", keepAll: true, FrameFormat.Rgb24, 6, 5);
        Assert.Contains("89 of 90 bytes", Assert.Throws<CameraException>(() => camera.Next(Token)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheNewestFrameIsGivenAndTheOthersAreCounted()
    {
        var pipe = new Pipe();
        using StreamCamera camera = StreamCamera.OfRaw(pipe.Reader.AsStream(), "test", keepAll: false, FrameFormat.Gray8, 2, 1);
        await pipe.Writer.WriteAsync(new byte[] { 1, 1, 2, 2, 3, 3 }, Token);
        await pipe.Writer.CompleteAsync();
        // The reader's thread takes all, however long that lasts.
        Assert.True(SpinWait.SpinUntil(() => camera.Dropped == 2, TimeSpan.FromMinutes(1)));
        Frame frame = camera.Next(Token)!;
        Assert.Equal((2L, (byte)3), (frame.Sequence, frame.Data.Span[1]));
        Assert.Null(camera.Next(Token));
    }

    [Fact]
    public async Task TheBytesHoldUntilTheNextCall()
    {
        var pipe = new Pipe();
        using StreamCamera camera = StreamCamera.OfRaw(pipe.Reader.AsStream(), "test", keepAll: false, FrameFormat.Gray8, 2, 1);
        await pipe.Writer.WriteAsync(new byte[] { 1, 1 }, Token);
        Frame first = camera.Next(Token)!;
        for (byte i = 2; i < 100; i++)
        {
            await pipe.Writer.WriteAsync(new byte[] { i, i }, Token);
        }

        await pipe.Writer.CompleteAsync();
        Assert.True(SpinWait.SpinUntil(() => camera.Dropped == 97, TimeSpan.FromMinutes(1)));
        Assert.Equal([1, 1], first.Data.ToArray());
    }

    [Fact]
    public async Task AWaitEndsByCancellationByDisposalAndByPatience()
    {
        var pipe = new Pipe();
        StreamCamera camera = StreamCamera.OfRaw(pipe.Reader.AsStream(), "test", keepAll: true, FrameFormat.Gray8, 2, 1);
        using var stop = new CancellationTokenSource();
        Task waiting = Task.Run(() => camera.Next(stop.Token), Token);
        await stop.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => waiting.WaitAsync(TimeSpan.FromMinutes(1), Token));
        Task<Frame?> second = Task.Run(() => camera.Next(Token), Token);
        camera.Dispose();
        Assert.Null(await second.WaitAsync(TimeSpan.FromMinutes(1), Token));

        using var impatient = new StreamCamera(new RawFrameReader(new Pipe().Reader.AsStream(), FrameFormat.Gray8, 2, 1), "test", keepAll: true) { Patience = TimeSpan.FromMilliseconds(50) };
        Assert.Contains("gives no frame", Assert.Throws<CameraException>(() => impatient.Next(Token)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AStreamThatFailsIsNamed()
    {
        using StreamCamera camera = StreamCamera.OfJpegs(new FailingStream(), "the pipe", keepAll: true);
        Assert.Contains("the pipe cannot be read: no luck", Assert.Throws<CameraException>(() => camera.Next(Token)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ASizeThatNoFrameHasIsRefused() =>
        Assert.Throws<ArgumentException>(() => StreamCamera.OfRaw(Stream.Null, "test", keepAll: true, FrameFormat.Yuyv, 3, 3));

    private sealed class FailingStream : MemoryStream
    {
        public override int Read(byte[] buffer, int offset, int count) => throw new IOException("no luck");
    }
}
