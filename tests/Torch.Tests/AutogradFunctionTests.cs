using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Torch.Tests;

public sealed class SignFunction : autograd.SingleTensorFunction<SignFunction>
{
    public override string Name => nameof(SignFunction);

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var x = (Tensor)vars[0];
        ctx.save_for_backward([x]);
        ctx.save_data("slope", vars[1]);
        return x.sign();
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        Tensor x = ctx.get_saved_variables()[0];
        var slope = (double)ctx.get_data("slope")!;
        return [grad_output * (2 - (x.abs() * 2)).clamp_min(0) * slope, null!];
    }
}

public sealed class DivideFunction : autograd.MultiTensorFunction<DivideFunction>
{
    public override string Name => nameof(DivideFunction);

    public override List<Tensor> forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var (a, b) = ((Tensor)vars[0], (Tensor)vars[1]);
        Tensor quotient = a / b, product = a * b;
        ctx.save_for_backward([a, b, quotient]);
        return [quotient, product];
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, List<Tensor> grad_outputs)
    {
        List<Tensor> saved = ctx.get_saved_variables();
        (Tensor a, Tensor b, Tensor quotient) = (saved[0], saved[1], saved[2]);
        return [(grad_outputs[0] / b) + (grad_outputs[1] * b), (-(grad_outputs[0] * quotient / b)) + (grad_outputs[1] * a)];
    }
}

public sealed class ThrowingFunction : autograd.SingleTensorFunction<ThrowingFunction>
{
    public override string Name => nameof(ThrowingFunction);

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars) => ((Tensor)vars[0]) + 1;

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
        => throw new InvalidDataException("the backward pass of the test");
}

public sealed class DoubleInPlaceFunction : autograd.SingleTensorFunction<DoubleInPlaceFunction>
{
    public override string Name => nameof(DoubleInPlaceFunction);

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var x = (Tensor)vars[0];
        ctx.mark_dirty([x]);
        return x.mul_(2);
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output) => [grad_output * 2];
}

public sealed class SortFunction : autograd.MultiTensorFunction<SortFunction>
{
    public override string Name => nameof(SortFunction);

    public override List<Tensor> forward(autograd.AutogradContext ctx, params object[] vars)
    {
        (Tensor values, Tensor order) = ((Tensor)vars[0]).sort();
        ctx.mark_non_differentiable([order]);
        ctx.save_for_backward([order]);
        return [values, order];
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, List<Tensor> grad_outputs)
        => [zeros_like(grad_outputs[0]).scatter_(0, ctx.get_saved_variables()[0], grad_outputs[0])];
}

public sealed class TooManyFunction : autograd.SingleTensorFunction<TooManyFunction>
{
    public override string Name => nameof(TooManyFunction);

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        if (vars.Length > 1) throw new InvalidDataException("the forward pass of the test");
        return ((Tensor)vars[0]) * 2;
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output) => [grad_output, grad_output];
}

