using System.Globalization;
using System.Text.RegularExpressions;

namespace EdgeVit.Export;

/// <summary>What a person knows about a network that its tensors do not show. Everything is optional.</summary>
/// <param name="Name">Name of the network; by default that of the preset that it equals, else <c>binaryvit</c>.</param>
/// <param name="HeadSize">Channels of one attention head, the same in all stages; see <see cref="NetworkRecogniser"/>.</param>
/// <param name="Reductions">The reduction of keys and values, one for each stage.</param>
/// <param name="ImageSize">Height and width of the image in pixels, when the position embeddings are not to decide.</param>
/// <param name="BatchNormEps">Added to the variance in batch norms.</param>
public sealed record RecogniserOptions(
    string? Name = null, int? HeadSize = null, IReadOnlyList<int>? Reductions = null, int? ImageSize = null, double BatchNormEps = 1e-5);

/// <summary>A network that was recognised.</summary>
/// <param name="Config">Its configuration.</param>
/// <param name="Variant">What it is called: <c>BinaryViT</c> or <c>BinaryViT* (float down-sampling)</c>.</param>
/// <param name="Assumed">What the tensors do not show and a rule decided, in sentences for people.</param>
public sealed record RecognisedNetwork(BinaryViTConfig Config, string Variant, IReadOnlyList<string> Assumed);

/// <summary>Reads a network's configuration off the names and shapes of its tensors.</summary>
/// <remarks>
/// <para>Widths, depths, FFN widths, classes, patch size, branches and the kind of down-sampling are visible; the image size follows from the
/// number of position embeddings. Two things are not visible:</para>
/// <para><b>Heads.</b> One clip for each head shows them. Otherwise a head has 64 channels, or as many as the first stage where that is
/// narrower (which then has one head): <c>d = min(64, C of the first stage)</c>, as in the paper.</para>
/// <para><b>Reduction.</b> Whether a stage has one is visible (<c>mover</c>); its factor is not. The rule is that a reduced stage has as many keys
/// as the last stage has tokens: <c>r = grid / grid of the last stage</c>, which is the paper's <c>sqrt(N / 49)</c> at 224 pixels.</para>
/// <para>One tensor that is missing or misshaped does not keep a network from being recognised; <see cref="Lowering"/> lists all of those.</para>
/// </remarks>
public static partial class NetworkRecogniser
{
    private const int UsualHeadSize = 64;

    /// <summary>Recognises a network.</summary>
    /// <param name="tensors">Its tensors by state_dict name.</param>
    /// <param name="options">What is known besides; null for nothing.</param>
    /// <exception cref="CheckpointException">It is no network of this family, a variant that is not supported yet (named), or the tensors
    /// contradict each other.</exception>
    /// <exception cref="ModelFormatException">The network that the tensors and options describe is impossible.</exception>
    public static RecognisedNetwork Recognise(IReadOnlyDictionary<string, FloatTensor> tensors, RecogniserOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        options ??= new RecogniserOptions();
        string variant = NetworkVariants.Name(tensors) ?? throw new CheckpointException(
            $"No network that is known has these {tensors.Count} tensors: {string.Join(", ", tensors.Keys.Take(6))}{(tensors.Count > 6 ? ", …" : "")}. "
            + "Known: BinaryViT checkpoints of the paper's code (names such as vit.encoder.layer.0.attention.attention.moveq)");
        if (variant is not (NetworkVariants.Pyramid or NetworkVariants.FloatDownsampling))
        {
            throw new CheckpointException($"This is a {variant}, which is not supported yet. Supported: {NetworkVariants.Pyramid} and "
                + $"{NetworkVariants.FloatDownsampling}, with batch norm and layer scale");
        }

        var assumed = new List<string>();
        List<StageConfig> stages = Stages(tensors);
        (int patch, int channels) = Patch(tensors);
        int grid = options.ImageSize is { } size ? size / patch : Grid(tensors, stages.Count);
        stages = [.. SetReductions(tensors, stages, grid, options, assumed)];
        stages = [.. SetHeads(tensors, stages, options, assumed)];
        var config = new BinaryViTConfig(
            options.Name ?? "binaryvit",
            options.ImageSize ?? grid * patch,
            patch,
            stages,
            Size(tensors, ("classifier.weight", 0), ("classifier.bias", 0)) ?? throw Lacks("the number of classes", "classifier.weight"),
            channels,
            BinaryDownsampling: variant == NetworkVariants.Pyramid,
            PoolBranches: tensors.Keys.Any(n => n.EndsWith(".layerscale_w3.alpha", StringComparison.Ordinal)),
            options.BatchNormEps);
        if (options.Name is null && BinaryViTPresets.All.FirstOrDefault(p => p.Equals(config with { Name = p.Name, Classes = p.Classes })) is { } preset)
            config = config with { Name = preset.Name };
        return new RecognisedNetwork(config.Validate(), variant, assumed);
    }

