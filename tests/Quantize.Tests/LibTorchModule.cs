using System.Runtime.CompilerServices;

namespace EdgeVit.Quantize.Tests;

/// <summary>Tests use tensors without a conversion around them.</summary>
internal static class LibTorchModule
{
    [ModuleInitializer]
    internal static void Load() => LibTorch.Load();
}
