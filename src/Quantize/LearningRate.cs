namespace EdgeVit.Quantize;

/// <summary>The learning rate by step: a linear warm-up, then half a cosine down to a hundredth of a per cent of the peak.</summary>
internal readonly record struct LearningRate(double Peak, long WarmupSteps, long Steps)
{
    private const double Floor = 1e-4;

    /// <summary>The rate of a step, counted from 0.</summary>
    public double At(long step)
    {
        if (step < WarmupSteps)
        {
            return Peak * (step + 1) / WarmupSteps;
        }

        double progress = (double)(step - WarmupSteps) / Math.Max(1, Steps - WarmupSteps);
        double cosine = 0.5 * (1 + Math.Cos(Math.PI * Math.Min(1, progress)));
        return Peak * Math.Max(Floor, cosine);
    }
}
