using System.Text.Json.Nodes;

namespace EdgeVit.Cli;

/// <summary>From a file to the first logits in a fresh process, and the memory that it took. Loading is reading the file, packing the weights and
/// planning; resident memory is that before loading and that after the first inference.</summary>
internal sealed record ColdStart(
    long FileBytes, double OpenMs, double LoadMs, double FirstMs, long ArenaBytes, long WeightBytes, long ResidentBefore, long ResidentAfter)
{
    public void Print(Printer printer)
    {
        printer.Data($"cold: {Ms(LoadMs + FirstMs)} ms from the file to the first logits: open {Ms(OpenMs)}, plan {Ms(LoadMs - OpenMs)}, first inference {Ms(FirstMs)} (with compilation)");
        printer.Data($"memory: file {Quantity.Bytes(FileBytes)}, packed weights {Quantity.Bytes(WeightBytes)}, arena {Quantity.Bytes(ArenaBytes)}, "
            + $"process {Quantity.Bytes(ResidentAfter)} ({Quantity.Bytes(ResidentBefore)} before loading)");
    }

    /// <summary>Milliseconds.</summary>
    public JsonObject Times() => new()
    {
        ["load_ms"] = Quantity.Json(LoadMs),
        ["open_ms"] = Quantity.Json(OpenMs),
        ["plan_ms"] = Quantity.Json(LoadMs - OpenMs),
        ["first_ms"] = Quantity.Json(FirstMs),
    };

    /// <summary>Bytes.</summary>
    public JsonObject Memory() => new()
    {
        ["file_bytes"] = FileBytes,
        ["arena_bytes"] = ArenaBytes,
        ["weight_bytes"] = WeightBytes,
        ["rss_before_bytes"] = ResidentBefore,
        ["rss_after_bytes"] = ResidentAfter,
    };

    private static string Ms(double value) => Quantity.Milliseconds(value);
}
