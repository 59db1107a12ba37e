using System.Diagnostics;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace EdgeVit.Serve;

/// <summary>All that the server answers. Of an exception that nobody expects, <c>unexpected</c> is told; the client learns nothing of it.</summary>
internal sealed class Application(
    ClassifyEndpoint classify, AccessRules access, ServerState state, ServeMetrics metrics, IReadOnlyList<string> labels, Action<Exception> unexpected) : IHttpApplication<HttpContext>
{
    private const string Classify = "/classify", Health = "/healthz", Metrics = "/metrics", Labels = "/labels", Root = "/";

    private const string Words = """
        edgevit serve

          POST /classify?top=5   an image file as the body, or multipart/form-data with a file: classes and probabilities as JSON
          GET  /labels           all class names
          GET  /healthz          200 while images are taken, 503 while the server stops
          GET  /metrics          for Prometheus

          curl --data-binary @photo.jpg ADDRESS/classify

        """;

    public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

    public void DisposeContext(HttpContext context, Exception? exception)
    {
    }

    public async Task ProcessRequestAsync(HttpContext context)
    {
        long start = Stopwatch.GetTimestamp();
        metrics.Begin();
        string path = Known(context.Request.Path.Value);
        int code = HttpFailure.ClientGone;
        try
        {
            try
            {
                await AnswerAsync(context, path);
            }
            catch (Exception e) when (!context.RequestAborted.IsCancellationRequested && !context.Response.HasStarted)
            {
                await Answer.FailureAsync(context, Failure(e));
            }

            code = context.Response.StatusCode;
        }
        catch (Exception e) when (context.RequestAborted.IsCancellationRequested || e is IOException)
        {
            // The client went away.
        }
        finally
        {
            metrics.End(path, code, Stopwatch.GetElapsedTime(start), path == Classify);
        }
    }

    // Whatever is asked for, there are few names: a metric for each that somebody invents would fill the memory.
    private static string Known(string? path) => path is Classify or Health or Metrics or Labels or Root ? path : "other";

    private HttpFailure Failure(Exception e)
    {
        if (HttpFailure.Of(e) is { } failure)
        {
            return failure;
        }

        if (e is IOException or OperationCanceledException)
        {
            return new HttpFailure(StatusCodes.Status400BadRequest, "the request ended before its body.");
        }

        unexpected(e);
        return new HttpFailure(StatusCodes.Status500InternalServerError, "something is wrong with this server; its own messages say what.");
    }

    private Task AnswerAsync(HttpContext context, string path)
    {
        access.CheckHost(context.Request);
        if (path == Health)
        {
            Require(context, HttpMethods.Get);
            return Answer.JsonAsync(context, state.Stopping ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status200OK, state.Json());
        }

        access.CheckToken(context.Request);
        switch (path)
        {
            case Classify:
                Require(context, HttpMethods.Post);
                return classify.AnswerAsync(context);
            case Metrics:
                Require(context, HttpMethods.Get);
                return MetricsAsync(context);
            case Labels:
                Require(context, HttpMethods.Get);
                return Answer.JsonAsync(context, StatusCodes.Status200OK, new JsonObject { ["labels"] = new JsonArray([.. labels.Select(l => (JsonNode)l)]) });
            case Root:
                Require(context, HttpMethods.Get);
                return Answer.TextAsync(context, Words);
            default:
                throw new HttpFailure(StatusCodes.Status404NotFound, $"there is no such path. Known: POST {Classify}, GET {Health}, GET {Labels}, GET {Metrics}, GET {Root}.");
        }
    }

    private async Task MetricsAsync(HttpContext context)
    {
        using var text = new MemoryStream();
        await metrics.WriteAsync(text, context.RequestAborted);
        await Answer.WriteAsync(context, StatusCodes.Status200OK, "text/plain; version=0.0.4; charset=utf-8", text.GetBuffer().AsMemory(0, (int)text.Length));
    }

    private static void Require(HttpContext context, string method)
    {
        string found = context.Request.Method;
        if (!HttpMethods.Equals(found, method) && !(HttpMethods.IsGet(method) && HttpMethods.IsHead(found)))
        {
            string allowed = HttpMethods.IsGet(method) ? "GET, HEAD" : method;
            throw new HttpFailure(StatusCodes.Status405MethodNotAllowed, $"this path takes {allowed} only.") { Header = ("Allow", allowed) };
        }
    }
}
