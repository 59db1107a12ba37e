namespace EdgeVit.Quantize;

/// <summary>Receives the events of a conversion, in order, on the conversion's thread.</summary>
internal interface IConvertProgress
{
    /// <summary>One event; must return quickly.</summary>
    void Report(ConvertEvent value);
}

/// <summary>Something that happened during a conversion.</summary>
internal abstract record ConvertEvent;

/// <summary>A phase begins: data, teacher, student, export, check.</summary>
/// <param name="Text">What happens, in words.</param>
internal sealed record PhaseStarted(string Phase, string Text) : ConvertEvent;

/// <summary>A fact to report.</summary>
internal sealed record Note(string Text) : ConvertEvent;

/// <summary>Something to look at.</summary>
internal sealed record Warned(string Text) : ConvertEvent;

/// <summary>Where a training run is; about twice a second and at the end.</summary>
/// <param name="Epoch">Passes over the data done, with fraction.</param>
/// <param name="Loss">Mean loss of the last steps.</param>
/// <param name="ImagesPerSecond">Images per second, evaluation apart.</param>
/// <param name="Remaining">Expected time to the end of the run.</param>
/// <param name="DataWait">Share of the training time that was spent waiting for images, 0 to 1.</param>
internal sealed record TrainingProgress(
    string Phase, long Step, long Steps, double Epoch, double Loss, double LearningRate, double ImagesPerSecond, TimeSpan Remaining, double DataWait) : ConvertEvent;

/// <summary>The network was evaluated on images that it does not learn from.</summary>
/// <param name="Loss">Mean training loss since the last evaluation.</param>
/// <param name="Top1">Right predictions in per cent of the validation images.</param>
/// <param name="Best">The best so far.</param>
internal sealed record Evaluated(string Phase, long Step, long Steps, double Loss, double Top1, double Best) : ConvertEvent;

/// <summary>The binary layers were looked at; see <see cref="BinarizerHealth"/>. Per cent, means over the layers.</summary>
/// <param name="SignFlips">NaN where it is not known yet.</param>
internal sealed record HealthSeen(string Phase, long Step, double SignFlips, double DeadChannels, double StuckAttention) : ConvertEvent;

/// <summary>How far a long step other than training is.</summary>
internal sealed record StepProgress(string Phase, int Done, int Total) : ConvertEvent;

/// <summary>Ignores everything.</summary>
internal sealed class SilentProgress : IConvertProgress
{
    public void Report(ConvertEvent value)
    {
    }
}
