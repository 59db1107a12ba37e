using System.Buffers.Binary;
using System.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>Looks at the binary layers of a network in training, once an epoch and early in the first one, and warns while a run can still be saved.</summary>
internal sealed class HealthMonitor
{
    internal const string StateName = "signs";

    private const long First = 100;
    private const long LeastSteps = 50;
    private const int MostImages = 256;
    private const int LeastImages = 8;

    private readonly BinaryViT _model;
    private readonly PixelSource _source;
    private readonly int[] _indices;
    private readonly Device _device;
    private readonly long _steps;
    private readonly long _stepsPerEpoch;
    private readonly long _interval;
    private readonly HealthWarnings _warnings;
    private readonly (string Layer, LatentWeight Weight)[] _weights;
    private byte[][]? _signs;
    private long _at;

    private HealthMonitor(BinaryViT model, string phase, PixelSource source, IReadOnlyList<int> held, Device device, long steps, long stepsPerEpoch, IConvertProgress progress)
    {
        (_model, _source, _device, _steps, _stepsPerEpoch) = (model, source, device, steps, stepsPerEpoch);
        long least = Math.Clamp(steps / 10, 1, LeastSteps);
        _interval = stepsPerEpoch * ((least + stepsPerEpoch - 1) / stepsPerEpoch);
        _weights = [.. model.SignWeights()];
        _warnings = new HealthWarnings(phase, steps, progress);

        // Evenly over the held-out images, which are in order of class in many data sets; fewer where images are large.
        int count = Math.Min(held.Count, Math.Clamp(TrainSettings.EvaluationImages(source.Preprocess.Height), LeastImages, MostImages));
        _indices = [.. Enumerable.Range(0, count).Select(i => held[(int)((long)i * held.Count / count)])];
    }

    /// <summary>A monitor of a binary network; null for other networks and where no images are held out.</summary>
    internal static HealthMonitor? For(
        nn.Module<Tensor, Tensor> model, string phase, PixelSource source, IReadOnlyList<int> held, Device device, long steps, long stepsPerEpoch, IConvertProgress progress) =>
        model is BinaryViT { IsBinary: true } binary && held.Count > 0 ? new HealthMonitor(binary, phase, source, held, device, steps, stepsPerEpoch, progress) : null;

    /// <summary>Whether it is time to look.</summary>
    internal bool Due(long done) => done % _interval == 0 || done == _steps || (done == First && _interval > First);

    /// <summary>Looks, warns, and remembers the signs for the next time.</summary>
    internal BinarizerHealth Look(long done)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        Batch batch = BatchLoader.InOrder(_source, _indices, _indices.Length).Single();
        BinarizerHealth health = BinarizerHealth.Of(_model, batch.ToTensor(_source, _device));
        if (done != First || done % _interval == 0 || done == _steps)
        {
            health = health with { Findings = [.. health.Findings, .. Flips(done)] };
        }

        _warnings.Report(done, health, _indices.Length);
        return health;
    }

    /// <summary>What it needs to go on: the step and the signs at that step, a bit each. Null before the first epoch's end.</summary>
    internal byte[]? Save()
    {
        if (_signs is null)
        {
            return null;
        }

        byte[] bytes = new byte[sizeof(long) + _signs.Sum(s => s.Length)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, _at);
        int position = sizeof(long);
        foreach (byte[] signs in _signs)
        {
            signs.CopyTo(bytes, position);
            position += signs.Length;
        }
        return bytes;
    }

    /// <summary>Takes up what <see cref="Save"/> gave; bytes of another network are ignored.</summary>
    internal void Restore(byte[]? bytes)
    {
        int[] lengths = [.. _weights.Select(w => (int)((w.Weight.weight.numel() + 7) / 8))];
        if (bytes is null || bytes.Length != sizeof(long) + lengths.Sum())
        {
            return;
        }

        _at = BinaryPrimitives.ReadInt64LittleEndian(bytes);
        int position = sizeof(long);
        _signs = [.. lengths.Select(length => bytes.AsSpan((position += length) - length, length).ToArray())];
    }

    private IEnumerable<LayerFinding> Flips(long done)
    {
        byte[][] now = [.. _weights.Select(w => Pack(w.Weight))];
        byte[][]? before = _signs;
        double epochs = (double)(done - _at) / _stepsPerEpoch;
        (_signs, _at) = (now, done);
        if (before is null || epochs <= 0)
        {
            return [];
        }

        return _weights.Select((w, i) =>
            new LayerFinding(w.Layer, BinarizerHealth.Flips, 100.0 * Different(before[i], now[i]) / w.Weight.weight.numel() / Math.Max(1, epochs))).ToArray();
    }

    private static byte[] Pack(LatentWeight weight)
    {
        using IDisposable frozen = torch.no_grad();
        using DisposeScope scope = torch.NewDisposeScope();
        float[] values = ModelTensors.ToArray(weight.Argument());
        byte[] signs = new byte[(values.Length + 7) / 8];
        for (int i = 0; i < values.Length; i++)
        {
            signs[i / 8] |= (byte)((values[i] >= 0 ? 1 : 0) << (i % 8));
        }

        return signs;
    }

    private static long Different(byte[] a, byte[] b)
    {
        long count = 0;
        for (int i = 0; i < a.Length; i++)
        {
            count += BitOperations.PopCount((uint)(a[i] ^ b[i]));
        }

        return count;
    }
}
