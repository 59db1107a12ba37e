namespace EdgeVit.Quantize;

/// <summary>Looks at the binary layers when it is time and writes down what was found.</summary>
internal sealed class HealthObserver(HealthMonitor monitor, MetricsLog metrics, Meter meter, string phase) : IStepObserver
{
    public void Observe(StepDone step)
    {
        if (monitor.Due(step.Step))
        {
            meter.Pause();
            metrics.Write(new MetricsRow(phase, step.Step, meter.Epoch(step.Step), step.State.Seconds) { Health = monitor.Look(step.Step) });
            meter.Continue();
        }
    }
}
