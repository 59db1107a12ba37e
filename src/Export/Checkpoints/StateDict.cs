namespace EdgeVit.Export;

/// <summary>Finds the weights in what a training script saved.</summary>
internal static class StateDict
{
    private const int MaxDepth = 4;
    private const int MaxPrefixes = 8;
    private const int MostKey = 100;

    /// <summary>Where scripts put the weights, most usual first. Optimizers and schedules are under none of them and are never read.</summary>
    private static readonly string[] s_wrappers =
        ["model", "state_dict", "model_state_dict", "model_state", "module", "net", "network", "student", "model_ema", "state_dict_ema", "ema_state_dict", "ema", "teacher"];

    /// <summary>What wrappers of modules put before every name.</summary>
    private static readonly string[] s_prefixes = ["module.", "_orig_mod.", "model."];

    /// <summary>The dict that holds the weights, the keys that lead to it (<c>model</c>, or empty), and what else might have been meant.</summary>
    internal sealed record Found(PickleDict Dict, string Path, IReadOnlyList<string> Notes);

    /// <summary>Finds the weights. A null key is looked for; foreign objects are what the file mentions besides.</summary>
    public static Found Find(object? root, string? key, ForeignObjects foreign)
    {
        if (root is not PickleDict dict)
        {
            throw foreign.Refusal($"holds {PickleCalls.Describe(root)}, expected a dict of tensors. Save the weights: torch.save(model.state_dict(), path)");
        }

        string path = "";
        if (key is not null)
        {
            dict = Under(dict, key) ?? throw new CheckpointException($"has no dict under the key '{key}' (--key); it has {Keys(dict)}") { IsUsage = true };
            path = key;
        }
        List<string> notes = [];
        for (int depth = 0; depth < MaxDepth; depth++)
        {
            string[] wrappers = [.. s_wrappers.Where(w => Get(dict, w) is PickleDict { Items.Count: > 0 })];
            if (wrappers.Length == 0)
            {
                break;
            }

            string at = path.Length == 0 ? "" : $"{path}.";
            if (key is null && Others(dict, wrappers[0]) is { Length: > 0 } others)
            {
                notes.Add($"there are {others.Length + 1} sets of weights: taken is '{at}{wrappers[0]}'; also there: {string.Join(", ", others.Select(o => $"--key {at}{o}"))}");
            }

            dict = (PickleDict)Get(dict, wrappers[0])!;
            path = at + wrappers[0];
        }
        return HasTensors(dict) ? new Found(dict, path, [.. notes, .. foreign.Notes()])
            : throw foreign.Refusal($"has no tensors{(path.Length == 0 ? "" : $" under '{path}'")}; it has {Keys(dict)}. "
                + $"Weights are looked for under {string.Join(", ", s_wrappers)}, or at the top (--key names another place)");
    }

    /// <summary>Other dicts beside the chosen one that hold tensors, or a dict with tensors.</summary>
    private static string[] Others(PickleDict dict, string chosen) =>
    [
        .. dict.Items.Where(i => i.Key is string name && name != chosen && name.Length <= MostKey && !name.Contains("optim", StringComparison.OrdinalIgnoreCase) && i.Value is PickleDict inner
                && (HasTensors(inner) || s_wrappers.Any(w => Get(inner, w) is PickleDict deeper && HasTensors(deeper))))
            .Select(i => (string)i.Key!).Distinct().Take(MaxPrefixes),
    ];

    private static bool HasTensors(PickleDict dict) => dict.Items.Any(i => i is { Key: string, Value: PickleTensor });

    /// <summary>What lies under a key, or under several with dots between them.</summary>
    private static PickleDict? Under(PickleDict dict, string key)
    {
        if (Get(dict, key) is PickleDict whole)
        {
            return whole;
        }

        PickleDict? at = dict;
        foreach (string part in key.Split('.').Take(2 * MaxDepth))
        {
            at = at is null ? null : Get(at, part) as PickleDict;
        }

        return at;
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
