namespace EdgeVit.Quantize;

/// <summary>Lets the processes wait for rank 0, which alone evaluates.</summary>
/// <param name="group">The processes; null for this one alone.</param>
internal sealed class GroupBarrier(ProcessGroup? group) : IStepObserver
{
    public void Observe(StepDone step)
    {
        if (step.Evaluates)
        {
            group?.Barrier();
        }
    }
}
