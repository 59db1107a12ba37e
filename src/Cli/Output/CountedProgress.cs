using System.Diagnostics;

namespace EdgeVit.Cli;

/// <summary>How far a long step is: a live line on a terminal, elsewhere a plain line every ten seconds. Threads may share it.</summary>
internal sealed class CountedProgress(Printer printer, string what, int total)
{
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private TimeSpan _next = printer.LiveWords ? TimeSpan.FromSeconds(0.5) : TimeSpan.FromSeconds(10);
    private int _done;

    /// <summary>One more is done.</summary>
    public void Advance()
    {
        lock (_clock)
        {
            _done++;
            if (_clock.Elapsed < _next)
            {
                return;
            }

            _next = _clock.Elapsed + (printer.LiveWords ? TimeSpan.FromSeconds(0.2) : TimeSpan.FromSeconds(10));
            string line = $"{what}: {printer.Count(_done)}/{printer.Count(total)}  eta {Quantity.Time(_clock.Elapsed * ((double)(total - _done) / _done))}";
            if (printer.LiveWords)
            {
                printer.Live(line);
            }
            else
            {
                printer.Say(line);
            }
        }
    }
}
