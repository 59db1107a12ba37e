using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>Receives the values that a network computes on its way, under the names of the exported graph's values.</summary>
internal interface ITapSink
{
    /// <summary>One value of a batch: tokens <c>[B * N, C]</c> in float; signs and bits as ±1. Valid only during the call.</summary>
    void Tap(string name, Tensor value);
}

/// <summary>The switch that the modules of one network share: with a sink, every module reports what it computes; without, a test and nothing else.</summary>
internal sealed class Taps
{
    /// <summary>The receiver, or null.</summary>
    public ITapSink? Sink { get; set; }

    /// <summary>Whether anyone listens.</summary>
    internal bool On => Sink is not null;

    internal void Report(string name, Tensor value) => Sink?.Tap(name, value);
}
