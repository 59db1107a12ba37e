using System.Diagnostics;
using System.Globalization;
using EdgeVit.Quantize;

namespace EdgeVit.Cli.Training;

/// <summary>Shows a conversion: curves that move on a terminal, a plain line every fifteen seconds in a pipe.</summary>
internal sealed class ConvertDisplay(Printer printer) : IConvertProgress
{
    private static readonly TimeSpan s_plainInterval = TimeSpan.FromSeconds(15);

    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly TrainingView _view = new(Console.OutputEncoding.WebName.StartsWith("utf", StringComparison.OrdinalIgnoreCase), printer.Color);
    private TimeSpan _next = s_plainInterval;

    /// <inheritdoc/>
    public void Report(ConvertEvent value)
    {
        _view.Take(value);
        switch (value)
        {
            case PhaseStarted phase:
                printer.Say($"[{Quantity.Time(_clock.Elapsed)}] {phase.Phase}: {phase.Text}");
                _next = _clock.Elapsed + s_plainInterval;
                break;
            case Note note:
                printer.Say($"  {note.Text}");
                break;
            case Warned warned:
                printer.Warn($"  {warned.Text}");
                break;
            case TrainingProgress p:
                Moving(TrainingView.Line(p), _view.Rows);
                break;
            case Evaluated e:
                printer.Say(string.Create(CultureInfo.InvariantCulture,
                    $"  {e.Phase} step {e.Step}/{e.Steps}  loss {e.Loss:F4}  validation top-1 {e.Top1:F2} %  (best {e.Best:F2} %)"));
                break;
            case StepProgress s:
                Moving($"  {s.Phase} {s.Done}/{s.Total}");
                break;
        }
    }

    private void Moving(string line, Func<int, int, IReadOnlyList<string>>? rows = null)
    {
        if (printer.LiveWords)
        {
            if (rows is null)
            {
                printer.Live(line);
            }
            else
            {
                printer.Live(rows);
            }

            return;
        }
        if (_clock.Elapsed < _next)
        {
            return;
        }

        _next = _clock.Elapsed + s_plainInterval;
        printer.Say(line);
    }
}
