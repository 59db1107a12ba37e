using EdgeVit.Runtime;

namespace EdgeVit.Quantize;

/// <summary>Test images of one class, and how many of them are recognised.</summary>
/// <param name="Packed">By the packed file.</param>
/// <param name="Teacher">By the teacher; null without one, or where it made the labels.</param>
internal sealed record ClassAccuracy(string Label, int Images, int Packed, int? Teacher);

/// <summary>A validation image that the packed file does not recognise.</summary>
/// <param name="Source">How messages name it.</param>
/// <param name="Image">At the network's size.</param>
/// <param name="Label">What it shows.</param>
/// <param name="Predicted">What the file takes it for.</param>
/// <param name="Probability">What the file says of <paramref name="Predicted"/>, 0 to 1.</param>
/// <param name="Teacher">The class that the teacher takes it for; null without one, or where it made the labels.</param>
internal sealed record Mistake(string Source, RgbImage Image, string Label, string Predicted, double Probability, string? Teacher = null);

/// <summary>The mistakes on validation images, the surest first.</summary>
/// <param name="Images">Images that were looked at.</param>
/// <param name="Wrong">Mistakes among them.</param>
/// <param name="Surest">The first of them.</param>
internal sealed record ValidationMistakes(int Images, int Wrong, IReadOnlyList<Mistake> Surest);

/// <summary>How good a run's model is, for its page.</summary>
/// <param name="Top1">Of the packed file on the test images, per cent.</param>
/// <param name="SimulatorTop1">Of the float simulator.</param>
/// <param name="TeacherTop1">Of the teacher; null without one, or where it made the labels.</param>
/// <param name="TestImages">How many they are.</param>
/// <param name="Classes">The same by class.</param>
internal sealed record RunAccuracy(double Top1, double SimulatorTop1, double? TeacherTop1, int TestImages, IReadOnlyList<ClassAccuracy> Classes, ValidationMistakes Mistakes);
