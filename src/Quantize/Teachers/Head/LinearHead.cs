using System.Globalization;
using System.Runtime.InteropServices;
using EdgeVit.Export;
using EdgeVit.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>A linear layer that makes the data's classes of a backbone's features.</summary>
/// <param name="Classes">C.</param>
/// <param name="Weight"><c>[C, D]</c>.</param>
/// <param name="Bias"><c>[C]</c>.</param>
/// <param name="Facts">How it came about.</param>
internal sealed record LinearHead(int Classes, float[] Weight, float[] Bias, TeacherHeadFacts Facts)
{
    private const string WeightName = "head.weight", BiasName = "head.bias";

    /// <summary>D.</summary>
    internal int Width => Weight.Length / Classes;

    /// <summary>Logits <c>[B, C]</c> of features <c>[B, D]</c>.</summary>
    internal Tensor Logits(Tensor features)
    {
        using IDisposable frozen = torch.no_grad();
        return nn.functional.linear(features, torch.tensor(Weight).view(Classes, Width), torch.tensor(Bias));
    }

    /// <summary>Writes it as safetensors.</summary>
    /// <param name="path">The file.</param>
    /// <param name="key">What it belongs to.</param>
    /// <exception cref="ConvertException">The file cannot be written.</exception>
    internal void Save(string path, string key)
    {
        try
        {
            SafetensorsWriter.Write(
                path,
                [
                    new SafetensorsTensor(WeightName, SafetensorsType.F32, [Classes, Width], MemoryMarshal.AsBytes(Weight.AsSpan()).ToArray()),
                    new SafetensorsTensor(BiasName, SafetensorsType.F32, [Classes], MemoryMarshal.AsBytes(Bias.AsSpan()).ToArray()),
                ],
                new Dictionary<string, string>
                {
                    ["key"] = key,
                    ["teacher"] = Facts.Teacher,
                    ["images"] = Facts.Images.ToString(CultureInfo.InvariantCulture),
                    ["heldOutTop1"] = Facts.HeldOutTop1.ToString("R", CultureInfo.InvariantCulture),
                    ["weightDecay"] = Facts.WeightDecay.ToString("R", CultureInfo.InvariantCulture),
                });
        }
        catch (ModelWriteException e)
        {
            throw new ConvertException(e.Message, e);
        }
    }

    /// <summary>The head of a file; null where there is none, or one that belongs to something else.</summary>
    internal static LinearHead? Read(string path, string key)
    {
        try
        {
            SafetensorsFile file = SafetensorsFile.Parse(FileBytes.Read(path));
            if (file.Metadata.GetValueOrDefault("key") != key)
            {
                return null;
            }

            float[] Floats(string name) => MemoryMarshal.Cast<byte, float>(file.Tensors[name].Bytes.Span).ToArray();
            double Number(string name) => double.Parse(file.Metadata[name], CultureInfo.InvariantCulture);
            float[] bias = Floats(BiasName);
            return new LinearHead(bias.Length, Floats(WeightName), bias, new TeacherHeadFacts(file.Metadata["teacher"], Floats(WeightName).Length / bias.Length, (int)Number("images"), Number("heldOutTop1"), Number("weightDecay")));
        }
        catch (Exception e) when (e is EvitFormatException or IOException or UnauthorizedAccessException or KeyNotFoundException or FormatException)
        {
            return null;
        }
    }
}

/// <summary>What is known of a head.</summary>
/// <param name="Teacher">The network whose features it sees.</param>
/// <param name="Features">How many, D.</param>
/// <param name="Images">That it was trained on.</param>
/// <param name="HeldOutTop1">Right predictions on images that were held out of the training, per cent.</param>
/// <param name="WeightDecay">What was chosen on those.</param>
internal sealed record TeacherHeadFacts(string Teacher, int Features, int Images, double HeldOutTop1, double WeightDecay);
