using EdgeVit.Runtime;

namespace EdgeVit.Imaging;

/// <summary>An image that cannot be decoded: unknown format, corrupt or truncated bytes, too large, or the decoder's library is missing. The message
/// starts with the image's name and says what was found and what to do; it is meant for the person who gave the image.</summary>
public sealed class ImageException : Exception
{
    /// <summary>An image and what is wrong with it.</summary>
    /// <param name="image">The file's path, or any name by which the user knows the image.</param>
    /// <param name="problem">What is wrong, what was expected and what to do, without the name.</param>
    /// <param name="inner">The error underneath, if there is one.</param>
    public ImageException(string image, string problem, Exception? inner = null) : base($"{OneLine.Of(image)}: {problem}", inner)
    {
        Image = image;
        Problem = problem;
    }

    /// <summary>The file's path, or the name under which the image was given.</summary>
    public string Image { get; }

    /// <summary>The message without the name.</summary>
    public string Problem { get; }

    /// <summary>Nothing is wrong with the image: the library that decodes it cannot be loaded.</summary>
    public bool CodecMissing { get; init; }
}
