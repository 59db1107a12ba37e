using System.Globalization;
using System.Text.Json.Nodes;
using EdgeVit.Cli;
using Microsoft.AspNetCore.Http;

namespace EdgeVit.Serve;

/// <summary><c>POST /classify</c>: reads an image, waits for a worker, answers its classes.</summary>
internal sealed class ClassifyEndpoint(WorkerPool pool, RequestImage reader, ServeMetrics metrics, int classes, long maxPixels, TimeSpan timeout)
{
    private const int UsualTop = 5;

    /// <summary>Answers a request.</summary>
    /// <exception cref="HttpFailure">The answer is another one.</exception>
    public async Task AnswerAsync(HttpContext context)
    {
        int top = Top(context.Request);
        reader.CheckHeaders(context.Request);
        if (pool.Waiting >= pool.Capacity)
        {
            throw Full();
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        limit.CancelAfter(timeout);
        ClassifyJob job = await EnqueueAsync(context, top, limit.Token);
        Classification result;
        try
        {
            result = await job.Done.WaitAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            job.Abandon();
            metrics.Drop(ServeMetrics.DroppedTime);
            throw HttpFailure.Busy(string.Create(CultureInfo.InvariantCulture, $"the image was not classified within {timeout.TotalSeconds} s."));
        }
        catch (OperationCanceledException)
        {
            job.Abandon();
            throw;
        }

        await Answer.JsonAsync(context, StatusCodes.Status200OK, Json(result));
    }

    private async Task<ClassifyJob> EnqueueAsync(HttpContext context, int top, CancellationToken cancellation)
    {
        ImageBytes? image = null;
        try
        {
            image = await reader.ReadAsync(context.Request, cancellation);
            var job = new ClassifyJob(image, ImageCheck.Check(image.Span, maxPixels), top, metrics);
            if (!pool.TryAdd(job))
            {
                throw Full();
            }

            image = null;
            return job;
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            throw new HttpFailure(
                StatusCodes.Status408RequestTimeout, string.Create(CultureInfo.InvariantCulture, $"the image did not arrive within {timeout.TotalSeconds} s."));
        }
        finally
        {
            image?.Dispose();
        }
    }

    private HttpFailure Full()
    {
        metrics.Drop(ServeMetrics.DroppedQueue);
        return HttpFailure.Busy($"{pool.Capacity} images wait already.");
    }

    private int Top(HttpRequest request)
    {
        if (!request.Query.TryGetValue("top", out var values))
        {
            return Math.Min(UsualTop, classes);
        }

        return int.TryParse(values.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out int top) && top >= 1
            ? Math.Min(top, classes) : throw new HttpFailure(StatusCodes.Status400BadRequest, "top is not a number of classes, expected 1 or more, as in /classify?top=3.");
    }

    /// <summary>What <c>run --json</c> has in <c>results</c>, with the time in the queue.</summary>
    private static JsonObject Json(Classification result)
    {
        var json = new JsonObject
        {
            ["top"] = PredictionText.Json(result.Top),
            ["timing"] = new JsonObject
            {
                ["queue_ms"] = Quantity.Json(result.QueueMs),
                ["decode_ms"] = Quantity.Json(result.DecodeMs),
                ["preprocess_ms"] = Quantity.Json(result.PreprocessMs),
                ["inference_ms"] = Quantity.Json(result.InferenceMs),
            },
        };
        if (result.Warning is not null)
        {
            json["warning"] = result.Warning;
        }

        return json;
    }
}
