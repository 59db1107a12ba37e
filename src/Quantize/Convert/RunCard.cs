using System.Globalization;
using EdgeVit.Export;
using EdgeVit.Runtime;

namespace EdgeVit.Quantize;

/// <summary>The card of a conversion: what the file knows, and what only the run does.</summary>
internal static class RunCard
{
    internal static string Write(EvitFile file, ConvertResult result, Recipe recipe, ImageData data, ConvertOptions options)
    {
        CultureInfo culture = CultureInfo.InvariantCulture;
        List<(string, string)> facts =
        [
            (result.LabelledByTeacher ? "agreement with the teacher, packed runtime" : "top-1, packed runtime", string.Create(culture, $"{result.Top1:F2} % of {result.TestImages:N0} test images")),
            (result.LabelledByTeacher ? "agreement with the teacher, float simulator" : "top-1, float simulator", string.Create(culture, $"{result.SimulatorTop1:F2} %, same prediction on {result.SamePredictions:N0}; on {result.DifferentPredictions:N0} rounding decides a sign")),
        ];
        if (result.TeacherTop1 is double teacher)
        {
            facts.Add(("top-1, teacher", string.Create(culture, $"{teacher:F2} %")));
        }

        facts.AddRange(result.TeacherHeads.Select(head => ("teacher's head", string.Create(culture, $"linear, on {head.Features:N0} features of {head.Teacher}, {head.Images:N0} images, weight decay {head.WeightDecay}: {head.HeldOutTop1:F2} % on held-out images"))));
        facts.Add(("parameters", string.Create(culture, $"{result.Parameters:N0}")));
        facts.Add(("images", string.Create(culture, $"{data.Kind}, {result.TrainImages:N0} training and {result.ValidationImages:N0} validation images{(result.UnlabelledImages > 0 ? $", {result.UnlabelledImages:N0} without labels" : "")}{(result.SkippedImages > 0 ? $"; {result.SkippedImages:N0} could not be decoded and were left out" : "")}{(result.ReplacedImages > 0 ? $"; {result.ReplacedImages:N0} could not be read during the training and were replaced by others of their class" : "")}")));
        if (data.Files is { LeftOut.Count: > 0 } files)
        {
            facts.Add(("files", string.Create(culture, $"{files.Found:N0} found, {files.Used:N0} used; left out: {files.Summary()}")));
        }

        facts.Add(("training", string.Create(culture, $"teacher {options.Teacher}: {recipe.Teacher.Steps} steps of {recipe.Teacher.BatchSize}; student: {recipe.Student.Steps} steps of {recipe.Student.BatchSize}, rate {recipe.Student.LearningRate}; seed {options.Seed}")));
        facts.Add(("time", string.Create(culture, $"{result.Timings.Total:F0} s: teacher {result.Timings.Teacher:F0} s, student {result.Timings.Student:F0} s")));
        facts.Add(("peak memory", ByteText.Of(result.PeakMemoryBytes)));
        return ModelCard.Write(file, Path.GetFileName(result.Model), facts);
    }
}
