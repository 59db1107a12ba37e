using System.Globalization;
using System.Text;
using EdgeVit.Export;
using EdgeVit.Runtime;

namespace EdgeVit.Quantize;

/// <summary>One line of <c>metrics.csv</c>; NaN leaves a field empty.</summary>
/// <param name="Epoch">Passes over the data done, with fraction.</param>
/// <param name="Seconds">Time trained so far.</param>
internal sealed record MetricsRow(string Phase, long Step, double Epoch, double Seconds)
{
    /// <summary>Learning rate of the last step.</summary>
    public double Rate { get; init; } = double.NaN;

    /// <summary>Mean loss since the last report.</summary>
    public double Loss { get; init; } = double.NaN;

    /// <summary>Norm of the last gradient before clipping.</summary>
    public double Norm { get; init; } = double.NaN;

    /// <summary>Right predictions in per cent of the validation images.</summary>
    public double Top1 { get; init; } = double.NaN;

    /// <summary>Images per second of training, evaluations apart, waiting for images included.</summary>
    public double ImagesPerSecond { get; init; } = double.NaN;

    /// <summary>Share of the training time that was spent waiting for images, per cent.</summary>
    public double DataWait { get; init; } = double.NaN;

    /// <summary>What was found in the binary layers.</summary>
    public BinarizerHealth? Health { get; init; }

    /// <summary>The line of a report.</summary>
    internal static MetricsRow Of(TrainingProgress report, StepDone step) => new(report.Phase, report.Step, report.Epoch, step.State.Seconds)
    {
        Rate = report.LearningRate,
        Loss = report.Loss,
        Norm = step.Norm,
        ImagesPerSecond = report.ImagesPerSecond,
        DataWait = 100 * report.DataWait,
    };

    internal string ToLine()
    {
        static string Text(double v, string format) => double.IsNaN(v) ? "" : v.ToString(format, CultureInfo.InvariantCulture);
        return string.Join(',', Phase, Step.ToString(CultureInfo.InvariantCulture), Text(Epoch, "0.####"), Text(Rate, "G5"), Text(Loss, "G6"), Text(Norm, "G5"),
            Text(Top1, "0.###"), Text(ImagesPerSecond, "0.#"), Text(Seconds, "0.##"), Text(DataWait, "0.#"), Text(Health?.DeadChannels ?? double.NaN, "0.###"),
            Text(Health?.StuckAttention ?? double.NaN, "0.###"), Text(Health?.SignFlips ?? double.NaN, "0.####"));
    }
}

/// <summary><c>metrics.csv</c> of a run folder, one line per report, for both teacher and student, and beside it <c>layers.csv</c>, what was found in
/// every binary layer. A resumed run first drops the lines after the step that it goes on from.</summary>
internal sealed class MetricsLog : IDisposable
{
    /// <summary>The columns of <c>metrics.csv</c>. <c>top1</c> (validation, per cent) is empty but at evaluations; the last three (per cent) but where
    /// the binary layers were looked at.</summary>
    public const string Header =
        "stage,step,epoch,learning_rate,loss,gradient_norm,top1,images_per_second,seconds,data_wait,dead_channels,attention_stuck,sign_flips";

    /// <summary>The columns of <c>layers.csv</c>.</summary>
    public const string LayersHeader = "stage,step,layer,finding,percent";

    /// <summary>The file beside <c>metrics.csv</c>.</summary>
    internal const string Layers = "layers.csv";

    private readonly StreamWriter _metrics;
    private readonly StreamWriter _layers;

    private MetricsLog(StreamWriter metrics, StreamWriter layers) => (_metrics, _layers) = (metrics, layers);

    /// <summary>Opens the log for a phase that goes on after <paramref name="step"/> steps; 0 starts it again.</summary>
    /// <param name="path"><c>metrics.csv</c>; <c>layers.csv</c> lies beside it.</param>
    /// <exception cref="ConvertException">A file cannot be written.</exception>
    public static MetricsLog Open(string path, string phase, long step)
    {
        try
        {
            StreamWriter metrics = Continue(path, Header, phase, step);
            return new MetricsLog(metrics, Continue(LayersFile(path), LayersHeader, phase, step));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unwritable(e);
        }
    }

    /// <summary>Appends a line to <c>metrics.csv</c>, and to <c>layers.csv</c> what was found in the layers.</summary>
    /// <exception cref="ConvertException">A file cannot be written.</exception>
    public void Write(MetricsRow row)
    {
        try
        {
            _metrics.WriteLine(row.ToLine());
            foreach (LayerFinding finding in row.Health?.Findings ?? [])
            {
                _layers.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{row.Phase},{row.Step},{finding.Layer},{finding.Name},{finding.Percent:0.####}"));
            }
        }
        catch (IOException e)
        {
            throw Unwritable(e);
        }
    }

    public void Dispose()
    {
        _metrics.Dispose();
        _layers.Dispose();
    }

    /// <summary><c>layers.csv</c> beside <c>metrics.csv</c>.</summary>
    internal static string LayersFile(string metrics) => Path.Combine(Path.GetDirectoryName(metrics)!, Layers);

    private static StreamWriter Continue(string path, string header, string phase, long step)
    {
        List<string> kept = [header];
        if (File.Exists(path))
        {
            // What stands behind the last end of a line was cut off with its process, or by a full disk.
            kept.AddRange(File.ReadAllText(path).Split('\n').Skip(1).SkipLast(1).Where(line => Keep(line, header, phase, step)));
        }

        AtomicFile.Write(path, Encoding.ASCII.GetBytes(string.Join('\n', kept) + "\n"));
        return new StreamWriter(path, append: true, Encoding.ASCII) { AutoFlush = true, NewLine = "\n" };
    }

    private static bool Keep(string line, string header, string phase, long step)
    {
        string[] fields = line.Split(',');
        return fields.Length == header.Split(',').Length && (fields[0] != phase || (long.TryParse(fields[1], CultureInfo.InvariantCulture, out long at) && at <= step));
    }

    private static ConvertException Unwritable(Exception e) =>
        new($"metrics.csv cannot be written: {FileFault.Of(e)}. Free the disk or choose another output folder; checkpoints are untouched, continue with --resume.", e);
}
