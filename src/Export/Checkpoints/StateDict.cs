namespace EdgeVit.Export;

/// <summary>Finds the weights in what a training script saved.</summary>
internal static class StateDict
{
    private const int MaxDepth = 4;
    private const int MaxPrefixes = 8;

    /// <summary>Where scripts put the weights, most usual first. Optimizers and schedules are under none of them and are never read.</summary>
    private static readonly string[] s_wrappers =
        ["model", "state_dict", "model_state_dict", "model_state", "module", "net", "network", "student", "model_ema", "ema"];

    /// <summary>What wrappers of modules put before every name.</summary>
    private static readonly string[] s_prefixes = ["module.", "_orig_mod.", "model."];

    /// <summary>The dict that holds the weights, and the keys that lead to it (<c>model</c>, or empty). A null key is looked for.</summary>
    public static (PickleDict Dict, string Path) Find(object? root, string? key)
    {
        if (root is not PickleDict dict)
        {
            throw new CheckpointException($"holds {PickleCalls.Describe(root)}, expected a dict of tensors. Save the weights: torch.save(model.state_dict(), path)");
        }

        string path = "";
        if (key is not null)
        {
            dict = Get(dict, key) as PickleDict ?? throw new CheckpointException($"has no dict under the key '{key}'; it has {Keys(dict)}");
            path = key;
        }
        for (int depth = 0; depth < MaxDepth; depth++)
        {
            (string? wrapper, PickleDict? inner) = s_wrappers.Select(w => (w, Get(dict, w) as PickleDict)).FirstOrDefault(p => p.Item2 is not null);
            if (inner is null)
            {
                break;
            }

            dict = inner;
            path = path.Length == 0 ? wrapper : $"{path}.{wrapper}";
        }
        return dict.Items.Any(i => i is { Key: string, Value: PickleTensor }) ? (dict, path)
            : throw new CheckpointException($"has no tensors{(path.Length == 0 ? "" : $" under '{path}'")}; it has {Keys(dict)}. "
                + $"Weights are looked for under {string.Join(", ", s_wrappers)}, or at the top");
    }

    /// <summary>The prefix that every name carries and none needs (<c>module.</c>), or empty.</summary>
    public static string Prefix(IReadOnlyCollection<string> names)
    {
        string prefix = "";
        for (int i = 0; i < MaxPrefixes && names.Count > 0
            && s_prefixes.FirstOrDefault(p => names.All(n => n.AsSpan(prefix.Length).StartsWith(p, StringComparison.Ordinal))) is { } next; i++)
        {
            prefix += next;
        }
        return prefix;
    }

    private static object? Get(PickleDict dict, string key) => dict.Items.FindLast(i => i.Key is string text && text == key).Value;

    private static string Keys(PickleDict dict) => dict.Items.Count == 0 ? "nothing"
        : string.Join(", ", dict.Items.Take(12).Select(i => $"{PickleCalls.Describe(i.Key)} ({PickleCalls.Describe(i.Value)})"))
            + (dict.Items.Count > 12 ? ", …" : "");
}
