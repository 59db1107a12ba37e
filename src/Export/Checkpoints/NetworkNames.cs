using System.Text.RegularExpressions;

namespace EdgeVit.Export;

/// <summary>Finds the network among the names of a checkpoint: what stands before each of its names, its head where that lies elsewhere, and what belongs to
/// something else. Names of other libraries become those that are known.</summary>
internal static partial class NetworkNames
{
    private const int MostNamed = 6;

    /// <summary>A choice of names.</summary>
    /// <param name="Prefix">What was cut from every name.</param>
    /// <param name="Names">Names in the file and in the network, of all tensors that are taken.</param>
    /// <param name="Notes">What was chosen and left out, in sentences.</param>
    internal sealed record Choice(string Prefix, IReadOnlyDictionary<string, string> Names, IReadOnlyList<string> Notes);

    /// <summary>Words that name a second set of weights beside those that were trained.</summary>
    private static readonly string[] s_averages = ["ema", "teacher", "momentum", "target", "swa", "average", "shadow"];

    /// <summary>Top-level names of what trains a network and is none of it.</summary>
    private static readonly string[] s_training = ["criterion.", "loss.", "loss_fn.", "loss_fct.", "metric.", "metrics.", "train_metrics.", "val_metrics.", "optimizer.", "normalizer.", "normalize."];

    /// <summary>Chooses among all names.</summary>
    /// <param name="shapes">Names and sizes of the tensors of floats.</param>
    /// <param name="asked">The prefix that the user gives; null to look for it.</param>
    /// <exception cref="CheckpointException">There are several networks, or none under the prefix that was given.</exception>
    internal static Choice Choose(IReadOnlyDictionary<string, long[]> shapes, string? asked)
    {
        string[] found = [.. shapes.Keys.Select(n => Prefix(n, shapes)).OfType<string>().Distinct().Order(StringComparer.Ordinal)];
        List<string> notes = [];
        string prefix = asked is null ? Chosen(found, shapes.Keys, notes) : Asked(asked, found, shapes.Keys);
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        if (found.Length == 1 && asked is null && StateDict.Prefix([prefix]) != prefix)
        {
            notes.Add($"the network's names begin with '{prefix}'");
        }

        List<string> outside = [];
        foreach (string name in shapes.Keys)
        {
            if (!name.StartsWith(prefix, StringComparison.Ordinal) || (prefix.Length == 0 && found.Length > 0 && IsOfTraining(name)))
            {
                outside.Add(name);
            }
            else
            {
                names[name] = Renamed(name[prefix.Length..]);
            }
        }
        if (found.Length > 0)
        {
            AddHead(shapes, names, outside, n => IsOfAnother(n, prefix, found), notes);
        }

        NameOutside(outside, prefix, notes);
        return new Choice(prefix, names, notes);
    }

    private static bool IsOfTraining(string name) => s_training.Any(t => name.StartsWith(t, StringComparison.Ordinal));

    private static void NameOutside(List<string> outside, string prefix, List<string> notes)
    {
        if (outside.Count == 0)
        {
            return;
        }

        outside.Sort(StringComparer.Ordinal);
        string where = prefix.Length == 0 ? "of what trains the network" : $"outside '{prefix}'";
        notes.Add($"{(outside.Count == 1 ? "1 tensor" : $"{outside.Count} tensors")} {where} left out: {string.Join(", ", outside.Take(MostNamed))}{(outside.Count > MostNamed ? ", ..." : "")}"
            + (prefix.Length == 0 ? "" : " (--prefix chooses another network)"));
    }

    private static string Asked(string asked, string[] found, IEnumerable<string> names)
    {
        string prefix = asked.Length == 0 || asked.EndsWith('.') ? asked : $"{asked}.";
        return names.Any(n => n.StartsWith(prefix, StringComparison.Ordinal)) ? prefix : throw new CheckpointException(
            $"No name begins with '{prefix}' (--prefix). {(found.Length > 0 ? $"Networks begin with {string.Join(", ", found.Select(p => $"'{p}'"))}" : $"Names begin with {Beginnings(names)}")}")
        { IsUsage = true };
    }

