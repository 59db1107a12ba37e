using System.Text.Json;
using System.Text.Json.Serialization;
using EdgeVit.Export;
using EdgeVit.Imaging;

namespace EdgeVit.Quantize;

/// <summary>How long the parts of a conversion took, in seconds.</summary>
/// <param name="Data">Opening and decoding the images.</param>
/// <param name="Teacher">Training or loading the teacher.</param>
/// <param name="Student">Training the student.</param>
/// <param name="Export">Norm statistics, lowering, packing, writing.</param>
/// <param name="Check">Parity and accuracy.</param>
internal sealed record ConvertTimings(double Data, double Teacher, double Student, double Export, double Check)
{
    /// <summary>All parts together.</summary>
    public double Total => Data + Teacher + Student + Export + Check;
}

/// <summary>What a conversion made, and how good it is.</summary>
/// <param name="TrainImages">Images learnt from.</param>
/// <param name="ValidationImages">Images held out of training, for choices.</param>
/// <param name="TestImages">Images of the figures below; never used for choices.</param>
/// <param name="SkippedImages">Images left out because they cannot be decoded (<see cref="ConvertOptions.SkipBad"/>).</param>
/// <param name="Top1">Right predictions of the packed file on the test images, per cent, measured by the packed runtime.</param>
/// <param name="SimulatorTop1">The same by the float simulator.</param>
/// <param name="TeacherTop1">The teacher's; null without a teacher, or where it made the labels.</param>
/// <param name="ValidationTop1">The simulator's on the validation images.</param>
/// <param name="SamePredictions">Test images with the same prediction of both.</param>
/// <param name="DifferentPredictions">Test images that they predict differently; in every one of them rounding decides a sign.</param>
/// <param name="Certificate">The same in short, as it stands in the file.</param>
/// <param name="PeakMemoryBytes">The most memory that the process had resident, bytes.</param>
internal sealed record ConvertResult(
    string Model, long Bytes, string Sha256, string Network, long Parameters, int Classes, int TrainImages, int ValidationImages, int TestImages, int SkippedImages,
    double Top1, double SimulatorTop1, double? TeacherTop1, double ValidationTop1, int SamePredictions, int DifferentPredictions,
    ParityReport Parity, ParityCertificate Certificate, ConvertTimings Timings, long PeakMemoryBytes)
{
    /// <summary>Whether the labels of all figures are the teacher's decisions, as the images came without classes: right means agreed.</summary>
    public bool LabelledByTeacher { get; init; }

    /// <summary>What became of every file of an image folder; null for other data.</summary>
    [JsonIgnore]
    public FileAccount? Files { get; init; }

    /// <summary>The same in numbers.</summary>
    [JsonPropertyName("files")]
    public FileCounts? FileCounts => Files is null ? null : new FileCounts(Files.Found, Files.Used, [.. Files.Groups().Select(static g => new LeftOutGroup(g.Extension, g.Reason, g.Count))]);

    /// <summary>Pictures that could not be read any more during the trainings, so that others of their classes were shown in their place.</summary>
    public int ReplacedImages { get; init; }

    /// <summary>Images without labels that the student learnt from besides, as its teacher saw them.</summary>
    public int UnlabelledImages { get; init; }

    /// <summary>Heads that were trained on networks of other classes, so that they teach these; empty without.</summary>
    public IReadOnlyList<TeacherHeadFacts> TeacherHeads { get; init; } = [];

    /// <summary>The test images by class.</summary>
    public IReadOnlyList<ClassAccuracy> PerClass { get; init; } = [];

    public string ToJson() => JsonSerializer.Serialize(this, ConvertJsonContext.Default.ConvertResult);
}

/// <summary>What became of the files of a folder.</summary>
/// <param name="LeftOut">Those that are not used.</param>
internal sealed record FileCounts(int Found, int Used, IReadOnlyList<LeftOutGroup> LeftOut);

/// <summary>Files that were left out.</summary>
/// <param name="Extension">In lower case, or <c>without extension</c>.</param>
/// <param name="Reason">Why.</param>
/// <param name="Files">How many.</param>
internal sealed record LeftOutGroup(string Extension, string Reason, int Files);

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(ConvertResult))]
internal sealed partial class ConvertJsonContext : JsonSerializerContext;
