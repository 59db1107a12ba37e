using System.Text.Json.Nodes;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>Results as <c>edgevit bench --json</c> writes them, with known values.</summary>
internal static class BenchJson
{
    /// <summary>A valid result of a Raspberry Pi 5 with two thread counts, a profile and sensors.</summary>
    public static JsonObject Pi5() => JsonNode.Parse($$"""
        {
          "schema": 1, "tool": { "version": "0.5.0" }, "date": "2026-11-20T10:00:00Z",
          "model": { "name": "binaryvit-small", "sha256": "{{new string('a', 64)}}", "bytes": 7600000 },
          "device": {
            "board": "Raspberry Pi 5 Model B Rev 1.0", "kind": "RaspberryPi", "cpu": "Cortex-A76", "cores": 4, "architecture": "aarch64", "features": ["asimd", "asimddp"],
            "governor": "performance", "mhz": 2400, "max_mhz": 2400, "os": "Debian GNU/Linux 12 (bookworm)", "kernel": "6.12.47", "ram": 8330000000, "dotnet": "10.0.12",
            "user_land_bits": 64, "profile": "Raspberry Pi 5", "power_mode": null
          },
          "options": { "threads": [1, 4], "kernel": "neon-udot", "duration_s": 60, "quick": false, "warmup": 120, "measured": "bytes to logits" },
          "cold": { "load_ms": 41.5, "open_ms": 20, "plan_ms": 21.5, "first_ms": 75.25 },
          "latency": { "by_threads": [{{Threads(1, 49.6, 51.2)}}, {{Threads(4, 15.5, 16.25)}}] },
          "preprocess": { "picture": "640 x 480", "decode_ms": null, "resize_ms": 2.125, "normalise_ms": 0.5 },
          "layers": [
            { "name": "stages.0.mlp.fc1", "kind": "BinaryLinear + Affine + Sign", "ms": 30, "share": 0.6 },
            { "name": "stages.0.attention", "kind": "BinaryAttention", "ms": 19, "share": 0.38 },
            { "name": "unattributed", "kind": "", "ms": 1, "share": 0.02 }
          ],
          "memory": { "file_bytes": 7600000, "rss_peak_bytes": 48000000, "allocated_bytes_per_run": 0 },
          "thermal": {
            "series": [
              { "threads": 1, "t": 0, "celsius": 51.5, "mhz": 2400, "mhz_cores": [2400], "watts": 4.25, "under_voltage": false, "throttle": 0 },
              { "threads": 1, "t": 0.5, "celsius": 53, "mhz": 2400, "mhz_cores": [2400], "watts": 5.75, "under_voltage": false, "throttle": 0 },
              { "threads": 4, "t": 0, "celsius": 60, "mhz": 2400, "mhz_cores": [2400], "watts": 8.5, "under_voltage": false, "throttle": 0 },
              { "threads": 4, "t": 0.5, "celsius": 64.25, "mhz": 2300, "mhz_cores": [2300], "watts": 8.75, "under_voltage": false, "throttle": 0 }
            ],
            "throttled": false,
            "not_measured": [{ "kind": "over_current_events", "sensor": "none", "value": null, "scope": null, "estimate": false, "missing": "this board counts none" }],
            "sensor_problems": [], "sampling": []
          },
          "power": { "mean_w": 6.8125, "most_w": 8.75, "source": "pmic", "scope": "board", "estimate": true, "samples": 4 },
          "background_load": 0.012, "valid": true, "indicative": false, "reasons": []
        }
        """)!.AsObject();

    /// <summary>An invalid result of a PC: one thread count, neither profile nor sensors.</summary>
    public static JsonObject Pc()
    {
        JsonObject json = Pi5();
        JsonObject device = json["device"]!.AsObject();
        device["board"] = "unknown";
        device["kind"] = "VirtualMachine";
        device["cpu"] = "AMD EPYC";
        device["architecture"] = "x86_64";
        foreach (string unknown in (string[])["governor", "mhz", "max_mhz", "profile"])
        {
            device[unknown] = null;
        }

        json["options"]!["kernel"] = "avx512-popcnt";
        json["latency"]!["by_threads"]!.AsArray().RemoveAt(1);
        SetLatency(json, 3.875, 3.9);
        json["layers"] = null;
        json["power"] = null;
        json["thermal"] = new JsonObject { ["series"] = new JsonArray(), ["throttled"] = null };
        json["valid"] = false;
        json["reasons"] = new JsonArray("the frequency governor is unknown: measure on the board itself");
        return json;
    }

    /// <summary>Replaces the latencies of the first thread count.</summary>
    public static void SetLatency(JsonObject json, double p50, double p90) =>
        json["latency"]!["by_threads"]![0] = JsonNode.Parse(Threads(1, p50, p90));

    private static string Threads(int threads, double p50, double p90) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $$"""
        { "threads": {{threads}}, "n": 1200, "duration_s": 60.5, "p50": {{p50}}, "p90": {{p90}}, "p99": {{p90 + 1}}, "min": {{p50 - 1}}, "max": {{p90 + 9}}, "mean": {{p50 + 0.25}}, "sd": 0.5,
          "images_per_second": {{1000 / (p50 + 0.25)}}, "histogram": [[{{p50 - 1}}, 700], [{{p50}}, 400], [{{p50 + 1}}, 100]], "speed_up": 1, "over_time": [[0.5, {{p50}}], [1, {{p50 + 0.5}}]] }
        """);
}
