using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace EdgeVit.Serve;

/// <summary>Writes answers.</summary>
internal static class Answer
{
    private static readonly JsonSerializerOptions s_json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Task JsonAsync(HttpContext context, int status, JsonObject value) =>
        WriteAsync(context, status, "application/json; charset=utf-8", Encoding.UTF8.GetBytes(value.ToJsonString(s_json) + "\n"));

    public static Task TextAsync(HttpContext context, string text) => WriteAsync(context, StatusCodes.Status200OK, "text/plain; charset=utf-8", Encoding.UTF8.GetBytes(text));

    /// <summary>Sends a failure and ends the connection, of whose request something may still be under way.</summary>
    public static Task FailureAsync(HttpContext context, HttpFailure failure)
    {
        if (failure.Header is { } header)
        {
            context.Response.Headers[header.Name] = header.Value;
        }

        if (HttpMethods.IsPost(context.Request.Method))
        {
            context.Response.Headers.Connection = "close";
        }

        var error = new JsonObject { ["what"] = failure.Message, ["status"] = failure.Status };
        if (failure.Limit is { } limit)
        {
            error["limit"] = limit;
        }

        if (failure.Found is { } found)
        {
            error["found"] = found;
        }

        return JsonAsync(context, failure.Status, new JsonObject { ["error"] = error });
    }

    public static Task WriteAsync(HttpContext context, int status, string type, ReadOnlyMemory<byte> body)
    {
        HttpResponse response = context.Response;
        response.StatusCode = status;
        response.ContentType = type;
        response.ContentLength = body.Length;
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers.CacheControl = "no-store";
        return response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }
}
