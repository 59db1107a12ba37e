using System.Globalization;
using System.Text;

namespace EdgeVit.Quantize;

/// <summary>The Markdown card of a packed model: what it is, how it was made, how good it is.</summary>
internal static class ModelCard
{
    internal static string Write(ConvertResult result, Recipe recipe, ImageData data, ConvertOptions options)
    {
        var text = new StringBuilder();
        CultureInfo culture = CultureInfo.InvariantCulture;
        text.Append(culture, $"# {result.Network} on {data.Name}\n\n");
        text.Append(culture, $"| | |\n|---|---|\n");
        text.Append(culture, $"| file | {Path.GetFileName(result.Model)}, {result.Bytes:N0} bytes, sha256 {result.Sha256} |\n");
        text.Append(culture, $"| top-1, packed runtime | {result.Top1:F2} % of {result.TestImages:N0} test images |\n");
        text.Append(culture, $"| top-1, float simulator | {result.SimulatorTop1:F2} %, same prediction on {result.SamePredictions:N0}; on {result.DifferentPredictions:N0} rounding decides a sign |\n");
        if (result.TeacherTop1 is double teacher)
            text.Append(culture, $"| top-1, teacher | {teacher:F2} % |\n");
        text.Append(culture, $"| parity | {result.Parity.Images} images, {result.Parity.Compared:N0} values, {result.Parity.Mismatches} mismatches, {result.Parity.Ties} ties |\n");
        text.Append(culture, $"| parameters | {result.Parameters:N0} |\n");
        text.Append(culture, $"| data | {data.Kind}, {result.TrainImages:N0} training and {result.ValidationImages:N0} validation images, {result.Classes} classes{(result.SkippedImages > 0 ? $"; {result.SkippedImages:N0} images could not be decoded and were left out" : "")} |\n");
        text.Append(culture, $"| recipe | teacher {options.Teacher}: {recipe.Teacher.Steps} steps of {recipe.Teacher.BatchSize}; student: {recipe.Student.Steps} steps of {recipe.Student.BatchSize}, rate {recipe.Student.LearningRate}; seed {options.Seed} |\n");
        text.Append(culture, $"| time | {result.Timings.Total:F0} s: teacher {result.Timings.Teacher:F0} s, student {result.Timings.Student:F0} s |\n");
        text.Append(culture, $"| peak memory | {result.PeakMemoryBytes / 1e9:F2} GB |\n");
        return text.ToString();
    }
}
