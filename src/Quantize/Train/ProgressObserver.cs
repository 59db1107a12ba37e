namespace EdgeVit.Quantize;

/// <summary>Reports where the run is, about twice a second; evaluations report by themselves.</summary>
internal sealed class ProgressObserver(MetricsLog metrics, Meter meter, IConvertProgress progress) : IStepObserver
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(0.5);

    public void Observe(StepDone step)
    {
        if (!step.Stops && !step.Evaluates && meter.SinceReport.Elapsed > s_interval)
        {
            TrainingProgress report = meter.Report(step);
            metrics.Write(MetricsRow.Of(report, step));
            progress.Report(report);
        }
    }
}
