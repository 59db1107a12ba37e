namespace EdgeVit.Quantize;

/// <summary>A step that was done.</summary>
/// <param name="State">The run after it; an evaluation sets its best accuracy.</param>
/// <param name="Norm">Norm of the gradient before clipping.</param>
/// <param name="Stops">Whether the run was asked to end before its last step: it ends here.</param>
internal sealed record StepDone(TrainState State, double Rate, double Norm, BinarizationMode Mode, bool Stops, TrainSettings Settings)
{
    /// <summary>The run after the step and what its observers have made of it.</summary>
    internal TrainState State { get; set; } = State;

    /// <summary>Steps done.</summary>
    internal long Step => State.Step;

    /// <summary>Whether the network is evaluated now: evenly over the run, the last time at its end.</summary>
    internal bool Evaluates => !Stops
        && (Step == Settings.Steps || Step * Settings.Evaluations / Settings.Steps != (Step - 1) * Settings.Evaluations / Settings.Steps);
}

/// <summary>Does something at the steps of a run.</summary>
internal interface IStepObserver
{
    /// <summary>Called after every step, in the order of the observers.</summary>
    void Observe(StepDone step);
}
