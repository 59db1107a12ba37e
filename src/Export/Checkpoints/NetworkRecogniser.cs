using System.Text.RegularExpressions;

namespace EdgeVit.Export;

/// <summary>Reads a network's configuration off the names and shapes of its tensors.</summary>
/// <remarks>
/// <para>Widths, depths, FFN widths, classes, patch size, branches and the kind of down-sampling are visible; the image size follows from the
/// number of position embeddings. Four things are not visible:</para>
/// <para><b>Heads.</b> One clip for each head shows them. Otherwise a head has 64 channels, or as many as the first stage where that is
/// narrower (which then has one head): <c>d = min(64, C of the first stage)</c>, as in the paper.</para>
/// <para><b>Reduction.</b> Whether a stage has one is visible (<c>mover</c>); its factor is not. The rule is that a reduced stage has as many keys
/// as the last stage has tokens: <c>r = grid / grid of the last stage</c>, which is the paper's <c>sqrt(N / 49)</c> at 224 pixels.</para>
/// <para><b>Shifted patches.</b> Their convolution is that of plain patches twice as large; the image size, where it is given, decides.</para>
/// <para><b>Levels of attention weights</b> and the <b>dilation</b> of convolutions. Each is taken to be one, levels to be those of a preset that all else fits.</para>
/// <para><b>Windows.</b> There are taken to be none; a bias of other offsets than the grid's is refused.</para>
/// <para>Checkpoints of students that were trained here say which network they are of; then nothing is assumed.</para>
/// <para>The epsilon of the norms is 1e-5, as in the paper's code, unless the options say otherwise.</para>
/// <para>One tensor that is missing or misshaped does not keep a network from being recognised; <see cref="Lowering"/> lists all of those.</para>
/// </remarks>
internal static partial class NetworkRecogniser
{
    private const int UsualHeadSize = 64;

    /// <summary>Recognises a network. The options have precedence over <paramref name="stated"/>, the network that the checkpoint names.</summary>
    /// <exception cref="CheckpointException">It is no network that is known, or the tensors contradict each other.</exception>
    /// <exception cref="ModelFormatException">The network that the tensors and options describe is impossible.</exception>
    public static RecognisedNetwork Recognise(IReadOnlyDictionary<string, FloatTensor> tensors, RecogniserOptions? options = null, BinaryViTConfig? stated = null)
    {
        options ??= new RecogniserOptions();
        if (NetworkForm.IsBinary(tensors))
        {
            return stated is null || options is not { HeadSize: null, Reductions: null, ImageSize: null } ? Binary(tensors, options) : Stated(tensors, options, stated);
        }

        ViTNames names = ViTNames.Of(tensors) ?? throw NetworkFamilies.Named(tensors) ?? new CheckpointException(
            $"No network that is known has these {tensors.Count} tensors: {string.Join(", ", tensors.Keys.Take(6))}{(tensors.Count > 6 ? ", …" : "")}. "
            + "Known: BinaryViT checkpoints of the paper's code (names such as vit.encoder.layer.0.attention.attention.moveq), and float DeiT or ViT "
            + "checkpoints with the names of timm (blocks.0.attn.qkv.weight) or Hugging Face (vit.encoder.layer.0.attention.attention.query.weight)");
        return FloatViTRecogniser.Recognise(tensors, names, options);
    }

    /// <summary>An image size that the position embeddings are not for.</summary>
    internal static CheckpointException OtherSize(int found, int asked) => new(
        $"The position embeddings are for images of {found}x{found} pixels, not {asked}x{asked}. "
        + "Train or resample them for that size; leave --image-size out to import the network as it is");

    private static RecognisedNetwork Stated(IReadOnlyDictionary<string, FloatTensor> tensors, RecogniserOptions options, BinaryViTConfig stated) => new(
        (stated with { Name = options.Name ?? stated.Name, BatchNormEps = options.NormEps ?? stated.BatchNormEps }).Validate(),
        NetworkForm.Of(tensors).Name(stated.Stages.Count) + (stated.ShiftedPatches ? " and shifted patches" : ""), []);

