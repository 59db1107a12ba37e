using System.Globalization;
using System.Text.RegularExpressions;

namespace EdgeVit.Export;

/// <summary>Reads the configuration of a float vision transformer off the names and shapes of its tensors: DeiT and ViT with timm's or Hugging
/// Face's names, the paper's teacher among them.</summary>
/// <remarks>Heads are not visible: a head has 64 channels, as in all published sizes but the largest, unless the options say otherwise. Nor is
/// the epsilon of the norms: 1e-6 with timm's names, 1e-12 with Hugging Face's of DeiT, 1e-5 with the paper's.</remarks>
internal static partial class FloatViTRecogniser
{
    private const int UsualHeadSize = 64;

    /// <summary>Recognises a network that <see cref="ViTNames.Of"/> found names for.</summary>
    /// <exception cref="CheckpointException">The tensors contradict each other, or show too little.</exception>
    /// <exception cref="ModelFormatException">The network that the tensors and options describe is impossible.</exception>
    public static RecognisedNetwork Recognise(IReadOnlyDictionary<string, FloatTensor> tensors, ViTNames names, RecogniserOptions options)
    {
        RefuseReductions(options);
        NetworkFamilies.RefuseParts(tensors);
        string block = names.Block.Replace("{0}", "N", StringComparison.Ordinal);
        int depth = TensorSizes.Count(tensors, names == ViTNames.Timm ? TimmBlock() : TransformersBlock(), first: 0, block);
        string first = names.In(0, names.NormBefore);
        int width = TensorSizes.Size(tensors, ($"{first}.weight", 0), ($"{first}.bias", 0), ($"{names.Norm}.weight", 0), ($"{names.Patches}.weight", 0), (names.Positions, 2))
            ?? throw TensorSizes.Lacks("the width", $"{first}.weight");
        int ffn = TensorSizes.Size(tensors, (names.In(0, $"{names.Wide}.weight"), 0), (names.In(0, $"{names.Wide}.bias"), 0), (names.In(0, $"{names.Narrow}.weight"), 1))
            ?? throw TensorSizes.Lacks("the FFN width", names.In(0, $"{names.Wide}.weight"));
        (int patch, int channels) = TensorSizes.Patch(tensors, $"{names.Patches}.weight");
        (int leading, int registers) = Leading(tensors, names);
        (int grid, bool leadingPositions) = Grid(tensors, names, leading + registers);
        int imageSize = options.ImageSize ?? grid * patch;
        if (imageSize / patch != grid)
        {
            throw NetworkRecogniser.OtherSize(grid * patch, imageSize);
        }

        var assumed = new List<string>();
        int headSize = HeadSize(width, options.HeadSize, assumed);
        double eps = options.NormEps ?? Epsilon(names, assumed);
        int classes = TensorSizes.Size(tensors, ($"{names.Head}.weight", 0), ($"{names.Head}.bias", 0))
            ?? throw NetworkFamilies.WithoutHead(tensors, $"{names.Head}.weight");
        ViTPooling pooling = Pooling(tensors, names, leading);
        var config = new FloatViTConfig(
            options.Name ?? "vit", imageSize, patch, width, ffn, depth, width / headSize, classes, channels, leading, pooling,
            Has(tensors, names.ScaleAttention, names.In(0, names.ScaleAttention)), leadingPositions, eps, registers,
            Has(tensors, names.PreNorm, $"{names.PreNorm}.weight"));
        return new RecognisedNetwork(config.Validate(), $"float {Kind(pooling, leading, registers)} ({names.Library} names)", assumed) { Names = names };
    }

    private static bool Has(IReadOnlyDictionary<string, FloatTensor> tensors, string part, string name) => part.Length > 0 && tensors.ContainsKey(name);

    /// <summary>Class and distillation token, and registers.</summary>
    private static (int Tokens, int Registers) Leading(IReadOnlyDictionary<string, FloatTensor> tensors, ViTNames names) => (
        !tensors.ContainsKey(names.ClassToken) ? 0 : tensors.ContainsKey(names.DistillationToken) ? 2 : 1,
        names.Registers.Length > 0 && tensors.TryGetValue(names.Registers, out FloatTensor? registers) && registers.Shape.Length >= 2 ? registers.Shape[^2] : 0);

    private static string Kind(ViTPooling pooling, int leading, int registers) =>
        (pooling == ViTPooling.ClassToken && leading == 2 ? "DeiT with a distillation token and one head" : leading == 2 ? "distilled DeiT" : "DeiT/ViT")
        + (registers > 0 ? $" with {registers} registers" : "");

    [GeneratedRegex(@"^blocks\.(\d{1,9})\.", RegexOptions.CultureInvariant)]
    private static partial Regex TimmBlock();

    [GeneratedRegex(@"^(?:vit|deit)\.encoder\.layer\.(\d{1,9})\.", RegexOptions.CultureInvariant)]
    private static partial Regex TransformersBlock();

    private static void RefuseReductions(RecogniserOptions options)
    {
        if (options.Reductions is not null)
        {
            throw new CheckpointException("A float vision transformer has no reductions of keys and values; leave --reductions out");
        }
    }

    private static ViTPooling Pooling(IReadOnlyDictionary<string, FloatTensor> tensors, ViTNames names, int leading) =>
        names.PooledNorm.Length > 0 && tensors.ContainsKey($"{names.PooledNorm}.weight") ? ViTPooling.NormOfMean
        : leading == 0 ? ViTPooling.MeanOfNormed
        : leading == 2 && names == ViTNames.HuggingFaceDeiT ? ViTPooling.ClassToken : ViTPooling.LeadingToken;

    private static int HeadSize(int width, int? given, List<string> assumed)
    {
        int size = given ?? Math.Min(UsualHeadSize, width);
        if (size < 1 || width % size != 0)
        {
            throw new CheckpointException($"The {width} channels do not divide into heads of {size}. Say the channels of one head: --head-size");
        }

        if (given is null)
        {
            assumed.Add($"heads of {size} channels ({width / size} in each block); the tensors do not show them (--head-size)");
        }

        return size;
    }

    private static double Epsilon(ViTNames names, List<string> assumed)
    {
        double eps = names == ViTNames.Timm ? 1e-6 : names == ViTNames.HuggingFace ? 1e-5 : 1e-12;
        assumed.Add(string.Create(CultureInfo.InvariantCulture, $"LayerNorm epsilon {eps}; the tensors do not show it (--norm-eps)"));
        return eps;
    }

    private static (int Side, bool LeadingPositions) Grid(IReadOnlyDictionary<string, FloatTensor> tensors, ViTNames names, int leading)
    {
        if (!tensors.TryGetValue(names.Positions, out FloatTensor? positions))
        {
            throw TensorSizes.Lacks("the image size", names.Positions);
        }

        int tokens = positions.Shape.Length is 2 or 3 ? positions.Shape[^2] : 0;
        if (TensorSizes.Side(tokens - leading) is { } with)
        {
            return (with, true);
        }

        return TensorSizes.Side(tokens) is { } without ? (without, false) : throw new CheckpointException(
            $"{names.Positions} is {positions.ShapeText}, expected [1, positions, width] where the positions, without {leading} for the leading tokens, are a square grid. "
            + "Only square images are supported");
    }
}
