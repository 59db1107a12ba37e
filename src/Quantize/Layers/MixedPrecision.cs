using System.Runtime.Intrinsics.X86;
using TorchSharp;
using static EdgeVit.Quantize.Scalars;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace EdgeVit.Quantize;

/// <summary>Mixed precision: while a scope is open on a thread, matrix products and convolutions are computed in bfloat16, all else in float32, and
/// parameters stay float32. As torch's autocast, which the TorchSharp API does not have, with the conversions written out. The range of
/// bfloat16 is that of float32, so that losses need not be scaled.</summary>
internal static class MixedPrecision
{
    [ThreadStatic]
    private static bool s_on;

    /// <summary>Whether this processor has instructions for products of bfloat16.</summary>
    internal static bool Native { get; } = X86Base.IsSupported && Avx512F.IsSupported
        && X86Base.CpuId(7, 0).Eax >= 1 && (X86Base.CpuId(7, 1).Eax & (1 << 5)) != 0;

    /// <summary>Whether a scope is open on this thread.</summary>
    internal static bool On => s_on;

    /// <summary>Opens a scope, or suspends the one that is open; ends when disposed, on the same thread.</summary>
    internal static IDisposable Scope(bool on) => new Switch(on);

    /// <summary>What an option's value means on a device: bfloat16 where the device has it, with <c>auto</c>.</summary>
    /// <param name="name">One of the three names.</param>
    /// <returns><see cref="ConvertOptions.Float32"/> or <see cref="ConvertOptions.BFloat16"/>.</returns>
    internal static string For(string name, Device device) => name != ConvertOptions.Auto ? name : device.type == DeviceType.CUDA || Native ? ConvertOptions.BFloat16 : ConvertOptions.Float32;

    /// <summary><c>x w' + b</c> in float32.</summary>
    internal static Tensor Linear(Tensor x, Tensor weight, Tensor? bias = null)
    {
        if (!s_on)
        {
            return F.linear(x, weight, bias);
        }

        Tensor product = Product(x, weight).to(ScalarType.Float32);
        return bias is null ? product : product.add_(bias, One);
    }

    /// <summary><c>x w'</c> in the type that it was computed in: for a norm that sums in float32 by itself.</summary>
    internal static Tensor Product(Tensor x, Tensor weight) => s_on ? F.linear(Narrow(x), Narrow(weight)) : F.linear(x, weight);

    /// <summary>The matrix product in float32.</summary>
    internal static Tensor Matmul(Tensor a, Tensor b) => s_on ? matmul(Narrow(a), Narrow(b)).to(ScalarType.Float32) : matmul(a, b);

    /// <summary>A convolution in the type that it was computed in.</summary>
    internal static Tensor Conv2d(Tensor input, Tensor weight, long stride, long padding) =>
        F.conv2d(s_on ? Narrow(input) : input, s_on ? Narrow(weight) : weight, null, [stride, stride], [padding, padding]);

    private static Tensor Narrow(Tensor x) => x.to(ScalarType.BFloat16);

    private sealed class Switch : IDisposable
    {
        private readonly bool _before = s_on;

        internal Switch(bool on) => s_on = on;

        public void Dispose() => s_on = _before;
    }
}
