using System.Globalization;

namespace EdgeVit.Quantize;

/// <summary>Turns findings in the binary layers into lines that say what, where, how bad and what to do. A line comes again only when more layers
/// are concerned.</summary>
internal sealed class HealthWarnings(string phase, long steps, IConvertProgress progress)
{
    /// <summary>From so many per cent of a layer on.</summary>
    internal const double DeadLimit = 50, StuckLimit = 90, UnrestLimit = 5;

    private const double Late = 0.8;
    private const double Early = 0.5;

    private readonly Dictionary<string, int> _reported = new(StringComparer.Ordinal);

    /// <summary>Warns where it must.</summary>
    internal void Report(long done, BinarizerHealth health, int images)
    {
        Warn(done, health.Of(BinarizerHealth.Dead), DeadLimit,
            $"channels with the same sign for all tokens of {images} images, which carry nothing and hardly learn",
            "Lower the learning rate (--lr), or start from trained weights (--init)");
        Warn(done, health.Of(BinarizerHealth.Full), StuckLimit,
            "queries whose attention bits are all 1, so that no gradient reaches queries and keys",
            "Let the attention clip start higher, in proportion to the number of keys (--clip-start 3/keys)");
        Warn(done, health.Of(BinarizerHealth.Empty), StuckLimit,
            "queries whose attention bits are all 0, so that they take no value",
            "Let the attention clip start lower (--clip-start 2/keys), or lower the learning rate (--lr)");
        if (done >= Late * steps)
        {
            Warn(done, health.Of(BinarizerHealth.Flips), UnrestLimit,
                "weights that change their sign within an epoch, late in the run",
                "Train longer (--epochs), lower the learning rate (--lr), or freeze the signs in the last part (--freeze-signs 0.03)");
        }
        LayerFinding[] flips = [.. health.Of(BinarizerHealth.Flips)];
        if (done <= Early * steps && flips.Length > 0 && flips.All(f => f.Percent == 0) && _reported.TryAdd("frozen", 1))
        {
            progress.Report(new Warned($"{phase} step {done} of {steps}: no binary weight changed its sign since the last epoch, so the network does not learn. Raise the learning rate (--lr)."));
        }
    }

    private void Warn(long done, IEnumerable<LayerFinding> findings, double limit, string what, string remedy)
    {
        LayerFinding[] all = [.. findings];
        LayerFinding[] bad = [.. all.Where(f => f.Percent >= limit).OrderByDescending(f => f.Percent)];
        if (bad.Length <= _reported.GetValueOrDefault(what))
        {
            return;
        }

        _reported[what] = bad.Length;
        string worst = string.Join(", ", bad.Take(3).Select(f => string.Create(CultureInfo.InvariantCulture, $"{f.Layer} {f.Percent:F1} %")));
        string more = bad.Length > 3 ? $" and {bad.Length - 3} more" : "";
        progress.Report(new Warned($"{phase} step {done} of {steps}: {what}, in {bad.Length} of {all.Length} layers: {worst}{more}. {remedy}."));
    }
}
