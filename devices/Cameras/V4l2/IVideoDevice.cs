namespace EdgeVit.Devices;

/// <summary>An open device file of a camera.</summary>
internal interface IVideoDevice : IDisposable
{
    /// <summary>One ioctl.</summary>
    /// <param name="request">One of <see cref="VideoControl"/>.</param>
    /// <param name="argument">Its structure.</param>
    /// <returns>0, or the error's number.</returns>
    int Control(uint request, Span<byte> argument);

    /// <summary>Maps a buffer, whose number is how many were mapped before.</summary>
    /// <returns>0, or the error's number.</returns>
    int Map(uint offset, uint length);

    /// <summary>The bytes of a mapped buffer.</summary>
    ReadOnlySpan<byte> Buffer(int index);

    /// <summary>Waits for a frame, an error, <see cref="Wake"/> or the end of the time.</summary>
    /// <returns>Whether it was not the time.</returns>
    bool Wait(int milliseconds);

    /// <summary>Ends a wait, or the next one; from any thread.</summary>
    void Wake();
}
