namespace EdgeVit.Quantize;

/// <summary>Ends a run before its last step: all processes after the same one, whichever was asked.</summary>
internal sealed class StopSignal(ProcessGroup? group, Deadline deadline, CancellationToken cancel)
{
    /// <summary>Whether to stop now; the processes ask one another, so that all must call it after every step.</summary>
    internal bool Asked()
    {
        bool asked = cancel.IsCancellationRequested || (ProcessGroup.Leads(group) && deadline.Passed);
        return group?.Any(asked) ?? asked;
    }

    /// <summary>What ends the run.</summary>
    internal ConvertException Interrupted(TrainState state, long steps, TrainerFiles files) => new(
        $"{files.Phase}: {(cancel.IsCancellationRequested ? "stopped" : "the time of this call is over")} after step {state.Step} of {steps}; everything is saved in {files.Last}. Go on with the same command and --resume.",
        ConvertException.Interrupted);
}
