using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Torch.Tests;

public sealed class ScopeTests
{
    [Fact]
    public void AScopeDisposesWhatWasMadeInIt()
    {
        Tensor inner, outer, kept;
        using (DisposeScope first = NewDisposeScope())
        {
            using (DisposeScope second = NewDisposeScope())
            {
                inner = ones(1);
                outer = (inner + 1).MoveToOuterDisposeScope();
                kept = ones(1).DetachFromDisposeScope();
                Assert.Equal(1, second.DisposablesCount);
                Assert.True(second.Contains(inner));
            }
            Assert.True(inner.IsInvalid);
            Assert.Equal(2f, outer.item<float>());
        }
        Assert.True(outer.IsInvalid);
        Assert.False(kept.IsInvalid);
        kept.Dispose();
        Assert.Throws<ObjectDisposedException>(() => kept.sum());
    }

    [Fact]
    public void ObjectsMoveBetweenScopes()
    {
        using DisposeScope outer = NewDisposeScope();
        Tensor a, b, c;
        using (DisposeScope inner = NewDisposeScope())
        {
            (a, b) = inner.MoveToOuter(ones(1), ones(1));
            c = ones(1);
            outer.Attach(c);
            Tensor rest = ones(1);
            Assert.Same(rest, inner.DisposeEverythingBut(rest));
            rest.Dispose();
        }
        Assert.False(a.IsInvalid || b.IsInvalid || c.IsInvalid);
        Assert.Equal(3, outer.DisposablesCount);
        outer.DisposeEverything();
        Assert.True(a.IsInvalid && b.IsInvalid && c.IsInvalid);
    }

    [Fact]
    public void AWrappedExpressionKeepsOnlyItsResult()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor result = WrappedTensorDisposeScope(() => (ones(2) + 1) * 3);
        Assert.Equal(1, scope.DisposablesCount);
        Assert.Equal(12f, result.sum().item<float>());
    }

    [Fact]
    public void ScopesMustNest()
    {
        DisposeScope outer = NewDisposeScope();
        DisposeScope inner = NewDisposeScope();
        Assert.Throws<InvalidOperationException>(outer.Dispose);
        inner.Dispose();
        outer.Dispose();
        Assert.Null(CurrentDisposeScope);
    }

    [Fact]
    public void ScopesBelongToTheirThread()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor made = null!;
        var thread = new Thread(() => made = ones(1));
        thread.Start();
        thread.Join();
        Assert.Equal(0, scope.DisposablesCount);
        made.Dispose();
    }

    [Fact]
    public void GradModesNest()
    {
        Assert.True(is_grad_enabled());
        using (no_grad())
        {
            Assert.False(is_grad_enabled());
            using (enable_grad()) Assert.True(is_grad_enabled());
            Assert.False(is_grad_enabled());
        }
        Assert.True(is_grad_enabled());
        using (inference_mode()) Assert.True(is_inference_mode_enabled());
        Assert.False(is_inference_mode_enabled());
    }

    [Fact]
    public void TheRandomStateCanBeRestored()
    {
        using DisposeScope scope = NewDisposeScope();
        using Generator own = new(5);
        Tensor ownState = own.get_state();
        float[] first = rand([5], generator: own).data<float>().ToArray();
        own.set_state(ownState);
        Assert.Equal(first, rand([5], generator: own).data<float>().ToArray());
        own.manual_seed(5);
        Assert.Equal(first, rand([5], generator: own).data<float>().ToArray());
        Assert.Equal(5, own.initial_seed());
    }
}