    [GeneratedRegex(@"^vit\.encoder\.layer\.(\d{1,9})\.", RegexOptions.CultureInvariant)]
    private static partial Regex LayerName();

    [GeneratedRegex(@"^vit\.encoder\.patch_embed(\d{1,9})\.", RegexOptions.CultureInvariant)]
    private static partial Regex DownsamplingName();

    /// <summary>Stages with depths and widths; heads and reductions are still 1.</summary>
    private static List<StageConfig> Stages(IReadOnlyDictionary<string, FloatTensor> tensors)
    {
        int layers = Count(tensors, LayerName(), first: 0, "vit.encoder.layer.N");
        int stages = 1 + Count(tensors, DownsamplingName(), first: 1, "vit.encoder.patch_embedN");
        var result = new List<StageConfig>();
        for (int l = 0; l < layers; l++)
        {
            string at = $"vit.encoder.layer.{l}";
            int? width = Size(tensors, ($"{at}.layernorm_before.weight", 0), ($"{at}.layernorm_before.bias", 0), ($"{at}.layernorm_after.weight", 0),
                ($"{at}.attention.output.move", 0), ($"{at}.attention.attention.moveq", 0), ($"{at}.attention.attention.query.weight", 0));
            int? ffn = Size(tensors, ($"{at}.output.move", 0), ($"{at}.output.dense.weight", 1), ($"{at}.intermediate.dense.weight", 0),
                ($"{at}.intermediate.norm.weight", 0), ($"{at}.intermediate.rprelu.move1", 0));
            if (result.Count > 0 && (width is null || width == result[^1].Width) && (ffn is null || width is null || ffn == result[^1].FfnWidth))
            {
                result[^1] = result[^1] with { Depth = result[^1].Depth + 1 };
            }
            else
            {
                result.Add(new StageConfig(1, width ?? throw Lacks("the width", $"{at}.layernorm_before.weight"),
                    ffn ?? throw Lacks("the FFN width", $"{at}.output.move"), Heads: 1, Reduction: 1));
            }
        }
        return result.Count == stages ? result : throw new CheckpointException(
            $"The blocks have {string.Join(", ", result.Select(s => $"{s.Depth} x {s.Width} (FFN {s.FfnWidth})"))} channels, {result.Count} stages, "
            + $"but there are {stages - 1} down-samplings (vit.encoder.patch_embed1 ...), expected {result.Count - 1}. Tensors are missing or of another network");
    }

    /// <summary>One more than the largest index in names, which must be about as many as there are tensors of it.</summary>
    private static int Count(IReadOnlyDictionary<string, FloatTensor> tensors, Regex pattern, int first, string what)
    {
        HashSet<int> found =
        [
            .. tensors.Keys.Select(n => pattern.Match(n)).Where(m => m.Success)
                .Select(m => int.Parse(m.Groups[1].ValueSpan, CultureInfo.InvariantCulture)),
        ];
        if (found.Count == 0)
            return first == 1 ? 0 : throw Lacks("the blocks", what);
        int count = found.Max() + 1 - first;
        if (found.Min() < first || count > 2 * found.Count)
            throw new CheckpointException($"Of {what} there are N = {string.Join(", ", found.Order().Take(20))}, expected {first}, {first + 1}, ... without gaps");
        return count;
    }

    private static (int Patch, int Channels) Patch(IReadOnlyDictionary<string, FloatTensor> tensors)
    {
        const string Name = "vit.embeddings.patch_embeddings.projection.weight";
        if (!tensors.TryGetValue(Name, out FloatTensor? projection))
            throw Lacks("the patch size", Name);
        return projection.Shape is [_, > 0 and var channels, > 0 and var height, var width] && height == width ? (height, channels)
            : throw new CheckpointException($"{Name} is {projection.ShapeText}, expected [width, channels, patch, patch] with a square patch");
    }

    /// <summary>The token grid of the first stage, as most of the stages' position embeddings say.</summary>
    private static int Grid(IReadOnlyDictionary<string, FloatTensor> tensors, int stages)
    {
        const string First = "vit.embeddings.position_embeddings";
        var sides = new List<int>();
        for (int s = 0; s < stages; s++)
        {
            if (!tensors.TryGetValue(s == 0 ? First : $"vit.encoder.patch_embed{s}.position_embeddings", out FloatTensor? positions)
                || positions.Shape.Length is not (2 or 3))
            {
                continue;
            }
            int side = (int)Math.Sqrt(positions.Shape[^2]);
            if (side > 0 && side * side == positions.Shape[^2] && side <= int.MaxValue >> s)
                sides.Add(side << s);
        }
        return Most(sides) ?? (tensors.TryGetValue(First, out FloatTensor? first)
            ? throw new CheckpointException($"{First} is {first.ShapeText}, expected [1, positions, width] where the positions are a square grid. "
                + "Only square images are supported")
            : throw Lacks("the image size", First));
    }

