using EdgeVit.Imaging;
using Microsoft.AspNetCore.Http;

namespace EdgeVit.Serve;

/// <summary>An answer that is not the one hoped for: its status and what the client is told.</summary>
internal sealed class HttpFailure : Exception
{
    /// <summary>The status of a client that went away; it is counted, never sent.</summary>
    public const int ClientGone = 499;

    /// <summary>A status and complete words: what, expected, found, what to do.</summary>
    public HttpFailure(int status, string what) : base(what) => Status = status;

    public int Status { get; }

    /// <summary>The bound that was passed; null where there is none.</summary>
    public long? Limit { get; init; }

    /// <summary>What was found in place of it.</summary>
    public long? Found { get; init; }

    /// <summary>A header that belongs to the status.</summary>
    public (string Name, string Value)? Header { get; init; }

    /// <summary>Too much to do at the moment.</summary>
    public static HttpFailure Busy(string what) => new(StatusCodes.Status503ServiceUnavailable, $"{what} Try again in a second.") { Header = ("Retry-After", "1") };

    public static HttpFailure TooLarge(long limit, long? found) =>
        new(StatusCodes.Status413PayloadTooLarge, $"the image file is larger than the {limit} bytes that are taken here. Shrink it.") { Limit = limit, Found = found };

    /// <summary>The answer to an exception; null for one that nobody expects.</summary>
    public static HttpFailure? Of(Exception e) => e switch
    {
        HttpFailure failure => failure,
        TooManyPixelsException pixels => new HttpFailure(StatusCodes.Status422UnprocessableEntity, pixels.Message) { Limit = pixels.Limit, Found = pixels.Found },
        ImageException { CodecMissing: true } => null,
        ImageException image => new HttpFailure(StatusCodes.Status400BadRequest, image.Message),
        BadHttpRequestException { StatusCode: StatusCodes.Status408RequestTimeout } => new HttpFailure(StatusCodes.Status408RequestTimeout, "the body arrived too slowly."),
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => new HttpFailure(StatusCodes.Status413PayloadTooLarge, "the form is larger than the largest image and what may stand around it. Send the file alone."),
        BadHttpRequestException bad => new HttpFailure(bad.StatusCode, "the request is not valid HTTP: its body is cut off or not in the form that its headers say."),
        OutOfMemoryException => Busy("there is not enough memory for this image at the moment."),
        _ => null,
    };
}
