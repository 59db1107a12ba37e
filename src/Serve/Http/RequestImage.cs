using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace EdgeVit.Serve;

/// <summary>Takes the image out of a request: the body itself, or the first file of a form.</summary>
internal sealed class RequestImage(MemoryBudget budget, int maxBytes, ServeMetrics metrics)
{
    /// <summary>What a form may have around its file, in bytes.</summary>
    public const int FormBytes = 64 << 10;

    private const int FormHeaders = 16;

    /// <summary>Refuses by the headers alone what need not be read.</summary>
    /// <exception cref="HttpFailure">411, 413 or 415.</exception>
    public void CheckHeaders(HttpRequest request)
    {
        if (request.ContentLength is null && request.Headers.TransferEncoding.Count == 0)
        {
            throw new HttpFailure(StatusCodes.Status411LengthRequired, "there is no body: send the image's bytes with a Content-Length.");
        }

        if (request.ContentLength > maxBytes + (IsForm(request, out _) ? FormBytes : 0))
        {
            throw HttpFailure.TooLarge(maxBytes, request.ContentLength);
        }

        if (request.Headers.ContentEncoding.Count > 0)
        {
            throw new HttpFailure(StatusCodes.Status415UnsupportedMediaType, "compressed bodies are not taken: send the image file as it is, without Content-Encoding.");
        }

        string type = request.ContentType ?? "";
        if (type.StartsWith("multipart/", StringComparison.OrdinalIgnoreCase) ? !IsForm(request, out _) : type.StartsWith("application/json", StringComparison.OrdinalIgnoreCase))
        {
            throw new HttpFailure(StatusCodes.Status415UnsupportedMediaType, "expected an image file as the body, or multipart/form-data with a file in it.");
        }
    }

    /// <summary>Reads the image; the caller disposes it.</summary>
    /// <exception cref="HttpFailure">It is too large, or there is none.</exception>
    public async Task<ImageBytes> ReadAsync(HttpRequest request, CancellationToken cancellation)
    {
        if (!IsForm(request, out string boundary))
        {
            return await ReadAsync(request.Body, cancellation);
        }

        try
        {
            var form = new MultipartReader(boundary, request.Body) { HeadersCountLimit = FormHeaders, HeadersLengthLimit = FormBytes };
            while (await form.ReadNextSectionAsync(cancellation) is { } section)
            {
                if (ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out ContentDispositionHeaderValue? part) && part.IsFileDisposition())
                {
                    return await ReadAsync(section.Body, cancellation);
                }
            }
        }
        catch (InvalidDataException)
        {
            throw new HttpFailure(StatusCodes.Status400BadRequest, "the multipart body is not well formed, or has too much around its file.");
        }
        catch (IOException e) when (e is not BadHttpRequestException and not Microsoft.AspNetCore.Connections.ConnectionResetException)
        {
            throw new HttpFailure(StatusCodes.Status400BadRequest, "the multipart body is cut off.");
        }

        throw new HttpFailure(StatusCodes.Status400BadRequest, "the form has no file in it: send one as  curl -F image=@photo.jpg");
    }

    private static bool IsForm(HttpRequest request, out string boundary)
    {
        bool form = MediaTypeHeaderValue.TryParse(request.ContentType, out MediaTypeHeaderValue? type) && type.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase);
        boundary = form ? HeaderUtilities.RemoveQuotes(type!.Boundary).ToString() : "";
        return boundary.Length is > 0 and <= 200;
    }

    private async Task<ImageBytes> ReadAsync(Stream body, CancellationToken cancellation)
    {
        var image = new ImageBytes(budget);
        try
        {
            while (true)
            {
                Memory<byte> room = image.Room(maxBytes);
                if (room.IsEmpty)
                {
                    metrics.Drop(ServeMetrics.DroppedMemory);
                    throw HttpFailure.Busy("too many images arrive at the same time.");
                }

                int read = await body.ReadAsync(room, cancellation);
                if (read == 0)
                {
                    return image;
                }

                image.Advance(read);
                if (image.Length > maxBytes)
                {
                    throw HttpFailure.TooLarge(maxBytes, null);
                }
            }
        }
        catch
        {
            image.Dispose();
            throw;
        }
    }
}