public sealed class AutogradFunctionTests
{
    [Fact]
    public void OutputsWithoutGradientStayOutsideTheGraph()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = tensor([3f, 1f, 2f], requires_grad: true);
        List<Tensor> sorted = SortFunction.apply(x);
        Assert.False(sorted[1].requires_grad);
        (sorted[0] * tensor([1f, 10f, 100f])).sum().backward();
        Assert.Equal([100f, 1f, 10f], x.grad!.data<float>().ToArray());
    }

    [Fact]
    public void MistakesOfAFunctionAreNamed()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = tensor([1f], requires_grad: true);
        Assert.Contains("TooManyFunction.backward returned 2 gradients", Assert.Throws<ExternalException>(()
            => TooManyFunction.apply(x).backward()).Message);
        Assert.Throws<InvalidDataException>(() => TooManyFunction.apply(x, 1));
        Assert.True(is_grad_enabled());
        Assert.Same(scope, CurrentDisposeScope);
    }

    [Fact]
    public void SingleOutputGivesTheWrittenGradient()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = tensor([-2f, -0.5f, 0.25f, 1.5f]).requires_grad_();
        Tensor y = SignFunction.apply(x, 3.0);
        Assert.Equal([-1f, -1f, 1f, 1f], y.data<float>().ToArray());
        Assert.True(y.requires_grad);
        y.sum().backward();
        Assert.Equal([0f, 3f, 4.5f, 0f], x.grad!.data<float>().ToArray());
    }

    [Fact]
    public void WithoutGradientsNoGraphIsMade()
    {
        using DisposeScope scope = NewDisposeScope();
        Assert.False(SignFunction.apply(tensor([1f]), 1.0).requires_grad);
        using (no_grad()) Assert.False(SignFunction.apply(tensor([1f], requires_grad: true), 1.0).requires_grad);
    }

    [Fact]
    public void SeveralOutputsAgreeWithFiniteDifferences()
    {
        using DisposeScope scope = NewDisposeScope();
        double[] a0 = [0.7, -1.2, 2.0], b0 = [1.5, 0.8, -1.1];
        Tensor a = tensor(a0).requires_grad_(), b = tensor(b0).requires_grad_();
        List<Tensor> r = DivideFunction.apply(a, b);
        (r[0].pow(2) + r[1].sin()).sum().backward();
        double F(double[] p, double[] q) => p.Zip(q, (x, y) => Math.Pow(x / y, 2) + Math.Sin(x * y)).Sum();
        for (int i = 0; i < 3; i++)
        {
            const double H = 1e-6;
            double[] up = [.. a0], down = [.. a0], upB = [.. b0], downB = [.. b0];
            (up[i], down[i], upB[i], downB[i]) = (up[i] + H, down[i] - H, upB[i] + H, downB[i] - H);
            Assert.Equal((F(up, b0) - F(down, b0)) / (2 * H), a.grad!.data<double>()[i], 1e-7);
            Assert.Equal((F(a0, upB) - F(a0, downB)) / (2 * H), b.grad!.data<double>()[i], 1e-7);
        }
    }

    [Fact]
    public void AnUnusedOutputArrivesAsZeros()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor a = tensor([4.0], requires_grad: true), b = tensor([2.0], requires_grad: true);
        DivideFunction.apply(a, b)[1].backward([ones_like(a)]);
        Assert.Equal(2.0, a.grad!.item<double>());
        Assert.Equal(4.0, b.grad!.item<double>());
    }

    [Fact]
    public void AnExceptionInBackwardComesOutOfBackward()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor y = ThrowingFunction.apply(tensor([1f], requires_grad: true));
        var error = Assert.Throws<ExternalException>(() => y.backward());
        Assert.Contains("the backward pass of the test", error.Message);
        Assert.IsType<InvalidDataException>(error.InnerException);
        Assert.Same(scope, CurrentDisposeScope);
    }

    [Fact]
    public void AChangedSavedTensorIsNoticed()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = (tensor([1f], requires_grad: true) * 2).detach_().requires_grad_();
        Tensor y = SignFunction.apply(x, 1.0);
        using (no_grad()) x.add_(1);
        var error = Assert.Throws<ExternalException>(() => y.backward());
        Assert.Contains("modified by an inplace operation", error.Message);
    }

    [Fact]
    public void InPlaceFunctionsWork()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = tensor([3f], requires_grad: true);
        Tensor inner = x * 5;
        Tensor y = DoubleInPlaceFunction.apply(inner);
        Assert.Equal(30f, y.item<float>());
        y.backward();
        Assert.Equal(10f, x.grad!.item<float>());
    }

    [Fact]
    public void BackwardTwiceNeedsARetainedGraph()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = tensor([0.5f], requires_grad: true);
        Tensor y = SignFunction.apply(x, 1.0);
        y.backward(retain_graph: true);
        y.backward();
        Assert.Equal(2f, x.grad!.item<float>());
        Assert.Throws<ExternalException>(() => y.backward());
    }

    [Fact]
    public void FunctionsRunOnSeveralThreads()
    {
        Parallel.For(0, 8, new ParallelOptions { MaxDegreeOfParallelism = 4 }, _ =>
        {
            for (int i = 0; i < 50; i++)
            {
                using DisposeScope scope = NewDisposeScope();
                Tensor x = tensor([0.25f], requires_grad: true);
                SignFunction.apply(SignFunction.apply(x, 1.0) * x, 1.0).backward();
                Assert.Equal(((2 - 0.5f) * 0.25f * 1.5f) + 1.5f, x.grad!.item<float>(), 1e-5f);
            }
        });
    }
}