    private static RecognisedNetwork Binary(IReadOnlyDictionary<string, FloatTensor> tensors, RecogniserOptions options)
    {
        NetworkForm form = NetworkForm.Of(tensors);
        var assumed = new List<string>();
        List<StageConfig> stages = Stages(tensors);
        (int patch, int channels, int stride, int stem, IReadOnlyList<StemLayer>? layers) = Tokenizer(tensors, form, assumed);
        int grid = Grid(tensors, stages.Count, form.ClassToken ? 1 : 0);
        bool shifted = options.ImageSize is { } asked && patch % 2 == 0 && asked == grid * stride * (patch / 2);
        patch = shifted ? patch / 2 : patch;
        if (options.ImageSize is { } size && size / patch / stride != grid)
        {
            throw OtherSize(grid * patch * stride, size);
        }

        stages = [.. SetReductions(tensors, stages, grid, options, assumed)];
        stages = [.. SetHeads(tensors, stages, options, assumed)];
        stages = [.. StageBiases.Set(tensors, stages, grid)];
        var config = new BinaryViTConfig(
            form.EmbeddingNorm ? "binaryvit" : "reactnet-deit",
            options.ImageSize ?? grid * patch * stride,
            patch,
            stages,
            TensorSizes.Size(tensors, ("classifier.weight", 0), ("classifier.bias", 0)) ?? throw TensorSizes.Lacks("the number of classes", "classifier.weight"),
            channels,
            form.Down,
            form.Branches,
            options.NormEps ?? 1e-5,
            form.EmbeddingNorm,
            form.ClassToken,
            form.LayerScale,
            form.LayerNorm,
            shifted,
            stem,
            Locality: form.Locality,
            ClassAttention: ClassAttentionLayers(tensors, form))
        {
            Stem = layers,
            ZeroPoint = form.ZeroPoint,
        };
        config = Named(config, options.Name).Validate();
        if (form.IsOwn)
        {
            assumed.AddRange(OwnAssumptions(options.ImageSize, patch, grid * stride, config.AttentionLevels, form.Convolutions));
        }

        return new RecognisedNetwork(config, form.Name(stages.Count) + (shifted ? " and shifted patches" : ""), assumed);
    }

    /// <summary>A preset's name and levels of attention, where all that tensors show is the preset's.</summary>
    private static BinaryViTConfig Named(BinaryViTConfig config, string? name)
    {
        BinaryViTConfig? preset = BinaryViTPresets.All.FirstOrDefault(p => p.Equals(config with { Name = p.Name, Classes = p.Classes, AttentionLevels = p.AttentionLevels }));
        return config with { Name = name ?? preset?.Name ?? config.Name, AttentionLevels = preset?.AttentionLevels ?? config.AttentionLevels };
    }

    private static int ClassAttentionLayers(IReadOnlyDictionary<string, FloatTensor> tensors, NetworkForm form) =>
        form.ClassAttention ? TensorSizes.Count(tensors, ClassAttentionName(), first: 0, "vit.class_attention.N") : 0;

    private static IEnumerable<string> OwnAssumptions(int? imageSize, int patch, int grid, int levels, bool convolutions)
    {
        if (imageSize is null && patch % 2 == 0)
        {
            yield return $"patches of {patch} pixels of an image of {grid * patch}; shifted patches of {patch / 2} look the same, and are meant with --image-size {grid * (patch / 2)}";
        }

        yield return levels == 1
            ? "attention weights of one level; three look the same, and only the checkpoint that convert wrote says so"
            : $"attention weights of {levels} levels, as the preset has; one looks the same, and only the checkpoint that convert wrote says so";
        if (convolutions)
        {
            yield return "convolutions of adjacent tokens (dilation 1); others look the same, and only the checkpoint that convert wrote says so";
        }
        yield return "attention without windows; those look the same, and only the checkpoint that convert wrote says so";
    }

    [GeneratedRegex(@"^vit\.encoder\.layer\.(\d{1,9})\.", RegexOptions.CultureInvariant)]
    private static partial Regex LayerName();

    [GeneratedRegex(@"^vit\.class_attention\.(\d{1,9})\.", RegexOptions.CultureInvariant)]
    private static partial Regex ClassAttentionName();

