namespace EdgeVit.Devices.Tests;

public class JpegStreamReaderTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(1000)]
    [InlineData(1 << 20)]
    public void WholeFilesComeOutAsTheyWentInWhateverThePieces(int most)
    {
        for (int seed = 0; seed < 12; seed++)
        {
            var random = new Random(seed);
            byte[][] files = [.. Enumerable.Range(0, 5).Select(i => TestJpeg.Noise(random.Next(1, 90), random.Next(1, 70), (10 * seed) + i, random.Next(20, 100)))];
            var reader = new JpegStreamReader(new ChunkedStream([.. files.SelectMany(f => f)], most, seed));
            for (int i = 0; i < files.Length; i++)
            {
                Frame frame = reader.Read()!;
                Assert.Equal(files[i], frame.Data.ToArray());
                Assert.Equal(i, frame.Sequence);
                var picture = frame.ToRgb();
                Assert.Equal((picture.Width, picture.Height), (frame.Width, frame.Height));
            }

            Assert.Null(reader.Read());
            Assert.Equal((0L, 0L, false), (reader.SkippedBytes, reader.Damaged, reader.Truncated));
        }
    }

    [Fact]
    public void AThumbnailAndOtherMarkersInsideSegmentsAreNoFrames()
    {
        byte[] thumbnail = TestJpeg.Noise(16, 12, 1);
        byte[] file = TestJpeg.WithSegment(TestJpeg.Noise(40, 30, 2), 0xE1, [.. "Exif\0\0"u8, .. thumbnail]);
        file = TestJpeg.WithSegment(file, 0xFE, [0xFF, 0xD9, 0xFF, 0xD8, 0xFF, 0xDA]);
        // Fill bytes before a marker, and standalone ones between segments.
        file = [.. file[..2], 0xFF, 0xFF, 0xFF, 0x01, .. file[2..]];
        var reader = new JpegStreamReader(new ChunkedStream([.. file, .. file], 100, 3));
        Assert.Equal(file, reader.Read()!.Data.ToArray());
        Frame second = reader.Read()!;
        Assert.Equal(file, second.Data.ToArray());
        Assert.Equal((40, 30), (second.Width, second.Height));
        Assert.Null(reader.Read());
    }

    [Fact]
    public void RestartsInCodedDataAreNoEnd()
    {
        byte[] file = TestJpeg.Noise(40, 30, 2);
        byte[] restarts = [.. file[..^2], 0xFF, 0xD0, 1, 2, 3, 0xFF, 0x00, 4, 0xFF, 0xD7, 5, .. file[^2..]];
        var reader = new JpegStreamReader(new MemoryStream(restarts));
        Assert.Equal(restarts, reader.Read()!.Data.ToArray());
        Assert.Null(reader.Read());
    }

    [Fact]
    public void WhatIsBetweenFramesIsPassedOverAndCounted()
    {
        byte[] file = TestJpeg.Noise(20, 20, 5);
        byte[] junk = [0xFF, 0xD8, 0x00, 0xFF, 0xD9, 1, 2, 3, 0xFF, 0xFF, 0xD8];
        var reader = new JpegStreamReader(new ChunkedStream([.. junk, .. file, .. junk, .. file, 9], 5, 1));
        Assert.Equal(file, reader.Read()!.Data.ToArray());
        Assert.Equal(file, reader.Read()!.Data.ToArray());
        Assert.Null(reader.Read());
        Assert.Equal((2 * junk.Length) + 1, reader.SkippedBytes);
    }

    [Fact]
    public void EveryCutOffFrameIsToldAndTheNextOneIsStillFound()
    {
        byte[] file = TestJpeg.WithSegment(TestJpeg.Noise(24, 16, 5), 0xE1, [1, 2, 3, 4]);
        for (int length = 3; length < file.Length; length++)
        {
            var cut = new JpegStreamReader(new MemoryStream(file[..length]));
            Assert.Null(cut.Read());
            Assert.True(cut.Truncated && cut.Damaged == 1, $"cut to {length} bytes");
            Assert.Equal(length, cut.SkippedBytes);
        }

        // Cut off in the coded data, where the next start shows.
        byte[] coded = file[..^20];
        var reader = new JpegStreamReader(new MemoryStream([.. coded, .. file]));
        Assert.Equal(file, reader.Read()!.Data.ToArray());
        Assert.Equal((coded.Length, 1L, false), ((int)reader.SkippedBytes, reader.Damaged, reader.Truncated));
    }

    /// <summary>A length that reaches over the frames behind, into one of them or beyond the end: they come all the same.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(1 << 20)]
    public void AWrongLengthOfASegmentCostsItsOwnFrameAlone(int most)
    {
        byte[] good = TestJpeg.Noise(24, 16, 5), wrong = TestJpeg.WithSegment(TestJpeg.Noise(20, 20, 6), 0xE1, [1, 2, 3, 4]);
        for (int length = wrong.Length - 1; length < 6 * good.Length; length += 7)
        {
            (wrong[4], wrong[5]) = ((byte)(length >> 8), (byte)length);
            for (int behind = 1; behind < 5; behind++)
            {
                byte[] stream = [.. good, .. wrong, .. Enumerable.Repeat(good, behind).SelectMany(g => g)];
                int end = good.Length + 4 + length;
                if (end + 1 < stream.Length && stream[end] == 0xFF && stream[end + 1] != 0)
                {
                    // Where another marker stands, the length may be right.
                    continue;
                }

                var reader = new JpegStreamReader(new ChunkedStream(stream, most, length));
                for (int i = 0; i <= behind; i++)
                {
                    Assert.True(good.AsSpan().SequenceEqual(reader.Read() is { } frame ? frame.Data.Span : []), $"frame {i} of {behind + 1}, length {length}");
                }

                Assert.Null(reader.Read());
                Assert.Equal((wrong.Length, 1L, false), ((int)reader.SkippedBytes, reader.Damaged, reader.Truncated));
            }
        }
    }

    [Fact]
    public void AWrongLengthOfASegmentIsFoundOutBeforeAllOfItCame()
    {
        byte[] good = TestJpeg.Noise(24, 16, 5), wrong = TestJpeg.WithSegment(TestJpeg.Noise(20, 20, 6), 0xE1, [1, 2, 3, 4]);
        (wrong[4], wrong[5]) = (0xFF, 0xFF);
        byte[] stream = [.. wrong, .. good, .. good, .. good];
        Assert.True(stream.Length < 65_000);
        using var pipe = new System.IO.Pipes.AnonymousPipeServerStream(System.IO.Pipes.PipeDirection.Out);
        using var end = new System.IO.Pipes.AnonymousPipeClientStream(System.IO.Pipes.PipeDirection.In, pipe.ClientSafePipeHandle);
        pipe.Write(stream);
        // The pipe stays open: what waited for more would wait for ever.
        var reader = new JpegStreamReader(end);
        Assert.Equal(good, reader.Read()!.Data.ToArray());
        Assert.Equal(good, reader.Read()!.Data.ToArray());
    }

    [Fact]
    public void AFrameBeyondTheBoundIsPassedOver()
    {
        byte[] large = TestJpeg.Noise(200, 200, 1), small = TestJpeg.Noise(16, 16, 2);
        Assert.True(small.Length < 5000 && large.Length > 20_000);
        var reader = new JpegStreamReader(new MemoryStream([.. large, .. small]), maxBytes: 5000);
        Assert.Equal(small, reader.Read()!.Data.ToArray());
        Assert.Equal(1, reader.Damaged);
        Assert.Null(reader.Read());
    }

    [Fact]
    public void HostileBytesNeitherThrowNorHang()
    {
        byte[] good = TestJpeg.WithSegment(TestJpeg.Noise(30, 20, 1), 0xE1, [1, 2, 3]);
        for (int seed = 0; seed < 400; seed++)
        {
            var random = new Random(seed);
            byte[] stream = [.. good, .. good, .. good];
            for (int i = random.Next(1, 40); i > 0; i--)
            {
                // Marker bytes more often than others.
                stream[random.Next(stream.Length)] = random.Next(3) == 0 ? (byte)random.Next(256) : (byte)(random.Next(2) == 0 ? 0xFF : random.Next(0xC0, 0xF0));
            }

            var reader = new JpegStreamReader(new ChunkedStream(stream, 50, seed), maxBytes: 10_000);
            long taken = 0;
            while (reader.Read() is { } frame)
            {
                taken += frame.Data.Length;
                Assert.True(frame.Data.Span.StartsWith([(byte)0xFF, (byte)0xD8]) && frame.Data.Span.EndsWith([(byte)0xFF, (byte)0xD9]));
            }

            Assert.Equal(stream.Length, taken + reader.SkippedBytes);
        }
    }

    /// <summary>Starts inside starts: work grows with the bytes and not with their square, or this takes minutes.</summary>
    [Fact]
    public void StartsInsideStartsTakeLinearTime()
    {
        byte[] starts = [.. Enumerable.Range(0, 1 << 20).SelectMany(_ => new byte[] { 0xFF, 0xD8, 0xFF, 0xE0, 0x00, 0x02 })];
        var reader = new JpegStreamReader(new MemoryStream(starts));
        Assert.Null(reader.Read());
        Assert.Equal(starts.Length, reader.SkippedBytes);
    }

    [Fact]
    public void ATextIsNoStream()
    {
        var reader = new JpegStreamReader(new MemoryStream("this is no picture"u8.ToArray()));
        Assert.Null(reader.Read());
        Assert.Equal((18L, 0L, false), (reader.SkippedBytes, reader.Damaged, reader.Truncated));
        using ICamera camera = StreamCamera.OfJpegs(new MemoryStream("this is no picture"u8.ToArray()), "a text", keepAll: true);
        Assert.Contains("18 bytes without a JPEG", Assert.Throws<CameraException>(() => camera.Next(TestContext.Current.CancellationToken)).Message, StringComparison.Ordinal);
    }

    /// <summary>Cameras leave the Huffman tables out, which are the standard's.</summary>
    [Fact]
    public void AFrameWithoutHuffmanTablesIsDecoded()
    {
        // One gray block: DC category 6 (1110) with 40, end of block (1010), ones; every quantiser is 8.
        byte[] file =
        [
            0xFF, 0xD8, 0xFF, 0xDB, 0, 67, 0, .. Enumerable.Repeat((byte)8, 64), 0xFF, 0xC0, 0, 11, 8, 0, 8, 0, 8, 1, 1, 0x11, 0,
            0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0, 0b1110_1010, 0b0010_1011, 0xFF, 0xD9,
        ];
        Frame frame = new JpegStreamReader(new MemoryStream(file)).Read()!;
        Assert.Equal((8, 8), (frame.Width, frame.Height));
        Assert.All(frame.ToRgb().Pixels, value => Assert.Equal(128 + 40, value));
    }
}
