using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace EdgeVit.Torch.Tests;

public sealed class ModuleTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    private sealed class Block : nn.Module<Tensor, Tensor>
    {
        private readonly Parameter _scale = nn.Parameter(ones(3));
        [ComponentName(Name = "steps")]
        private readonly Tensor _count = zeros(1);
        private readonly ModuleList<Linear> layer = nn.ModuleList(nn.Linear(3, 3), nn.Linear(3, 3, hasBias: false));
        private readonly BatchNorm1d norm = nn.BatchNorm1d(3);
        private readonly string _note = "not a component";

        public Block() : base(nameof(Block)) => RegisterComponents();

        public override Tensor forward(Tensor input)
        {
            _count.add_(_note.Length > 0 ? 1 : 0);
            foreach (Linear one in layer) input = one.call(input);
            return norm.call(input) * _scale;
        }
    }

    [Fact]
    public void ComponentsAreNamedAfterTheirFields()
    {
        using var block = new Block();
        Assert.Equal(["_scale", "layer.0.weight", "layer.0.bias", "layer.1.weight", "norm.weight", "norm.bias"],
            block.named_parameters().Select(p => p.name));
        Assert.Equal(["steps", "norm.running_mean", "norm.running_var", "norm.num_batches_tracked"],
            block.named_buffers().Select(b => b.name));
        Assert.Equal(10, block.state_dict().Count);
        Assert.Equal(["layer", "norm", "layer.0", "layer.1"], block.named_modules().Select(m => m.name));
        Assert.True(block.has_parameter("layer.0.bias"));
        Assert.False(block.has_parameter("layer.1.bias"));
        Assert.NotNull(block.get_buffer("norm.running_var"));
    }

    [Fact]
    public void StateSurvivesAFileAndADictionary()
    {
        using var first = new Block();
        using var second = new Block();
        first.call(randn(5, 3));
        using var file = new MemoryStream();
        using (var writer = new BinaryWriter(file, System.Text.Encoding.UTF8, leaveOpen: true)) first.save(writer);
        Assert.Equal(10, file.GetBuffer()[0]);
        file.Position = 0;
        second.load(file);
        foreach ((string name, Tensor value) in first.state_dict()) Assert.True(value.equal(second.state_dict()[name]), name);

        using var third = new Block();
        third.load_state_dict(first.state_dict());
        Assert.True(first.get_parameter("layer.0.weight")!.equal(third.get_parameter("layer.0.weight")!));
        Dictionary<string, Tensor> less = first.state_dict();
        less.Remove("_scale");
        less["other"] = ones(1);
        Assert.Contains("_scale", Assert.Throws<InvalidOperationException>(() => third.load_state_dict(less)).Message);
        (IList<string> missing, IList<string> unexpected) = third.load_state_dict(less, strict: false);
        Assert.Equal(["_scale"], missing);
        Assert.Equal(["other"], unexpected);
    }

    [Fact]
    public void ATensorFileHasTheFormatOfTorchSharp()
    {
        using var file = new MemoryStream();
        using var writer = new BinaryWriter(file);
        tensor([1f, 2f], [1, 2]).Save(writer);
        byte[] expected = [6, 2, 1, 2, .. BitConverter.GetBytes(1f), .. BitConverter.GetBytes(2f)];
        Assert.Equal(expected, file.ToArray());
        file.Position = 0;
        using var reader = new BinaryReader(file);
        Assert.Equal([1f, 2f], TensorExtensionMethods.Load(reader).data<float>().ToArray());
        file.Position = 0;
        Assert.Throws<ArgumentException>(() => ones(3).Load(reader));
    }

    [Fact]
    public void TrainingAndEvaluationReachEveryModule()
    {
        using var block = new Block();
        Assert.True(block.training);
        block.eval();
        Assert.All(block.modules(), m => Assert.False(m.training));
        block.train();
        Assert.All(block.modules(), m => Assert.True(m.training));
    }

    [Fact]
    public void ModulesConvertInPlace()
    {
        using var block = new Block();
        Assert.Same(block, block.to(ScalarType.Float64));
        Assert.All(block.parameters(), p => Assert.Equal(ScalarType.Float64, p.dtype));
        Assert.Equal(ScalarType.Int64, block.get_buffer("norm.num_batches_tracked")!.dtype);
        Assert.Equal(ScalarType.Float64, block.call(randn([4, 3], ScalarType.Float64)).dtype);
        Assert.All(block.parameters(), p => Assert.True(p.requires_grad));
    }

    [Fact]
    public void GradientsCanBeDroppedAndClipped()
    {
        using Linear layer = nn.Linear(2, 1);
        layer.call(tensor([3f, 4f], [1, 2])).sum().backward();
        double norm = nn.utils.clip_grad_norm_(layer.parameters(), 1.0);
        Assert.Equal(Math.Sqrt(26), norm, 1e-5);
        Assert.Equal(1.0, nn.utils.clip_grad_norm_(layer.parameters(), 10.0), 1e-5);
        nn.utils.clip_grad_value_(layer.parameters(), 0.1);
        Assert.Equal(0.1f, layer.weight.grad!.max().item<float>(), 1e-6f);
        layer.zero_grad();
        Assert.Null(layer.weight.grad);
        Tensor vector = nn.utils.parameters_to_vector(layer.parameters());
        nn.utils.vector_to_parameters(vector * 0 + 1, layer.parameters());
        Assert.Equal(3f, nn.utils.parameters_to_vector(layer.parameters()).sum().item<float>());
    }

    [Fact]
    public void BatchNormFollowsItsFormula()
    {
        using BatchNorm2d norm = nn.BatchNorm2d(1, momentum: 0.5);
        Tensor x = tensor([1f, 3f], [2, 1, 1, 1]);
        float[] y = norm.call(x).data<float>().ToArray();
        Assert.Equal(-1 / MathF.Sqrt(1 + 1e-5f), y[0], 1e-6f);
        Assert.Equal(1f, norm.running_mean!.item<float>(), 1e-6f);
        Assert.Equal(1.5f, norm.running_var!.item<float>(), 1e-6f);
        Assert.Equal(1L, norm.num_batches_tracked!.item<long>());
        norm.eval();
        Assert.Equal(2 / MathF.Sqrt(1.5f + 1e-5f), norm.call(x).data<float>().ToArray()[1], 1e-6f);
        Assert.Throws<ArgumentException>(() => norm.call(ones(2, 1)));
    }

    [Fact]
    public void LayersMatchHandComputedValues()
    {
        Assert.Equal([3f, 7f, 3f, 7f], F.avg_pool2d(tensor([1f, 3f, 5f, 7f, 1f, 3f, 5f, 7f], [1, 2, 2, 2]),
            new long[] { 1, 2 }).data<float>().ToArray().Select(v => v + 1));
        Tensor image = arange(16).to(ScalarType.Float32).view(1, 1, 4, 4);
        Assert.Equal([5f, 7f, 13f, 15f], F.max_pool2d(image, 2).data<float>().ToArray());
        Assert.Equal([7.5f], F.adaptive_avg_pool2d(image, 1).data<float>().ToArray());
        Assert.Equal([0f, 2f, 8f, 10f], F.interpolate(image, [2, 2]).data<float>().ToArray());
        Assert.Equal([1L, 1L, 6L, 8L], F.pad(image, (2, 2, 1, 1)).shape);
        Assert.Equal([1L, 4L, 9L], F.unfold(image, 2).shape);
        Assert.Equal([0f, 1f, 0f], F.one_hot(tensor([1L]), 3).to(ScalarType.Float32).data<float>().ToArray());
        Tensor kernel = ones(1, 1, 2, 2);
        Assert.Equal([10f, 14f, 18f, 26f, 30f, 34f, 42f, 46f, 50f], F.conv2d(image, kernel).data<float>().ToArray());
        using Conv2d conv = nn.Conv2d(2, 4, 3, padding: 1, stride: 2, groups: 2, bias: false);
        Assert.Equal([4L, 1L, 3L, 3L], conv.weight.shape);
        Assert.Equal([1L, 4L, 4L, 4L], conv.call(ones(1, 2, 8, 8)).shape);
        using Conv2d same = nn.Conv2d(1, 1, 3, Padding.Same);
        Assert.Equal([1L, 1L, 5L, 5L], same.call(ones(1, 1, 5, 5)).shape);
        Assert.Equal([-1f, 1f], F.layer_norm(tensor([1f, 3f]), [2]).data<float>().ToArray(), (a, b) => MathF.Abs(a - b) < 1e-4f);
        Assert.Equal([0.6f, 0.8f], F.normalize(tensor([3f, 4f], [1, 2])).data<float>().ToArray(), (a, b) => MathF.Abs(a - b) < 1e-6f);
        using Sequential chain = nn.Sequential(("a", nn.Linear(2, 3)), ("b", nn.ReLU()));
        Assert.Equal(["a.weight", "a.bias"], chain.named_parameters().Select(p => p.name));
        Assert.True(chain.call(randn(4, 2)).min().item<float>() >= 0);
        using Dropout dropout = nn.Dropout(0.5);
        Assert.Equal([0f, 2f], dropout.call(ones(100)).unique());
        dropout.eval();
        Assert.Equal(100f, dropout.call(ones(100)).sum().item<float>());
    }

    [Fact]
    public void LossesMatchTheirFormulas()
    {
        Tensor logits = tensor([1f, 2f, 3f], [1, 3]);
        double z = Math.Exp(1) + Math.Exp(2) + Math.Exp(3);
        Assert.Equal(-Math.Log(Math.Exp(3) / z), F.cross_entropy(logits, tensor([2L])).item<float>(), 1e-6);
        double smooth = (-0.9 * Math.Log(Math.Exp(3) / z)) - (0.1 / 3 * (1 + 2 + 3 - (3 * Math.Log(z))));
        Assert.Equal(smooth, F.cross_entropy(logits, tensor([2L]), label_smoothing: 0.1).item<float>(), 1e-6);
        Tensor p = logits.log_softmax(1), q = tensor([3f, 2f, 1f], [1, 3]).log_softmax(1);
        double divergence = q.data<float>().ToArray().Zip(p.data<float>().ToArray(), (t, i) => Math.Exp(t) * (t - i)).Sum();
        Assert.Equal(divergence / 3, F.kl_div(p, q).item<float>(), 1e-6);
        Assert.Equal(divergence, F.kl_div(p, q, reduction: nn.Reduction.Sum).item<float>(), 1e-6);
        Assert.Equal(divergence / 3, F.kl_div(p, q.exp(), log_target: false).item<float>(), 1e-6);
        Assert.Equal(2.5f, F.mse_loss(tensor([1f, 2f]), tensor([2f, 4f])).item<float>());
        using CrossEntropyLoss loss = nn.CrossEntropyLoss();
        Assert.Equal(-Math.Log(Math.Exp(3) / z), loss.call(logits, tensor([2L])).item<float>(), 1e-6);
    }

    [Fact]
    public void InitialValuesStayInTheirBounds()
    {
        Tensor w = empty(64, 32);
        nn.init.kaiming_uniform_(w, Math.Sqrt(5));
        Assert.True(w.abs().max().item<float>() <= 1 / Math.Sqrt(32));
        nn.init.xavier_uniform_(w);
        Assert.True(w.abs().max().item<float>() <= Math.Sqrt(6.0 / 96));
        nn.init.trunc_normal_(w, std: 0.02, a: -0.04, b: 0.04);
        Assert.True(w.abs().max().item<float>() <= 0.04f);
        Assert.Equal(0.0176, w.std().item<float>(), 0.002);
        Assert.Equal((32L, 64L), nn.init.CalculateFanInAndFanOut(w));
        Assert.Equal(3f, nn.init.constant_(w, 3).mean().item<float>());
    }

    [Fact]
    public void HooksSeeInputsAndResults()
    {
        using Linear layer = nn.Linear(2, 2);
        int calls = 0;
        var remover = layer.register_forward_hook((_, x, y) =>
        {
            calls++;
            return y * 0;
        });
        Assert.Equal(0f, layer.call(ones(1, 2)).sum().item<float>());
        remover.remove();
        layer.call(ones(1, 2));
        Assert.Equal(1, calls);
    }
}

internal static class Extensions
{
    internal static IEnumerable<float> unique(this Tensor t) => t.data<float>().ToArray().Distinct().Order();
}
