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
        string block = names.Block.Replace("{0}", "N", StringComparison.Ordinal);
        int depth = TensorSizes.Count(tensors, names == ViTNames.Timm ? TimmBlock() : TransformersBlock(), first: 0, block);
        string first = names.In(0, names.NormBefore);
        int width = TensorSizes.Size(tensors, ($"{first}.weight", 0), ($"{first}.bias", 0), ($"{names.Norm}.weight", 0), ($"{names.Patches}.weight", 0), (names.Positions, 2))
            ?? throw TensorSizes.Lacks("the width", $"{first}.weight");
        int ffn = TensorSizes.Size(tensors, (names.In(0, $"{names.Wide}.weight"), 0), (names.In(0, $"{names.Wide}.bias"), 0), (names.In(0, $"{names.Narrow}.weight"), 1))
            ?? throw TensorSizes.Lacks("the FFN width", names.In(0, $"{names.Wide}.weight"));
        (int patch, int channels) = TensorSizes.Patch(tensors, $"{names.Patches}.weight");
        int leading = !tensors.ContainsKey(names.ClassToken) ? 0 : tensors.ContainsKey(names.DistillationToken) ? 2 : 1;
        (int grid, bool leadingPositions) = Grid(tensors, names, leading);
        int imageSize = options.ImageSize ?? grid * patch;
        if (imageSize / patch != grid)
        {
            throw NetworkRecogniser.OtherSize(grid * patch, imageSize);
        }

        var assumed = new List<string>();
        int headSize = HeadSize(width, options.HeadSize, assumed);
        double eps = options.NormEps ?? Epsilon(names, assumed);
        int classes = TensorSizes.Size(tensors, ($"{names.Head}.weight", 0), ($"{names.Head}.bias", 0))
            ?? throw TensorSizes.Lacks("the number of classes", $"{names.Head}.weight");
        string kind = leading == 2 ? "distilled DeiT" : "DeiT/ViT";
        var config = new FloatViTConfig(
            options.Name ?? "vit", imageSize, patch, width, ffn, depth, width / headSize, classes, channels, leading, Pooling(tensors, names, leading),
            names.ScaleAttention.Length > 0 && tensors.ContainsKey(names.In(0, names.ScaleAttention)), leadingPositions, eps);
        return new RecognisedNetwork(config.Validate(), $"float {kind} ({names.Library} names)", assumed) { Names = names };
    }

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
        : leading == 0 ? ViTPooling.MeanOfNormed : ViTPooling.LeadingToken;

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
