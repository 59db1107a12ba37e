using System.Runtime.InteropServices;
using TorchSharp;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace EdgeVit.Torch.Tests;

public sealed class TensorTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    private static float[] Values(Tensor t) => t.to(ScalarType.Float32).contiguous().data<float>().ToArray();

    [Fact]
    public void CreationGivesTheAskedSizesTypesAndValues()
    {
        Assert.Equal([2L, 3L], zeros(2, 3).shape);
        Assert.Equal([1f, 1f], Values(ones(2)));
        Assert.Equal(ScalarType.Int64, ones([2], ScalarType.Int64).dtype);
        Assert.Equal([7f, 7f], Values(full([2], 7)));
        Assert.Equal(ScalarType.Int64, full([2], 7).dtype);
        Assert.Equal(ScalarType.Float32, full([2], 7.5).dtype);
        Assert.Equal([0f, 1f, 2f], Values(arange(3)));
        Assert.Equal(ScalarType.Int64, arange(3).dtype);
        Assert.Equal([1f, 1.5f, 2f], Values(arange(1.0, 2.25, 0.5)));
        Assert.Equal([1f, 0f, 0f, 1f], Values(eye(2)));
        Assert.Equal([0f, 0.5f, 1f], Values(linspace(0, 1, 3)));
        Assert.Equal([1f, 2f, 3f, 4f], Values(tensor(new[,] { { 1.0, 2.0 }, { 3.0, 4.0 } })));
        Assert.Equal([2L, 1L], from_array(new int[2, 1]).shape);
        Assert.Equal(ScalarType.Float32, tensor(new[] { 1L, 2L }, dtype: ScalarType.Float32).dtype);
        Assert.Equal([2L, 2L], tensor(new[] { 1f, 2f, 3f, 4f }, [2, 2]).shape);
        Assert.Equal([2f, 3f], Values(frombuffer(new[] { 1f, 2f, 3f }, ScalarType.Float32, 2, 1)));
        Assert.Equal([0f, 1f, 2f, 3f], Values(randperm(4).sort().Values));
        Assert.True(rand(1000).max().item<float>() < 1);
        Assert.Equal(0, empty(0).numel());
        Assert.Equal([0f, 0f], Values(zeros_like(ones(2))));
        Assert.True(zeros([1], requires_grad: true).requires_grad);
    }

    [Fact]
    public void WrongNumberOfValuesIsAnError()
        => Assert.Contains("12 bytes", Assert.Throws<ExternalException>(() => tensor(new[] { 1f, 2f, 3f }, [2, 2])).Message);

    [Fact]
    public void ArithmeticAndOperators()
    {
        Tensor a = tensor([1f, -2f, 3f]), b = tensor([2f, 4f, -1f]);
        Assert.Equal([3f, 2f, 2f], Values(a + b));
        Assert.Equal([-1f, -6f, 4f], Values(a - b));
        Assert.Equal([2f, -8f, -3f], Values(a * b));
        Assert.Equal([0.5f, -0.5f, -3f], Values(a / b));
        Assert.Equal([2f, -1f, 4f], Values(1 + a));
        Assert.Equal([0f, 3f, -2f], Values(1 - a));
        Assert.Equal([6f, -3f, 2f], Values(6.0 / a));
        Assert.Equal([-1f, 2f, -3f], Values(-a));
        Assert.Equal([5f, 6f, 1f], Values(a.add(b, alpha: 2)));
        Assert.Equal([1f, 4f, 9f], Values(a.pow(2)));
        Assert.Equal([1f, 1f, 1f], Values(a.div(tensor([1f, -2f, 2f]), RoundingMode.floor)));
        Assert.Equal([1f, 0f, 1f], Values(tensor([3L, 4L, 5L]) % 2));
        Tensor c = a.clone();
        Assert.Same(c, c.mul_(2).add_(b, alpha: -1).sub_(1).div_(2));
        Assert.Equal([-0.5f, -4.5f, 3f], Values(c));
        Assert.Equal([3f, -6f, 5f], Values(a.clone().addcmul_(tensor([1f, 2f, 1f]), tensor([2f, -2f, 2f]), 1)));
        Assert.Equal([2f, -1.5f, 2.5f], Values(a.clone().addcdiv_(tensor([2f, 2f, 1f]), tensor([1f, 2f, -1f]), 0.5)));
        Assert.Equal([1.5f, 1f, 1f], Values(a.clone().lerp_(b, tensor(0.5f))));
    }

    [Fact]
    public void ElementwiseFunctions()
    {
        Tensor x = tensor([-1.5f, 0f, 2.5f]);
        Assert.Equal([1.5f, 0f, 2.5f], Values(x.abs()));
        Assert.Equal([-1f, 0f, 1f], Values(x.sign()));
        Assert.Equal([-2f, 0f, 2f], Values(x.round()));
        Assert.Equal([-2f, 0f, 2f], Values(x.floor()));
        Assert.Equal([-1f, 0f, 1f], Values(x.clamp(-1, 1)));
        Assert.Equal([0f, 0f, 2.5f], Values(x.clamp((Scalar)0)));
        Assert.Equal([-1.5f, 0f, 1f], Values(x.clamp_max(1)));
        Assert.Equal([0f, 0f, 2.5f], Values(x.relu()));
        Assert.Equal([MathF.Exp(-1.5f), 1f, MathF.Exp(2.5f)], Values(x.exp()), (e, v) => MathF.Abs(e - v) < 1e-5f);
        Assert.Equal([0.5f, 0.25f], Values(tensor([4f, 16f]).rsqrt()));
        Assert.Equal([2f, 4f], Values(tensor([4f, 16f]).sqrt()));
        Assert.Equal(MathF.Log(3), tensor(3f).log().item<float>(), 1e-6f);
        Assert.Equal([-3f, 0f, 2.5f], Values(x.prelu(tensor([2f]))));
        Assert.Equal([true, false, false], x.lt(0).data<bool>().ToArray());
        Assert.Equal([false, true, false], (x == 0).data<bool>().ToArray());
        Assert.Equal([true, true, false], (x <= 0).data<bool>().ToArray());
        Assert.Equal([9f, 0f, 2.5f], Values(x.masked_fill(x < 0, 9)));
        Assert.Equal([9f, 9f, 2.5f], Values(where(x > 0, x, tensor(9f))));
        Assert.Equal([true, false, true], tensor([1f, float.NaN, 2f]).isfinite().data<bool>().ToArray());
        Assert.Equal([false, true, false], tensor([1f, float.NaN, 2f]).isnan().data<bool>().ToArray());
        Assert.Equal([0.5f, 0.5f], Values(tensor([3f, 3f]).softmax(0)));
        Assert.Equal([-MathF.Log(2), -MathF.Log(2)], Values(tensor([3f, 3f]).log_softmax(0)));
        Assert.Equal(0.8413447f, tensor(1f).gelu().item<float>(), 1e-6f);
        Assert.Equal(0.4769363f, tensor(0.5f).erfinv().item<float>(), 1e-6f);
    }

    [Fact]
    public void Reductions()
    {
        Tensor x = tensor([1f, 5f, 3f, 2f, 4f, 6f], [2, 3]);
        Assert.Equal(21f, x.sum().item<float>());
        Assert.Equal([3f, 9f, 9f], Values(x.sum(0L)));
        Assert.Equal([2L, 1L], x.sum([1], keepdim: true).shape);
        Assert.Equal([3f, 4f], Values(x.mean([1])));
        Assert.Equal(3.5f, x.mean().item<float>());
        Assert.Equal(3.5f, x.var().item<float>(), 1e-6f);
        Assert.Equal([4f, 4f], Values(x.var([1])));
        Assert.Equal([2f, 2f], Values(x.std([1])));
        Assert.Equal(MathF.Sqrt(91), x.norm().item<float>(), 1e-5f);
        Assert.Equal(6f, x.max().item<float>());
        (Tensor values, Tensor indices) = x.max(1);
        Assert.Equal([5f, 6f], Values(values));
        Assert.Equal([1L, 2L], indices.data<long>().ToArray());
        Assert.Equal([1L, 2L], x.argmax(1).data<long>().ToArray());
        Assert.Equal([5f, 3f, 6f, 4f], Values(x.topk(2).values));
        Assert.Equal([1f, 3f, 5f], Values(x.sort(1).Values[0]));
        Assert.Equal([1f, 4f], Values(x.amin([1]) + tensor([0f, 2f])));
        Assert.True((x > 0).all().item<bool>());
        Assert.False((x > 6).any().item<bool>());
        Assert.Equal([1f, 6f, 9f], Values(x[0].cumsum(0)));
        Assert.Equal([0f, 2f, 1f], Values(tensor([1L, 1L, 2L]).bincount(null)));
    }

    [Fact]
    public void ShapesAndViews()
    {
        Tensor x = arange(6).to(ScalarType.Float32).view(2, 3);
        Assert.Equal([0f, 3f, 1f, 4f, 2f, 5f], Values(x.t()));
        Assert.Equal([3L, 2L], x.permute(1, 0).shape);
        Assert.Equal([2L, 1L, 3L], x.unsqueeze(1).shape);
        Assert.Equal([2L, 3L], x.unsqueeze(1).squeeze(1).shape);
        Assert.Equal([6L], x.flatten().shape);
        Assert.Equal([3L, 1L, 2L], x.reshape(3, 1, -1).shape);
        Assert.Equal([4L, 2L, 3L], x.expand(4, -1, -1).shape);
        Assert.Equal([2L, 6L], x.repeat(1, 2).shape);
        Assert.Equal([1f, 2f, 4f, 5f], Values(x.narrow(1, 1, 2)));
        Assert.Equal([0f, 2f, 3f, 5f], Values(x.slice(1, 0, 3, 2)));
        Assert.Equal([3f, 4f, 5f], Values(x.select(0, 1)));
        Assert.Equal([3f, 4f, 5f, 0f, 1f, 2f], Values(x.index_select(0, tensor([1L, 0L]))));
        Assert.Equal([2f, 3f], Values(x.gather(1, tensor([2L, 0L], [2, 1]))));
        Assert.Equal([2L, 6L], cat([x, x], 1).shape);
        Assert.Equal([2L, 2L, 3L], stack([x, x]).shape);
        Assert.Equal([2L, 1L], x.split([2, 1], 1)[1].shape);
        Assert.Equal(3, x.unbind(1).Length);
        Assert.Equal([2f, 0f, 1f, 5f, 3f, 4f], Values(x.roll(1, 1)));
        Assert.Equal([2f, 1f, 0f, 5f, 4f, 3f], Values(x.flip(1)));
        Assert.False(x.t().is_contiguous());
        Assert.True(x.t().contiguous().is_contiguous());
        Assert.Equal([2L, 3L, 1L], x.unflatten(1, 3, 1).shape);
    }

    [Fact]
    public void Indexing()
    {
        Tensor x = arange(24).to(ScalarType.Float32).view(2, 3, 4);
        Assert.Equal(23f, x[1, 2, 3].item<float>());
        Assert.Equal([3f, 7f, 11f], Values(x[0, .., 3]));
        Assert.Equal([3f, 7f, 11f], Values(x[0, TensorIndex.Colon, ^1]));
        Assert.Equal([20f, 21f, 22f, 23f], Values(x[TensorIndex.Ellipsis, 2, TensorIndex.Colon][1]));
        Assert.Equal([2L, 1L, 3L, 4L], x[TensorIndex.Colon, TensorIndex.None].shape);
        Assert.Equal([1f, 2f], Values(x[0, 0, 1..3]));
        Assert.Equal([12f, 0f], Values(x[tensor([1L, 0L])][.., 0, 0]));
        Assert.Equal(3, x[x > 20].numel());
        x[0, 0] = zeros(4);
        x[TensorIndex.Single(1), TensorIndex.Slice(0, 2)] = tensor(-1f);
        Assert.Equal(0f, x[0, 0].sum().item<float>());
        Assert.Equal(-8f, x[1, 0..2].sum().item<float>());
        x.index_put_(5, 0, 0, 0);
        Assert.Equal(5f, x[0, 0, 0].item<float>());
    }

    [Fact]
    public void MatrixProducts()
    {
        Tensor a = tensor([1f, 2f, 3f, 4f], [2, 2]), b = tensor([0f, 1f, 1f, 0f], [2, 2]);
        Assert.Equal([2f, 1f, 4f, 3f], Values(a.matmul(b)));
        Assert.Equal([2f, 1f, 4f, 3f], Values(mm(a, b)));
        Assert.Equal([1L, 2L, 2L], bmm(a.unsqueeze(0), b.unsqueeze(0)).shape);
        Assert.Equal([2f, 1f, 4f, 3f], Values(einsum("ij,jk->ik", a, b)));
        Assert.Equal(11f, tensor([1f, 2f]).dot(tensor([3f, 4f])).item<float>());
    }

    [Fact]
    public void AShapeErrorIsAnExceptionWithoutBacktrace()
    {
        var error = Assert.Throws<ExternalException>(() => matmul(ones(2, 3), ones(2, 3)));
        Assert.Contains("2x3", error.Message);
        Assert.DoesNotContain("frame #", error.Message);
        Assert.Throws<ExternalException>(() => ones(2) + ones(3));
        Assert.Throws<ExternalException>(() => ones(2).view(3));
        Assert.Throws<ExternalException>(() => ones(2)[5]);
        Assert.Throws<ExternalException>(() => ones(2).backward());
    }

    [Fact]
    public void DataAndItems()
    {
        Tensor x = tensor([1f, 2f, 3f, 4f], [2, 2]);
        TensorAccessor<float> data = x.data<float>();
        Assert.Equal(4, data.Count);
        Assert.Equal(3f, data[1, 0]);
        data[1, 0] = 30;
        Assert.Equal([1f, 2f, 30f, 4f], data.ToArray());
        Assert.Equal([1f, 30f, 2f, 4f], x.t().data<float>().ToArray());
        data.CopyFrom([9f, 8f], 0, 1);
        Assert.Equal([1f, 9f, 8f, 4f], x.data<float>().ToArray());
        Assert.Equal(4f, data[3]);
        Assert.Equal(9f, x.t().data<float>()[2]);
        Assert.Equal(16, x.bytes.Length);
        x.bytes = new byte[16];
        Assert.Equal(0f, x.sum().item<float>());
        Assert.Equal(5f, tensor(5f).data<float>()[0]);
        Assert.Throws<ArgumentException>(() => x.data<double>());
        Assert.Throws<ArgumentException>(() => x.data<int>());
        Assert.Throws<InvalidOperationException>(() => x.t().bytes.Length);
        Assert.Throws<ArgumentException>(() => x.item<float>());
        Assert.Throws<ArgumentException>(() => tensor(1f).item<long>());
        Assert.Equal(5L, tensor(5L).item<long>());
        Assert.True(tensor(true).item<bool>());
        Assert.Equal(2.5f, (float)tensor(2.5));
        Assert.Equal(7, tensor(7.9).ToInt32());
        Assert.Throws<IndexOutOfRangeException>(() => data[2, 0]);
    }

    [Fact]
    public void ConversionsKeepOrCopy()
    {
        Tensor x = tensor([1.75f, -2.25f]);
        Assert.Equal([1L, -2L], x.to(ScalarType.Int64).data<long>().ToArray());
        Assert.Equal(ScalarType.BFloat16, x.bfloat16().dtype);
        Assert.Equal(ScalarType.Float64, x.to(tensor(1.0)).dtype);
        Tensor same = x.to(ScalarType.Float32);
        same.zero_();
        Assert.Equal(0f, x.sum().item<float>());
        Tensor copy = x.to(ScalarType.Float32, copy: true);
        copy.fill_(1);
        Assert.Equal(0f, x.sum().item<float>());
        Assert.Equal(DeviceType.CPU, x.to("cpu").device_type);
        Assert.Equal("cuda:1", new Device("cuda:1").ToString());
        Assert.Throws<ArgumentException>(() => new Device("gpu"));
        if (!cuda.is_available()) Assert.Throws<InvalidOperationException>(() => x.cuda());
        Assert.Equal(cuda.device_count() > 0, cuda.is_available());
    }

    [Fact]
    public void PrintingShowsValuesAndMetadata()
    {
        Assert.Contains("Float32", ones(2, 2).ToString());
        Assert.Contains("2.5", tensor([1f, 2.5f]).ToString(TensorStringStyle.Numpy));
        Assert.Contains("[2x3]", zeros(2, 3).ToString());
    }
}
