namespace EdgeVit.Quantize;

/// <summary>Fits the lengths of a conversion's parts to a time.</summary>
internal static class Budget
{
    /// <summary>Share of the time for evaluations, the teacher's logits, packing and the check.</summary>
    internal const double Rest = 0.15;

    /// <summary>Most of the training time that a teacher gets.</summary>
    internal const double TeacherShare = 0.25;

    /// <summary>Shortest time of a student, in steps: fewer would not even warm up.</summary>
    internal const int FewestSteps = 20;

    /// <summary>Passes of teacher and student that fit.</summary>
    /// <param name="teacher">The teacher's part as planned; null where none is trained.</param>
    /// <exception cref="ConvertException">It is too short.</exception>
    internal static (double TeacherEpochs, double StudentEpochs) Fit(double seconds, PhasePlan? teacher, PhasePlan student)
    {
        double training = seconds * (1 - Rest);
        double teacherSeconds = teacher is null ? 0 : Math.Min(teacher.Seconds, training * TeacherShare);
        double studentSteps = (training - teacherSeconds) / student.StepSeconds;
        if (!(studentSteps >= FewestSteps) || (teacher is not null && teacherSeconds < teacher.StepSeconds))
        {
            double needed = (((FewestSteps + 1) * student.StepSeconds) + (teacher?.StepSeconds / TeacherShare ?? 0)) / (1 - Rest);
            throw new ConvertException(
                FormattableString.Invariant($"--budget: {seconds:F0} s are left for training, which does not reach {FewestSteps} steps of the student; at least {needed:F0} s are needed after the images are read."),
                ConvertException.Usage);
        }
        return (teacher is null ? 0 : teacherSeconds / teacher.EpochSeconds, studentSteps / student.StepsPerEpoch);
    }
}
