namespace EdgeVit.Export;

/// <summary>Which tensors a BinaryViT has and of what shape (binary network of the paper, state_dict names), and the check that a set of
/// trained tensors is exactly that.</summary>
public sealed class TensorManifest
{
    /// <summary>Ending of an optional tensor <c>{linear}.row_mean [rows]</c> beside <c>{linear}.weight</c> of a binary linear: the row means
    /// that the simulator subtracts before it takes signs, see <see cref="Lowering"/>.</summary>
    public const string RowMean = ".row_mean";

    private const string BatchCount = ".num_batches_tracked";
    private readonly List<(string Name, int[] Shape)> _required = [];
    private readonly Dictionary<string, int[]> _optional = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _clips = new(StringComparer.Ordinal);

    /// <summary>The manifest of a valid configuration.</summary>
    public TensorManifest(BinaryViTConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        int first = config.Stages[0].Width;
        Add("vit.embeddings.position_embeddings", 1, config.Tokens(0), first);
        Add("vit.embeddings.patch_embeddings.projection.weight", first, config.Channels, config.PatchSize, config.PatchSize);
        Add("vit.embeddings.patch_embeddings.projection.bias", first);
        AddNorm("vit.embeddings.norm", first);
        for (int s = 0, layer = 0; s < config.Stages.Count; s++)
        {
            for (int end = layer + config.Stages[s].Depth; layer < end; layer++)
                AddBlock($"vit.encoder.layer.{layer}", config.Stages[s], config.PoolBranches);
            if (s + 1 < config.Stages.Count)
                AddDownsampling(config, s);
        }
        int last = config.Stages[^1].Width;
        AddNorm("vit.layernorm", last);
        Add("classifier.weight", config.Classes, last);
        Add("classifier.bias", config.Classes);
    }

    /// <summary>Names and shapes of the tensors that must be there. The attention clips are scalars (<c>[]</c>); <c>[1]</c> and, for a clip
    /// for each head, <c>[heads]</c> are accepted too. Position embeddings may lack the leading 1.</summary>
    public IReadOnlyList<(string Name, int[] Shape)> Required => _required;