    private static string Chosen(string[] found, IEnumerable<string> names, List<string> notes)
    {
        if (found.Length == 0)
        {
            return StateDict.Prefix([.. names]);
        }

        string[] plain = [.. found.Where(p => !Averages(p).Any())];
        string[] candidates = plain.Length > 0 ? plain : found;
        if (candidates.Length > 1)
        {
            throw new CheckpointException($"There are {candidates.Length} networks, whose names begin with {string.Join(", ", candidates.Select(p => $"'{p}'"))}. Say which: --prefix {candidates[0]}");
        }

        if (found.Length > 1)
        {
            notes.Add($"there are {found.Length} networks: taken is '{candidates[0]}'; also there: {string.Join(", ", found.Except(candidates).Select(p => $"--prefix {p}"))}");
        }

        return candidates[0];
    }

    /// <summary>What stands before a name that is in the first block of every network of a known kind; null for other names.</summary>
    private static string? Prefix(string name, IReadOnlyDictionary<string, long[]> shapes)
    {
        Match match = FirstBlock().Match(name);
        if (!match.Success)
        {
            return null;
        }

        string prefix = match.Groups["prefix"].Value;
        // Blocks of stages have such names, too: a plain transformer has positions, a class token or patches beside them.
        return prefix.Length == 0 || !match.Groups["timm"].Success
            || ((string[])["pos_embed", "cls_token", "patch_embed.proj.weight"]).Any(n => shapes.ContainsKey(prefix + n)) ? prefix : null;
    }

    /// <summary>Whether a name outside a network is of another one of the file: it lies within or closer to that, or among averages that the network is none of.</summary>
    private static bool IsOfAnother(string name, string prefix, string[] found)
    {
        int Shared(string other) => name.Split('.').Zip(other.Split('.')).TakeWhile(p => p.First == p.Second).Count();
        bool Under(string other) => name.StartsWith(other, StringComparison.Ordinal);
        return found.Any(f => f != prefix && (Shared(f) > Shared(prefix) || (Under(f) && !Under(prefix)))) || Averages(name).Except(Averages(prefix)).Any();
    }

    private static IEnumerable<string> Averages(string name) => name.ToLowerInvariant().Split('.', '_').Where(w => s_averages.Contains(w));

    /// <summary>A classifier beside the network: <c>backbone.*</c> and <c>head.weight</c>, or a linear within a sequence.</summary>
    private static void AddHead(IReadOnlyDictionary<string, long[]> shapes, Dictionary<string, string> names, List<string> outside, Func<string, bool> isOfAnother, List<string> notes)
    {
        bool timm = names.Values.Any(n => n.StartsWith("blocks.", StringComparison.Ordinal));
        string head = timm ? "head" : "classifier";
        if (names.Values.Any(n => n is "head.weight" or "head.bias" or "classifier.weight" or "classifier.bias" or "cls_classifier.weight"))
        {
            return;
        }

        long width = names.Where(n => n.Value is "blocks.0.norm1.weight" || n.Value.EndsWith(".encoder.layer.0.layernorm_before.weight", StringComparison.Ordinal))
            .Select(n => shapes[n.Key] is [var w] ? w : 0).FirstOrDefault();
        string[] candidates = [.. shapes.Keys.Where(n => HeadWeight().IsMatch(n) && shapes[n] is [> 0, var w] && w == width && shapes.ContainsKey(n[..^"weight".Length] + "bias") && !isOfAnother(n))];
        if (candidates is not [var weight])
        {
            if (candidates.Length > 1)
            {
                notes.Add($"several tensors may be the head: {string.Join(", ", candidates)}; none was taken");
            }

            return;
        }

        string bias = weight[..^"weight".Length] + "bias";
        (names[weight], names[bias]) = ($"{head}.weight", $"{head}.bias");
        outside.Remove(weight);
        outside.Remove(bias);
        notes.Add($"the head is '{weight}'");
    }

