using System.Diagnostics;
using TorchSharp;
using TorchSharp.Interop;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EdgeVit.Torch.Tests;

// Live tensors are counted for the whole process: no other test may run beside these.
[CollectionDefinition(nameof(MemoryTests), DisableParallelization = true)]
public sealed class MemoryCollection
{
}

[Collection(nameof(MemoryTests))]
public sealed class MemoryTests
{
    [Fact]
    public void TenThousandStepsKeepMemoryFlat()
    {
        Collect();
        using Linear layer = nn.Linear(8, 8);
        using AdamW optimizer = optim.AdamW(layer.parameters(), 1e-3, weight_decay: 0.01);
        using Tensor x = randn(4, 8);
        Step(layer, optimizer, x, 200);
        Collect();
        long live = Native.ev_live();
        long before = Resident();
        Step(layer, optimizer, x, 10_000);
        Collect();
        Assert.Equal(live, Native.ev_live());
        Assert.True(Resident() - before < 24L << 20, $"resident memory grew by {(Resident() - before) >> 10} KiB in 10,000 steps");
    }

    [Fact]
    public void AFailedBackwardLeavesNothingBehind()
    {
        Collect();
        long live = Native.ev_live();
        for (int i = 0; i < 100; i++)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor y = ThrowingFunction.apply(tensor([1f], requires_grad: true));
            Assert.ThrowsAny<Exception>(() => y.backward());
        }
        Collect();
        Assert.Equal(live, Native.ev_live());
    }

    [Fact]
    public void AnAbandonedGraphIsFreed()
    {
        Collect();
        long live = Native.ev_live();
        for (int i = 0; i < 100; i++) Abandon();
        Collect();
        Assert.Equal(live, Native.ev_live());
    }

    private static void Abandon()
    {
        Tensor x = tensor([1f, 2f], requires_grad: true);
        _ = SignFunction.apply(x, 1.0) + DivideFunction.apply(x, x)[0];
    }

    private static void Step(Linear layer, AdamW optimizer, Tensor x, int count)
    {
        for (int i = 0; i < count; i++)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor y = SignFunction.apply(layer.call(x), 1.0);
            nn.functional.mse_loss(y, x).backward();
            optimizer.step();
            optimizer.zero_grad();
        }
    }

    private static void Collect()
    {
        for (int i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }

    private static long Resident()
    {
        using Process process = Process.GetCurrentProcess();
        return process.WorkingSet64;
    }
}
