namespace EdgeVit.Quantize;

/// <summary>Looks at the binary layers when it is time, writes down what was found and reports it.</summary>
internal sealed class HealthObserver(HealthMonitor monitor, MetricsLog metrics, Meter meter, string phase, IConvertProgress progress) : IStepObserver
{
    public void Observe(StepDone step)
    {
        if (monitor.Due(step.Step))
        {
            meter.Pause();
            BinarizerHealth health = monitor.Look(step.Step);
            metrics.Write(new MetricsRow(phase, step.Step, meter.Epoch(step.Step), step.State.Seconds) { Health = health });
            progress.Report(new HealthSeen(phase, step.Step, health.SignFlips, health.DeadChannels, health.StuckAttention));
            meter.Continue();
        }
    }
}
