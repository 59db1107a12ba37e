namespace EdgeVit.Devices;

/// <summary>A source of frames. Not for several threads at once, but for <see cref="IDisposable.Dispose"/>.</summary>
public interface ICamera : IDisposable
{
    /// <summary>What it is, for people: <c>camera:0 (USB camera, MJPEG 1280 x 720)</c>.</summary>
    string Description { get; }

    /// <summary>Frames that were taken and not handed out, because the reader was slower than the camera.</summary>
    long Dropped { get; }

    /// <summary>Frames that came damaged and were not handed out.</summary>
    long Damaged => 0;

    /// <summary>The newest frame, after waiting for one.</summary>
    /// <param name="cancellation">Ends the wait at once, also where the camera gives nothing.</param>
    /// <returns>Null at the end of the source.</returns>
    /// <exception cref="CameraException">The camera is gone, or gives something that is no frame.</exception>
    /// <exception cref="OperationCanceledException">The wait was ended.</exception>
    Frame? Next(CancellationToken cancellation = default);
}
