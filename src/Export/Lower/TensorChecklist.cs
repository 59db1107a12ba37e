using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace EdgeVit.Export;

/// <summary>Which tensors a network has and of what shape, and the check that a set of trained tensors is exactly that.</summary>
internal sealed class TensorChecklist
{
    private const int MostFaults = 200;
    private const int MostSuggestions = 40;
    private const int MostCandidates = 200;

    private readonly List<(string Name, int[] Shape)> _required = [];
    private readonly Dictionary<string, int[]> _optional = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _clips = new(StringComparer.Ordinal);
    private readonly List<string> _ignoredEndings = [];
    private readonly HashSet<string> _loose = new(StringComparer.Ordinal);

    public IReadOnlyList<(string Name, int[] Shape)> Required => _required;

    public void Require(string name, params int[] shape) => _required.Add((name, shape));

    /// <summary>A tensor that must be there; leading sizes of 1 may be left out.</summary>
    public void RequireLoose(string name, params int[] shape)
    {
        Require(name, shape);
        _loose.Add(name);
    }

    /// <summary>An attention's clip: a scalar, <c>[1]</c>, or one for each head; positive.</summary>
    public void RequireClip(string name, int heads)
    {
        Require(name);
        _clips.Add(name, heads);
    }

    public void Allow(string name, params int[] shape) => _optional.Add(name, shape);

    /// <summary>Tensors whose names end so may be there and play no part.</summary>
    public void Ignore(string ending) => _ignoredEndings.Add(ending);

    /// <summary>Checks names, shapes and values.</summary>
    /// <exception cref="ModelFormatException">Something is missing, superfluous, of another shape, not finite, a negative variance, or a
    /// clip that is not positive; the message lists everything.</exception>
    public void Check(IReadOnlyDictionary<string, FloatTensor> tensors, string network)
    {
        var known = _required.Select(r => r.Name).ToHashSet(StringComparer.Ordinal);
        FloatTensor[] others =
        [
            .. tensors.Where(t => !known.Contains(t.Key) && !_optional.ContainsKey(t.Key)
                    && !_ignoredEndings.Any(e => t.Key.EndsWith(e, StringComparison.Ordinal)))
                .OrderBy(t => t.Key, StringComparer.Ordinal).Select(t => t.Value with { Name = t.Key }),
        ];
        var faults = new List<string>();
        foreach ((string name, int[] shape) in _required)
        {
            if (tensors.TryGetValue(name, out FloatTensor? tensor))
            {
                CheckTensor(tensor, name, shape, faults);
            }
            else
            {
                faults.Add($"missing: {name} {FloatTensor.Text(shape)}{(faults.Count < MostSuggestions ? Similar(name, shape, others) : "")}");
            }
        }
        foreach ((string name, int[] shape) in _optional)
        {
            if (tensors.TryGetValue(name, out FloatTensor? tensor))
            {
                CheckTensor(tensor, name, shape, faults);
            }
        }
        int count = faults.Count + others.Length;
        if (count > 0)
        {
            IEnumerable<string> all = [.. faults, .. others.Take(MostFaults).Select(t => $"not of this network: {t.Name} {t.ShapeText}")];
            throw new ModelFormatException($"The tensors do not fit the network '{network}' ({count} {(count == 1 ? "fault" : "faults")}):\n  "
                + string.Join("\n  ", all.Take(MostFaults)) + (count > MostFaults ? $"\n  and {count - MostFaults} more" : ""));
        }
    }

    /// <summary>The tensor of the same shape that a missing one may be under another name.</summary>
    private static string Similar(string name, int[] shape, FloatTensor[] others)
    {
        int most = name.Length / 3;
        (string Name, int Edits)[] near =
        [
            .. others.Where(t => Math.Abs(t.Name.Length - name.Length) <= most && t.Shape.AsSpan().SequenceEqual(shape)).Take(MostCandidates)
                .Select(t => (t.Name, BinaryViTPresets.EditDistance(name, t.Name))).Where(t => t.Item2 <= most),
        ];
        return near.Length > 0 ? $" (is it '{near.MinBy(t => t.Edits).Name}'?)" : "";
    }

    private void CheckTensor(FloatTensor tensor, string name, int[] shape, List<string> faults)
    {
        if (!Fits(name, tensor.Shape, shape) || tensor.Length != FloatTensor.Count(tensor.Shape))
        {
            string per = _clips.TryGetValue(name, out int heads) && heads > 1 ? $" or [{heads}]" : "";
            faults.Add($"shape: {name} is {tensor.ShapeText} with {tensor.Length} values, expected {FloatTensor.Text(shape)}{per}");
            return;
        }
        float[] data = tensor.Data;
        int bad = AllFinite(data) ? -1 : Array.FindIndex(data, v => !float.IsFinite(v));
        if (bad >= 0)
        {
            faults.Add($"value: {name} is {data[bad]} at element {bad}, expected finite numbers");
        }
        else if (name.EndsWith(".running_var", StringComparison.Ordinal) && data.Any(v => v < 0))
        {
            faults.Add($"value: {name} has a negative variance, {data.Min()}");
        }
        else if (_clips.ContainsKey(name) && data.Any(v => v <= 0))
        {
            faults.Add($"value: {name} is {data.Min()}, expected a positive clip");
        }
    }

    private static bool AllFinite(ReadOnlySpan<float> values)
    {
        ReadOnlySpan<Vector128<float>> vectors = MemoryMarshal.Cast<float, Vector128<float>>(values);
        Vector128<float> finite = Vector128<float>.AllBitsSet;
        foreach (Vector128<float> vector in vectors)
        {
            finite &= Vector128.LessThan(Vector128.Abs(vector), Vector128.Create(float.PositiveInfinity));
        }

        bool all = Vector128.EqualsAll(finite.AsInt32(), Vector128<int>.AllBitsSet);
        foreach (float value in values[(vectors.Length * Vector128<float>.Count)..])
        {
            all &= float.IsFinite(value);
        }

        return all;
    }

    private bool Fits(string name, int[] found, int[] expected)
    {
        if (_clips.TryGetValue(name, out int heads))
        {
            return found.Length == 0 || (found.Length == 1 && (found[0] == 1 || found[0] == heads));
        }

        return found.AsSpan().SequenceEqual(expected)
            || (_loose.Contains(name) && expected.AsSpan().EndsWith(found) && expected[..^found.Length].All(size => size == 1));
    }
}
