using System.Globalization;

namespace EdgeVit.Quantize;

/// <summary>Tells at the end of each pass over the data, and of the run, which pictures were replaced: of all processes by rank 0.</summary>
/// <param name="replacements">Those of this process.</param>
/// <param name="group">The processes, each of which has this observer; null for this one alone.</param>
internal sealed class ReplacementObserver(Replacements replacements, Meter meter, IConvertProgress progress, ProcessGroup? group) : IStepObserver
{
    private int _told;

    public void Observe(StepDone step)
    {
        bool ends = Math.Floor(meter.Epoch(step.Step)) > Math.Floor(meter.Epoch(step.Step - 1));
        if (!(ends || step.Stops || step.Step == step.Settings.Steps))
        {
            return;
        }

        string? news = replacements.News();
        if (group is not null)
        {
            replacements.Join(group);
        }

        if (news is not null)
        {
            progress.Report(new Warned(news));
        }

        int all = replacements.CountOfAll;
        if (all > Math.Max(_told, replacements.Count))
        {
            progress.Report(new Warned(string.Create(CultureInfo.InvariantCulture, $"in all processes together {all:N0} pictures so far cannot be read any more and are replaced by others of the same class")));
        }

        _told = all;
    }
}