    /// <summary>Checks names, shapes and values.</summary>
    /// <exception cref="ModelFormatException">Something is missing, superfluous, of another shape, not finite, a negative variance, or a
    /// clip that is not positive; the message lists everything.</exception>
    public void Check(IReadOnlyDictionary<string, FloatTensor> tensors, string network)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        var faults = new List<string>();
        var known = new HashSet<string>(StringComparer.Ordinal);
        foreach ((string name, int[] shape) in _required)
        {
            known.Add(name);
            if (!tensors.TryGetValue(name, out FloatTensor? tensor))
                faults.Add($"missing: {name} {FloatTensor.Text(shape)}");
            else
                CheckTensor(tensor, name, shape, faults);
        }
        foreach ((string name, FloatTensor tensor) in tensors.OrderBy(t => t.Key, StringComparer.Ordinal))
        {
            if (known.Contains(name) || name.EndsWith(BatchCount, StringComparison.Ordinal))
                continue;
            if (_optional.TryGetValue(name, out int[]? shape))
                CheckTensor(tensor, name, shape, faults);
            else
                faults.Add($"not of this network: {name} {tensor.ShapeText}");
        }
        if (faults.Count > 0)
            throw new ModelFormatException($"The tensors do not fit the network '{network}' ({faults.Count} faults):\n  {string.Join("\n  ", faults)}");
    }

    private void CheckTensor(FloatTensor tensor, string name, int[] shape, List<string> faults)
    {
        if (!Fits(name, tensor.Shape, shape) || tensor.Data.Length != FloatTensor.Count(tensor.Shape))
        {
            string per = _clips.TryGetValue(name, out int heads) && heads > 1 ? $" or [{heads}]" : "";
            faults.Add($"shape: {name} is {tensor.ShapeText} with {tensor.Data.Length} values, expected {FloatTensor.Text(shape)}{per}");
            return;
        }
        int bad = Array.FindIndex(tensor.Data, v => !float.IsFinite(v));
        if (bad >= 0)
            faults.Add($"value: {name} is {tensor.Data[bad]} at element {bad}, expected finite numbers");
        else if (name.EndsWith(".running_var", StringComparison.Ordinal) && tensor.Data.Any(v => v < 0))
            faults.Add($"value: {name} has a negative variance, {tensor.Data.Min()}");
        else if (_clips.ContainsKey(name) && tensor.Data.Any(v => v <= 0))
            faults.Add($"value: {name} is {tensor.Data.Min()}, expected a positive clip");
    }

    private bool Fits(string name, int[] found, int[] expected)
    {
        if (_clips.TryGetValue(name, out int heads))
            return found.Length == 0 || (found.Length == 1 && (found[0] == 1 || found[0] == heads));
        return found.AsSpan().SequenceEqual(expected)
            || (name.EndsWith("position_embeddings", StringComparison.Ordinal) && found.AsSpan().SequenceEqual(expected.AsSpan(1)));
    }

    private void Add(string name, params int[] shape) => _required.Add((name, shape));

    private void AddNorm(string name, int channels)
    {
        foreach (string part in (ReadOnlySpan<string>)["weight", "bias", "running_mean", "running_var"])
            Add($"{name}.{part}", channels);
    }

    private void AddRPReLU(string name, int channels)
    {
        foreach (string part in (ReadOnlySpan<string>)["move1", "prelu.weight", "move2"])
            Add($"{name}.{part}", channels);
    }

    private void AddLayerScale(string name, int channels)
    {
        Add($"{name}.alpha", channels);
        Add($"{name}.move", channels);
    }

    private void AddBinaryLinear(string name, int outputs, int inputs)
    {
        Add($"{name}.weight", outputs, inputs);
        _optional.Add(name + RowMean, [outputs]);
    }

    private void AddBlock(string block, StageConfig stage, bool branches)
    {
        string attention = $"{block}.attention.attention";
        AddNorm($"{block}.layernorm_before", stage.Width);
        foreach ((string linear, string letter) in (ReadOnlySpan<(string, string)>)[("query", "q"), ("key", "k"), ("value", "v")])
        {
            Add($"{attention}.move{letter}", stage.Width);
            Add($"{attention}.move{letter}2", stage.Width);
            AddBinaryLinear($"{attention}.{linear}", stage.Width, stage.Width);
            AddNorm($"{attention}.norm{letter}", stage.Width);
            AddRPReLU($"{attention}.rprelu{letter}", stage.Width);
        }
        if (stage.Reduction > 1)
        {
            Add($"{attention}.mover", stage.Width);
            AddBinaryLinear($"{attention}.reduction", stage.Width, stage.Width);
            AddNorm($"{attention}.norm_r", stage.Width);
            AddRPReLU($"{attention}.rprelur", stage.Width);
        }
        Add($"{attention}.att_prob_clip");
        _clips.Add($"{attention}.att_prob_clip", stage.Heads);
        AddNorm($"{attention}.norm_context", stage.Width);
        AddRPReLU($"{attention}.rprelu_context", stage.Width);
        AddDense($"{block}.attention.output", stage.Width, stage.Width);
        AddLayerScale($"{block}.attention.output.layerscale", stage.Width);
        AddNorm($"{block}.layernorm_after", stage.Width);
        AddDense($"{block}.intermediate", stage.FfnWidth, stage.Width);
        AddDense($"{block}.output", stage.Width, stage.FfnWidth);
        AddLayerScale($"{block}.output.layerscale", stage.Width);
        if (branches)
        {
            foreach (string branch in (ReadOnlySpan<string>)["h3", "w3", "h5", "w5"])
                AddLayerScale($"{block}.layerscale_{branch}", stage.Width);
        }
    }

    private void AddDense(string module, int outputs, int inputs)
    {
        Add($"{module}.move", inputs);
        AddBinaryLinear($"{module}.dense", outputs, inputs);
        AddNorm($"{module}.norm", outputs);
        AddRPReLU($"{module}.rprelu", outputs);
    }

    private void AddDownsampling(BinaryViTConfig config, int stage)
    {
        string name = $"vit.encoder.patch_embed{stage + 1}";
        int inputs = config.Stages[stage].Width;
        int outputs = config.Stages[stage + 1].Width;
        AddNorm($"{name}.norm0", inputs);
        Add($"{name}.proj.weight", outputs, inputs, 2, 2);
        AddNorm($"{name}.norm", outputs);
        if (config.BinaryDownsampling)
        {
            Add($"{name}.move", 1, inputs, 1, 1);
            AddRPReLU($"{name}.rprelu", outputs);
        }
        Add($"{name}.position_embeddings", 1, config.Tokens(stage + 1), outputs);
    }
}