    /// <summary>The name that is known here: transformers 5 and torchvision have others for the same.</summary>
    private static string Renamed(string name)
    {
        Match five = TransformersFive().Match(name);
        if (five.Success)
        {
            string rest = five.Groups["rest"].Value;
            foreach ((string from, string to) in s_five)
            {
                rest = rest.StartsWith(from, StringComparison.Ordinal) ? to + rest[from.Length..] : rest;
            }

            return $"{five.Groups["model"].Value}.encoder.layer.{five.Groups["block"].Value}.{rest}";
        }

        Match vision = TorchVision().Match(name);
        if (vision.Success)
        {
            string rest = vision.Groups["rest"].Value;
            foreach ((string from, string to) in s_torchVision)
            {
                rest = rest.StartsWith(from, StringComparison.Ordinal) ? to + rest[from.Length..] : rest;
            }

            return $"blocks.{vision.Groups["block"].Value}.{rest}";
        }

        return s_torchVisionTop.FirstOrDefault(t => t.From == name).To ?? name;
    }

    private static readonly (string From, string To)[] s_five =
    [
        ("attention.q_proj.", "attention.attention.query."), ("attention.k_proj.", "attention.attention.key."), ("attention.v_proj.", "attention.attention.value."),
        ("attention.o_proj.", "attention.output.dense."), ("mlp.fc1.", "intermediate.dense."), ("mlp.fc2.", "output.dense."),
    ];

    private static readonly (string From, string To)[] s_torchVision =
    [
        ("ln_1.", "norm1."), ("ln_2.", "norm2."), ("self_attention.in_proj_", "attn.qkv."), ("self_attention.out_proj.", "attn.proj."), ("mlp.0.", "mlp.fc1."), ("mlp.3.", "mlp.fc2."),
        ("mlp.linear_1.", "mlp.fc1."), ("mlp.linear_2.", "mlp.fc2."),
    ];

    private static readonly (string From, string To)[] s_torchVisionTop =
    [
        ("class_token", "cls_token"), ("conv_proj.weight", "patch_embed.proj.weight"), ("conv_proj.bias", "patch_embed.proj.bias"), ("encoder.pos_embedding", "pos_embed"),
        ("encoder.ln.weight", "norm.weight"), ("encoder.ln.bias", "norm.bias"), ("heads.head.weight", "head.weight"), ("heads.head.bias", "head.bias"),
    ];

    private static string Beginnings(IEnumerable<string> names)
    {
        string[] first = [.. names.Select(n => n.Split('.')[0]).Distinct().Order(StringComparer.Ordinal)];
        return string.Join(", ", first.Take(2 * MostNamed).Select(f => $"'{f}'")) + (first.Length > 2 * MostNamed ? ", ..." : "");
    }

    [GeneratedRegex(@"^(?<prefix>(?:.*\.)?)(?:(?<timm>blocks\.0\.attn\.(?:qkv|proj)\.weight$)|(?:vit|deit)\.(?:encoder\.layer|layers)\.0\.attention\.|encoder\.layers\.encoder_layer_0\.)", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex FirstBlock();

    [GeneratedRegex(@"^(?<model>vit|deit)\.layers\.(?<block>\d{1,9})\.(?<rest>.+)$", RegexOptions.CultureInvariant)]
    private static partial Regex TransformersFive();

    [GeneratedRegex(@"^encoder\.layers\.encoder_layer_(?<block>\d{1,9})\.(?<rest>.+)$", RegexOptions.CultureInvariant)]
    private static partial Regex TorchVision();

    [GeneratedRegex(@"(?:^|\.)(?:head|heads|classifier|fc|linear|cls_head|mlp_head|linear_head|lin_head)(?:\.(?:\d+|fc|head|linear|out_proj))?\.weight$", RegexOptions.CultureInvariant)]
    private static partial Regex HeadWeight();
}