    [GeneratedRegex(@"^vit\.encoder\.patch_embed(\d{1,9})\.", RegexOptions.CultureInvariant)]
    private static partial Regex DownsamplingName();

    /// <summary>The token grid of the first stage, as most of the stages' position embeddings say.</summary>
    private static int Grid(IReadOnlyDictionary<string, FloatTensor> tensors, int stages, int leading)
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
            if (TensorSizes.Side(positions.Shape[^2] - leading) is { } side && side <= int.MaxValue >> s)
            {
                sides.Add(side << s);
            }
        }
        return TensorSizes.Most(sides) ?? (tensors.TryGetValue(First, out FloatTensor? first)
            ? throw new CheckpointException($"{First} is {first.ShapeText}, expected [1, positions, width] where the positions{(leading > 0 ? ", without the class token's," : "")} are a square grid. "
                + "Only square images are supported: train, or resample the position embeddings, for a square grid")
            : throw TensorSizes.Lacks("the image size", First));
    }

    private static IEnumerable<StageConfig> SetReductions(
        IReadOnlyDictionary<string, FloatTensor> tensors, List<StageConfig> stages, int grid, RecogniserOptions options, List<string> assumed)
    {
        if (options.Reductions is { } given && given.Count != stages.Count)
        {
            throw new CheckpointException($"{given.Count} reductions are given ({string.Join(", ", given)}), expected one for each of the {stages.Count} stages");
        }

        var result = new List<StageConfig>();
        int layer = 0;
        for (int s = 0; s < stages.Count; layer += stages[s++].Depth)
        {
            bool reduced = Enumerable.Range(layer, stages[s].Depth).Any(l =>
                tensors.ContainsKey($"vit.encoder.layer.{l}.attention.attention.mover")
                || tensors.ContainsKey($"vit.encoder.layer.{l}.attention.attention.reduction.weight"));
            bool isStride = stages[s].Projection == ProjectionKind.Depthwise;
            int reduction = options.Reductions?[s] ?? (reduced ? 1 << (stages.Count - 1 - s) : 1);
            if (isStride && options.Reductions is null)
            {
                assumed.Add($"keys and values of stage {s + 1} on the grid of the queries; convolutions of stride 2 before them look the same (--reductions)");
            }

            if (!isStride && reduced != reduction > 1)
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
        {
            throw new CheckpointException($"The head size is {size}, expected at least 1");
        }

        var result = new List<StageConfig>();
        bool guessed = false;
        int layer = 0;
        for (int s = 0; s < stages.Count; layer += stages[s++].Depth)
        {
            if (!stages[s].Mixer.Attends)
            {
                result.Add(stages[s]);
                continue;
            }

            string name = $"vit.encoder.layer.{layer + stages[s].Mixer.First(MixerKind.Attention)}.attention.attention.att_prob_clip";
            int? clips = tensors.TryGetValue(name, out FloatTensor? clip) && clip.Shape is [> 1 and var each] ? each : null;
            guessed |= clips is null;
            result.Add(stages[s] with { Heads = Heads(s + 1, stages[s].Width, clips, size, stated: options.HeadSize is not null) });
        }
        if (options.HeadSize is null && guessed)
        {
            assumed.Add($"heads of {size} channels ({string.Join(", ", result.Where(s => s.Mixer.Attends).Select(s => s.Heads))} in each block of the stages); the tensors do not show them (--head-size)");
        }

        return result;
    }

    private static int Heads(int stage, int width, int? clips, int size, bool stated)
    {
        int heads = !stated && clips is { } shown ? shown : width / size;
        if (clips is null && width % size != 0)
        {
            throw new CheckpointException($"The {width} channels of stage {stage} do not divide into heads of {size}, "
                + "and the tensors do not show the heads. Say the channels of one head: --head-size");
        }

        return !stated || (width % size == 0 && (clips ?? heads) == heads) ? heads : throw new CheckpointException(
            $"Stage {stage} has {width} channels{(clips is { } n ? $" and {n} clips, one for each head" : "")}, which contradicts a head size of {size}");
    }
}
