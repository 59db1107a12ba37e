using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Torch.Tests;

// The default generator and the number of threads belong to the process: these tests run alone.
[Collection(nameof(MemoryTests))]
public sealed class GlobalStateTests
{
    [Fact]
    public void TheDefaultRandomStateCanBeRestored()
    {
        using DisposeScope scope = NewDisposeScope();
        manual_seed(11);
        Tensor start = get_rng_state();
        float[] first = Draw();
        Assert.NotEqual(first, Draw());
        set_rng_state(start);
        Assert.Equal(first, Draw());
        torch.random.manual_seed(11);
        Assert.Equal(first, Draw());
        Assert.Equal(11, initial_seed());

        static float[] Draw()
        {
            Tensor all = cat([rand(3), randn(3), nn.functional.dropout(ones(8), 0.5), randperm(5).to(ScalarType.Float32),
                zeros(4).bernoulli_()]);
            return all.data<float>().ToArray();
        }
    }

    [Fact]
    public void ThreadsCanBeSet()
    {
        int before = get_num_threads();
        set_num_threads(1);
        Assert.Equal(1, get_num_threads());
        set_num_threads(2);
        using Tensor a = ones(64, 64);
        using Tensor product = a.matmul(a);
        Assert.Equal(64f, product[3, 5].item<float>());
        set_num_threads(before);
    }

    [Fact]
    public void OneCannotRunOnAMissingGpu()
    {
        if (cuda.is_available()) return;
        Assert.Equal(0, cuda.device_count());
        cuda.synchronize();
        cuda.manual_seed(1);
        Assert.Contains("CUDA is not available", Assert.Throws<InvalidOperationException>(() => zeros([1], device: CUDA)).Message);
    }
}
