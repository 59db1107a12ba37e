using System.Globalization;
using System.Text;
using EdgeVit.Export;

namespace EdgeVit.Quantize;

/// <summary><c>metrics.csv</c> of a run folder: one line per report, for both teacher and student. A resumed run first drops the lines after the
/// step that it goes on from.</summary>
public sealed class MetricsLog : IDisposable
{
    /// <summary>The columns. <c>top1</c> (validation, per cent) is empty but at evaluations.</summary>
    public const string Header = "stage,step,epoch,learning_rate,loss,gradient_norm,top1,images_per_second,seconds";

    private readonly StreamWriter _writer;

    private MetricsLog(StreamWriter writer) => _writer = writer;

    /// <summary>Opens the log for a stage that goes on after <paramref name="step"/> steps; 0 starts the stage anew.</summary>
    /// <exception cref="ConvertException">The file cannot be written.</exception>
    public static MetricsLog Open(string path, string stage, long step)
    {
        try
        {
            List<string> kept = [Header];
            if (File.Exists(path))
                kept.AddRange(File.ReadLines(path).Skip(1).Where(line => Keep(line, stage, step)));
            AtomicFile.Write(path, Encoding.ASCII.GetBytes(string.Join('\n', kept) + "\n"));
            return new MetricsLog(new StreamWriter(path, append: true, Encoding.ASCII) { AutoFlush = true, NewLine = "\n" });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unwritable(e);
        }
    }

    /// <summary>Appends a line; NaN leaves a field empty.</summary>
    /// <exception cref="ConvertException">The file cannot be written.</exception>
    public void Write(string stage, long step, double epoch, double rate, double loss, double norm, double top1, double imagesPerSecond, double seconds)
    {
        static string Text(double v, string format) => double.IsNaN(v) ? "" : v.ToString(format, CultureInfo.InvariantCulture);
        try
        {
            _writer.WriteLine(string.Join(',', stage, step.ToString(CultureInfo.InvariantCulture), Text(epoch, "0.####"), Text(rate, "G5"),
                Text(loss, "G6"), Text(norm, "G5"), Text(top1, "0.###"), Text(imagesPerSecond, "0.#"), Text(seconds, "0.##")));
        }
        catch (IOException e)
        {
            throw Unwritable(e);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _writer.Dispose();

    private static bool Keep(string line, string stage, long step)
    {
        string[] fields = line.Split(',');
        return fields.Length > 1 && (fields[0] != stage || (long.TryParse(fields[1], CultureInfo.InvariantCulture, out long at) && at <= step));
    }

    private static ConvertException Unwritable(Exception e) =>
        new($"metrics.csv cannot be written: {e.Message} Free the disk or choose another output folder; checkpoints are untouched, continue with --resume.", e);
}
