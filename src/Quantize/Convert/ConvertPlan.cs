namespace EdgeVit.Quantize;

/// <summary>What a conversion would do and cost, from measured steps, before anything long starts.</summary>
/// <param name="Layout">The student's layout as JSON; a file with it serves as <c>--student</c>.</param>
/// <param name="BinaryParameters">Those of them that the packed file keeps as one bit.</param>
/// <param name="ModelBytes">Bytes of the packed file with 32-bit floats.</param>
/// <param name="TrainImages">Images to learn from.</param>
/// <param name="Teacher">The teacher's part; null where none is trained.</param>
/// <param name="PeakMemoryBytes">The most memory that the process had resident while the steps were measured.</param>
internal sealed record ConvertPlan(
    string Network, string Layout, long Parameters, long BinaryParameters, long ModelBytes, int TrainImages, PhasePlan? Teacher, PhasePlan Student, long PeakMemoryBytes)
{
    /// <summary>Processes that would train together, and measured together; the memory is this one's.</summary>
    public int Processes { get; init; } = 1;

    /// <summary>What the teacher learns before, without labels; null where it does not.</summary>
    public PhasePlan? Pretraining { get; init; }

    /// <summary>What teachers from files take; null where there are none.</summary>
    public AnswerCost? Answers { get; init; }

    /// <summary>Peak learning rate of the student.</summary>
    public double LearningRate { get; init; }

    /// <summary>Whether training images are mirrored, and by how many pixels they are shifted at most.</summary>
    public bool Flip { get; init; }

    /// <summary>As <see cref="Flip"/> says.</summary>
    public int Pad { get; init; }

    /// <summary>Bytes that the process may have resident, and what says so; null where nothing does.</summary>
    public (long Bytes, string Reason)? Bound { get; init; }

    /// <summary>Seconds of all training, with the answers of teachers from files; reading, evaluations and the check are apart.</summary>
    public double Seconds => (Pretraining?.Seconds ?? 0) + (Teacher?.Seconds ?? 0) + (Answers?.Seconds ?? 0) + Student.Seconds;
}

/// <summary>The training of one network.</summary>
/// <param name="BatchSize">Images per step.</param>
/// <param name="StepSeconds">Seconds of a step: the median of the measured ones.</param>
/// <param name="StepsPerEpoch">Steps of one pass over the training images.</param>
internal sealed record PhasePlan(long Steps, int BatchSize, double StepSeconds, long StepsPerEpoch)
{
    public double Seconds => Steps * StepSeconds;

    /// <summary>Steps that were measured.</summary>
    public int MeasuredSteps { get; init; }

    /// <summary>Parts in which a batch is computed so that memory suffices, or as <c>--accumulate</c> says.</summary>
    public int Parts { get; init; } = 1;

    /// <summary>Bytes that the process has resident between two steps, and what a step needs for each image that it computes at a time; null where that was not
    /// measured.</summary>
    public (long Basis, long Image)? Memory { get; init; }

    /// <summary>Seconds of one pass.</summary>
    public double EpochSeconds => StepsPerEpoch * StepSeconds;

    public double ImagesPerSecond => BatchSize / StepSeconds;
}
