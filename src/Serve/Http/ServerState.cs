using System.Diagnostics;
using System.Text.Json.Nodes;

namespace EdgeVit.Serve;

/// <summary>What <c>GET /healthz</c> tells.</summary>
internal sealed class ServerState(string model, string sha256)
{
    private readonly long _started = Stopwatch.GetTimestamp();
    private volatile bool _stopping;

    public bool Stopping => _stopping;

    public void Stop() => _stopping = true;

    public JsonObject Json() => new()
    {
        ["status"] = _stopping ? "stopping" : "ok",
        ["model"] = model,
        ["sha256"] = sha256,
        ["uptime_s"] = Math.Round(Stopwatch.GetElapsedTime(_started).TotalSeconds, 1),
    };
}
