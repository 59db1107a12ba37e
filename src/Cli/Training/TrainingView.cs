using System.Globalization;
using EdgeVit.Quantize;

namespace EdgeVit.Cli.Training;

/// <summary>What a terminal shows of a training: how far it is, its curves, its speed, and the health of the binary layers.</summary>
/// <param name="unicode">Whether the terminal takes more than ASCII.</param>
/// <param name="colour">Whether it may have colours.</param>
internal sealed class TrainingView(bool unicode, bool colour)
{
    /// <summary>A window below this shows one row.</summary>
    internal const int LeastWidth = 44, LeastHeight = 12;

    private const int WideWidth = 76, Gap = 2, TallRows = 5, ShortRows = 2, Orange = 33, Blue = 36;

    private readonly List<(double X, double Y)> _losses = [], _accuracies = [];
    private TrainingProgress? _now;
    private Evaluated? _evaluated;
    private HealthSeen? _health;

    /// <summary>Takes what has happened; a new phase begins with an empty view.</summary>
    public void Take(ConvertEvent value)
    {
        switch (value)
        {
            case TrainingProgress p:
                if (_now?.Phase != p.Phase)
                {
                    Begin();
                }

                _now = p;
                _losses.Add((p.Step, p.Loss));
                break;
            case Evaluated e:
                _evaluated = e;
                _accuracies.Add((e.Step, e.Top1));
                break;
            case HealthSeen h:
                _health = h;
                break;
            case PhaseStarted:
                Begin();
                break;
            default:
                break;
        }
    }

    /// <summary>The rows for a window, each narrower than it.</summary>
    public IReadOnlyList<string> Rows(int width, int height)
    {
        if (_now is not { } p)
        {
            return [];
        }

        int room = width - 1;
        string[] rows = width < LeastWidth || height < LeastHeight ? [Short(p)] : [Head(p), .. width >= WideWidth ? Wide(p, room) : Narrow(p, room), .. Feet(p)];
        return [.. rows.Select(r => Cut(r, room))];
    }

    /// <summary>The same on one line, as a pipe gets it.</summary>
    public static string Line(TrainingProgress p) => string.Create(CultureInfo.InvariantCulture,
        $"  {p.Phase} {100.0 * p.Step / p.Steps:F0}%  epoch {p.Epoch:F2}  step {p.Step}/{p.Steps}  loss {p.Loss:F4}  lr {p.LearningRate:E1}  {p.ImagesPerSecond:N0} img/s  data wait {100 * p.DataWait:F0}%  eta {Quantity.Time(p.Remaining)}");

    private void Begin()
    {
        (_now, _evaluated, _health) = (null, null, null);
        _losses.Clear();
        _accuracies.Clear();
    }

    private static string Short(TrainingProgress p) => string.Create(CultureInfo.InvariantCulture,
        $"  {p.Phase} {100.0 * p.Step / p.Steps:F0} %  loss {p.Loss:F3}  eta {Quantity.Time(p.Remaining)}  {p.ImagesPerSecond:N0} images/s");

    private static string Head(TrainingProgress p) => string.Create(CultureInfo.InvariantCulture,
        $"  {p.Phase} {100.0 * p.Step / p.Steps:F0} %  eta {Quantity.Time(p.Remaining)}  step {p.Step:N0} of {p.Steps:N0}  epoch {p.Epoch:F2}");

    private string[] Feet(TrainingProgress p) =>
    [
        string.Create(CultureInfo.InvariantCulture, $"  {p.ImagesPerSecond:N0} images/s  data wait {100 * p.DataWait:F0} %  learning rate {p.LearningRate:E1}"),
        _health is { } h ? $"  health: {(double.IsNaN(h.SignFlips) ? "" : $"sign flips {Percent(h.SignFlips, 2)}, ")}dead channels {Percent(h.DeadChannels, 1)}, stuck attention {Percent(h.StuckAttention, 1)}" : "  health: not looked at yet",
    ];

    private string LossTitle(TrainingProgress p) => string.Create(CultureInfo.InvariantCulture, $"  loss {p.Loss:F4}");

    private string AccuracyTitle() =>
        _evaluated is { } e ? $"  validation top-1 {Percent(e.Top1, 2)} (best {Percent(e.Best, 2)})" : "  validation top-1: not measured yet";

    /// <summary>Both curves side by side.</summary>
    private IEnumerable<string> Wide(TrainingProgress p, int room)
    {
        int each = (room - Gap) / 2;
        string[] left = [LossTitle(p), .. Curve(_losses, p, each, TallRows)], right = [AccuracyTitle(), .. Curve(_accuracies, p, each, TallRows)];
        return left.Zip(right, (l, r) => $"{Paint(Cut(l, each).PadRight(each), Orange)}{new string(' ', Gap)}{Paint(Cut(r, each), Blue)}");
    }

    /// <summary>One curve above the other.</summary>
    private IEnumerable<string> Narrow(TrainingProgress p, int room) =>
    [
        .. Curve(_losses, p, room, ShortRows).Prepend(LossTitle(p)).Select(r => Paint(Cut(r, room), Orange)),
        .. Curve(_accuracies, p, room, ShortRows).Prepend(AccuracyTitle()).Select(r => Paint(Cut(r, room), Blue)),
    ];

    private string[] Curve(List<(double X, double Y)> values, TrainingProgress p, int columns, int rows) => CurvePlot.Draw(values, p.Steps, columns, rows, unicode);

    private string Paint(string row, int code) => colour ? string.Create(CultureInfo.InvariantCulture, $"\u001b[{code}m{row}\u001b[0m") : row;

    /// <summary>A row without colours, or one that fits.</summary>
    private static string Cut(string row, int room) => LiveRows.Length(row) <= room ? row : row[..room];

    private static string Percent(double value, int digits) => double.IsNaN(value) ? "-" : $"{Quantity.Fixed(value, digits)} %";
}
