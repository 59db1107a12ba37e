namespace EdgeVit.Devices;

/// <summary>Cuts a stream of bytes into frames.</summary>
internal interface IFrameReader
{
    /// <summary>Frames that began and came to no picture, or were cut off by the end.</summary>
    long Damaged { get; }

    /// <summary>The next frame, whose bytes hold until the next call; null at the end.</summary>
    Frame? Read();
}
