using System.Runtime.InteropServices;
using EdgeVit.Export;
using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>Moves the parameters and buffers of a network out of and into plain arrays under the paper's names.</summary>
internal static class ModelTensors
{
    private const string ClipLog = "att_prob_clip_log";
    private const string Clip = "att_prob_clip";
    private const string ClassAttention = "vit.class_attention.";
    private const string Down = "vit.encoder.patch_embed";
    private const string BatchCount = ".num_batches_tracked";

    /// <summary>The network as the exporter takes it: every float tensor of the state_dict, the attention clip instead of its logarithm, and
    /// beside every centred weight the row means that the simulator subtracts, so that both see the same signs.</summary>
    public static IReadOnlyDictionary<string, FloatTensor> Export(BinaryViT model)
    {
        Dictionary<string, FloatTensor> tensors = new(StringComparer.Ordinal);
        using DisposeScope scope = torch.NewDisposeScope();
        using IDisposable frozen = torch.no_grad();
        foreach ((string name, Tensor value) in model.state_dict())
        {
            if (name.EndsWith(BatchCount, StringComparison.Ordinal))
            {
                continue;
            }

            if (name.EndsWith(ClipLog, StringComparison.Ordinal))
            {
                string plain = string.Concat(name.AsSpan(0, name.Length - ClipLog.Length), Clip);
                tensors.Add(plain, ToFloat(plain, value.exp().expand(HeadsOf(model, name))));
                continue;
            }
            tensors.Add(name, ToFloat(name, value));
            if (IsCentred(name, value))
            {
                string means = string.Concat(name.AsSpan(0, name.Length - ".weight".Length), TensorManifest.RowMean);
                tensors.Add(means, ToFloat(means, value.mean([1])));
            }
        }
        return tensors;
    }

    /// <summary>Fills the network with tensors of the paper's names. Batch counters may be missing; a scalar clip serves all heads.</summary>
    /// <exception cref="ModelFormatException">A tensor is missing, superfluous, or has another size.</exception>
    public static void Load(BinaryViT model, IReadOnlyDictionary<string, FloatTensor> tensors)
    {
        List<string> faults = [];
        HashSet<string> used = new(StringComparer.Ordinal);
        using DisposeScope scope = torch.NewDisposeScope();
        using IDisposable frozen = torch.no_grad();
        foreach ((string name, Tensor value) in model.state_dict())
        {
            bool log = name.EndsWith(ClipLog, StringComparison.Ordinal);
            string plain = log ? string.Concat(name.AsSpan(0, name.Length - ClipLog.Length), Clip) : name;
            if (!tensors.TryGetValue(plain, out FloatTensor? tensor))
            {
                if (!name.EndsWith(BatchCount, StringComparison.Ordinal))
                {
                    faults.Add($"missing: {plain}");
                }

                continue;
            }
            used.Add(plain);
            float[] data = tensor.Data;
            if (log && data.Length > 1 && value.numel() == 1)
            {
                data = [MathF.Exp(data.Average(MathF.Log))];                         // heads that shall share one clip
            }

            if (log)
            {
                data = [.. Enumerable.Range(0, (int)value.numel()).Select(i => MathF.Log(data[data.Length == 1 ? 0 : i]))];
            }

            if (data.Length != value.numel())
            {
                faults.Add($"size: {plain} {tensor.ShapeText}, expected [{string.Join(", ", value.shape)}]");
            }
            else
            {
                value.copy_(torch.tensor(data).view(value.shape));
            }
        }
        faults.AddRange(tensors.Keys
            .Where(n => !used.Contains(n) && !n.EndsWith(BatchCount, StringComparison.Ordinal) && !n.EndsWith(TensorManifest.RowMean, StringComparison.Ordinal))
            .Select(n => $"not of this network: {n}"));
        if (faults.Count > 0)
        {
            throw new ModelFormatException($"The tensors do not fit the network '{model.Config.Name}' ({faults.Count} faults):\n  {string.Join("\n  ", faults)}");
        }
    }

    /// <summary>Heads of the layer that a tensor <c>vit.encoder.layer.{l}...</c>, <c>vit.encoder.patch_embed{s}...</c> or <c>vit.class_attention.{l}...</c> belongs to.</summary>
    private static long HeadsOf(BinaryViT model, string name) => name.StartsWith(ClassAttention, StringComparison.Ordinal)
        ? model.Config.ClassStage().Heads
        : name.StartsWith(Down, StringComparison.Ordinal) ? model.Config.Stages[int.Parse(name.Split('.')[2].AsSpan(Down.Length - "vit.encoder.".Length), System.Globalization.CultureInfo.InvariantCulture)].Heads
        : model.Config.Stages[model.Config.StageOf(int.Parse(name.Split('.')[3], System.Globalization.CultureInfo.InvariantCulture))].Heads;

    /// <summary>Whether a tensor is the latent weight of a binary linear layer, <c>[O, K]</c>; classifier and gates are float.</summary>
    private static bool IsCentred(string name, Tensor value) =>
        value.dim() == 2 && (name.StartsWith("vit.encoder.", StringComparison.Ordinal) || name.StartsWith(ClassAttention, StringComparison.Ordinal)) && name.EndsWith(".weight", StringComparison.Ordinal)
        && !name.Contains(".gate.", StringComparison.Ordinal);

    private static FloatTensor ToFloat(string name, Tensor value)
    {
        float[] data = ToArray(value);
        return new FloatTensor(name, [.. value.shape.Select(s => (int)s)], data);
    }

    /// <summary>The elements of a float tensor of any device, row-major.</summary>
    internal static float[] ToArray(Tensor value)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        Tensor plain = value.detach().cpu().contiguous();
        return MemoryMarshal.Cast<byte, float>(plain.bytes).ToArray();
    }
}