    private static IEnumerable<StageConfig> SetReductions(
        IReadOnlyDictionary<string, FloatTensor> tensors, List<StageConfig> stages, int grid, RecogniserOptions options, List<string> assumed)
    {
        if (options.Reductions is { } given && given.Count != stages.Count)
            throw new CheckpointException($"{given.Count} reductions are given ({string.Join(", ", given)}), expected one for each of the {stages.Count} stages");
        var result = new List<StageConfig>();
        int layer = 0;
        for (int s = 0; s < stages.Count; layer += stages[s++].Depth)
        {
            bool reduced = Enumerable.Range(layer, stages[s].Depth).Any(l =>
                tensors.ContainsKey($"vit.encoder.layer.{l}.attention.attention.mover")
                || tensors.ContainsKey($"vit.encoder.layer.{l}.attention.attention.reduction.weight"));
            int reduction = options.Reductions?[s] ?? (reduced ? 1 << (stages.Count - 1 - s) : 1);
            if (reduced != reduction > 1)
            {
                throw new CheckpointException($"Stage {s + 1} has {(reduced ? "a" : "no")} reduction of keys and values (mover, reduction.weight), "
                    + $"so {reduction} cannot be its factor. Say the reductions of all stages, for example --reductions {string.Join(',', stages.Select((_, i) => Math.Max(1, 1 << (stages.Count - 1 - i))))}");
            }
            result.Add(stages[s] with { Reduction = reduction });
        }
        if (options.Reductions is null && result.Any(s => s.Reduction > 1))
        {
            int keys = grid >> (stages.Count - 1);
            assumed.Add($"reductions {string.Join(", ", result.Select(s => s.Reduction))}, which give the reduced stages {keys}x{keys} keys, "
                + "as many as the last stage has tokens; the tensors do not show them (--reductions)");
        }
        return result;
    }

    private static IEnumerable<StageConfig> SetHeads(
        IReadOnlyDictionary<string, FloatTensor> tensors, List<StageConfig> stages, RecogniserOptions options, List<string> assumed)
    {
        int size = options.HeadSize ?? Math.Min(UsualHeadSize, stages[0].Width);
        if (size < 1)
            throw new CheckpointException($"The head size is {size}, expected at least 1");
        var result = new List<StageConfig>();
        bool guessed = false;
        int layer = 0;
        for (int s = 0; s < stages.Count; layer += stages[s++].Depth)
        {
            string name = $"vit.encoder.layer.{layer}.attention.attention.att_prob_clip";
            int? clips = tensors.TryGetValue(name, out FloatTensor? clip) && clip.Shape is [> 1 and var each] ? each : null;
            int width = stages[s].Width;
            int heads = options.HeadSize is null && clips is { } shown ? shown : width / size;
            if (clips is null && width % size != 0)
            {
                throw new CheckpointException($"The {width} channels of stage {s + 1} do not divide into heads of {size}, "
                    + "and the tensors do not show the heads. Say the channels of one head: --head-size");
            }
            if (options.HeadSize is not null && (width % size != 0 || (clips is { } have && have != heads)))
            {
                throw new CheckpointException($"Stage {s + 1} has {width} channels{(clips is { } n ? $" and {n} clips, one for each head" : "")}, "
                    + $"which contradicts a head size of {size}");
            }
            guessed |= clips is null;
            result.Add(stages[s] with { Heads = heads });
        }
        if (options.HeadSize is null && guessed)
            assumed.Add($"heads of {size} channels ({string.Join(", ", result.Select(s => s.Heads))} heads); the tensors do not show them (--head-size)");
        return result;
    }

    /// <summary>The size that most of these tensors have in the named dimension, so that one bad tensor does not decide.</summary>
    private static int? Size(IReadOnlyDictionary<string, FloatTensor> tensors, params ReadOnlySpan<(string Name, int Dimension)> candidates)
    {
        var sizes = new List<int>();
        foreach ((string name, int dimension) in candidates)
        {
            if (tensors.TryGetValue(name, out FloatTensor? tensor) && tensor.Shape.Length > dimension && tensor.Shape[dimension] > 0)
                sizes.Add(tensor.Shape[dimension]);
        }
        return Most(sizes);
    }

    /// <summary>The most frequent value, the first of those as frequent; null for none.</summary>
    private static int? Most(List<int> values) => values.Count == 0 ? null : values.MaxBy(v => values.Count(w => w == v));

    private static CheckpointException Lacks(string what, string name) =>
        new($"The tensors do not show {what}: '{name}' is missing. The checkpoint is not of this network, or not complete");
}
