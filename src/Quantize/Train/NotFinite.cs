using System.Globalization;

namespace EdgeVit.Quantize;

/// <summary>Ends a run whose loss or gradient is not a number.</summary>
internal static class NotFinite
{
    /// <summary>Looks at the numbers of a step, counted from 0.</summary>
    /// <exception cref="ConvertException">One is not finite; the message names causes and the last checkpoint.</exception>
    internal static void Check(double loss, double norm, long step, TrainSettings settings, TrainerFiles files)
    {
        if (double.IsFinite(loss) && double.IsFinite(norm))
        {
            return;
        }

        (string what, double value) = double.IsFinite(loss) ? ("gradient", norm) : ("loss", loss);
        string saved = File.Exists(files.Last)
            ? $"The checkpoint {files.Last} (after step {Checkpoint.Peek(files.Last).Step}) is from before."
            : "No checkpoint was written yet.";
        throw new ConvertException(string.Create(CultureInfo.InvariantCulture,
            $"{files.Phase}: the {what} became {value} at step {step + 1} of {settings.Steps}. Three likely causes: the learning rate ({settings.LearningRate}) is too high, try a third of it; the warm-up ({settings.Schedule.WarmupSteps} steps) is too short for this batch size; an image or the teacher gives values that are not finite, look at the data. {saved}"));
    }
}
