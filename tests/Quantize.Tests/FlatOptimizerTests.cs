using EdgeVit.Export;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EdgeVit.Quantize.Tests;

/// <summary>All parameters in one tensor, and the optimizers that move them in one pass, against TorchSharp's own.</summary>
public class FlatOptimizerTests
{
    private const int Steps = 25;
    private const double Rate = 5e-3, Factor = 0.1, Decay = 0.05, Momentum = 0.85;

    private static BinaryViTConfig Network { get; } = new(
        "flat", ImageSize: 16, PatchSize: 4, [new StageConfig(Depth: 1, Width: 32, FfnWidth: 64, Heads: 1, Reduction: 1)], Classes: 3);

    public static TheoryData<bool, bool> Forms => new() { { false, true }, { false, false }, { true, true }, { true, false } };

    /// <summary>Groups with and without decay, rates that change, gradients that are cut: the same numbers as TorchSharp's within a few roundings a step.</summary>
    [Theory]
    [MemberData(nameof(Forms))]
    public void StepsAreTorchs(bool nesterov, bool fused)
    {
        using var run = new Twins(nesterov, fused);
        for (int step = 0; step < Steps; step++)
        {
            run.Step(step);
        }

        run.RequireClose();
    }

    /// <summary>A state that TorchSharp wrote is taken up, and one of ours by TorchSharp.</summary>
    [Theory]
    [MemberData(nameof(Forms))]
    public void StatesAreTorchs(bool nesterov, bool fused)
    {
        using var run = new Twins(nesterov, fused);
        for (int step = 0; step < 3; step++)
        {
            run.Step(step);
        }

        byte[] theirs = Written(run.Reference.save_state_dict), ours = run.Optimizer.Save();
        Assert.Equal(theirs.Length, ours.Length);
        run.Optimizer.Restore(theirs);
        // What is read back is what was written: the rate apart, which the settings decide.
        Assert.Equal(theirs, run.Optimizer.Save());
        run.Reference.load_state_dict(Reader(ours));
        for (int step = 3; step < Steps; step++)
        {
            run.Step(step);
        }

        run.RequireClose();
    }

    [Fact]
    public void AStateOfAnotherOptimizerOrNetworkIsRefused()
    {
        using var adam = new Twins(nesterov: false, fused: true);
        using var other = new Twins(nesterov: true, fused: true);
        byte[] state = adam.Optimizer.Save();
        Assert.Contains("AdamW", Assert.Throws<ConvertException>(() => other.Optimizer.Restore(state)).Message, StringComparison.Ordinal);
        Assert.Throws<ConvertException>(() => adam.Optimizer.Restore(state[..^100]));
    }

    [Fact]
    public void ParametersStayViewsOfOneTensor()
    {
        using var folder = new TempFolder();
        torch.manual_seed(3);
        using var model = new BinaryViT(Network);
        Dictionary<string, float[]> before = Values(model);
        string path = folder.File("best.safetensors");
        Checkpoint.Save(path, model, null, TrainState.Start, new Dictionary<string, string>());
        using (var flat = new FlatParameters(model, IsClip))
        {
            Assert.Equal(before, Values(model));
            Check(flat);
            Assert.Equal(FlatParameters.Alignment * flat.Members.Sum(m => (m.Parameter.numel() + 15) / 16), flat.Length);

            Tensor images = torch.randn(4, 3, 16, 16);
            model.train();
            model.call(images).square().mean().backward();
            float[] once = Values(model, p => p.grad!)["vit.encoder.layer.0.output.dense.weight"];
            Assert.Contains(once, g => g != 0);
            Check(flat);
            // Backward passes add, in place.
            flat.ClearGradients();
            Assert.Equal(0, flat.Gradients.abs().sum().item<float>());
            model.call(images).square().mean().backward();
            model.call(images).square().mean().backward();
            Assert.All(once.Zip(Values(model, p => p.grad!)["vit.encoder.layer.0.output.dense.weight"]), p => Assert.Equal(2 * p.First, p.Second, 1e-6 + Math.Abs(p.First * 1e-4)));
            double expected = Math.Sqrt(model.parameters().Sum(p => p.grad!.to(ScalarType.Float64).square().sum().item<double>()));
            Assert.Equal(expected, flat.GradientNorm(0), expected * 1e-6);

            using (torch.no_grad())
            {
                flat.Values.fill_(7);
            }

            Assert.All(Values(model).Values, v => Assert.All(v, x => Assert.Equal(7, x)));
            Checkpoint.Load(path, model);
            Assert.Equal(before, Values(model));
            model.load_state_dict(model.state_dict().ToDictionary(p => p.Key, p => p.Value.clone()));
            model.to(torch.CPU);
            Check(flat);
        }
        // Afterwards the network is whole, without gradients.
        Assert.Equal(before, Values(model));
        Assert.All(model.parameters(), p => Assert.Null(p.grad));

        void Check(FlatParameters flat)
        {
            foreach (FlatMember member in flat.Members)
            {
                Assert.Equal(ModelTensors.ToArray(member.Parameter), ModelTensors.ToArray(FlatParameters.View(flat.Values, member)));
                Assert.True(Same(member.Parameter, FlatParameters.View(flat.Values, member)), member.Name);
                Assert.True(Same(member.Parameter.grad!, FlatParameters.View(flat.Gradients, member)), member.Name);
            }
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void LatentWeightsOfSignsCanRest(bool fused)
    {
        torch.manual_seed(4);
        using var model = new BinaryViT(Network);
        using var flat = new FlatParameters(model, IsClip);
        using var optimizer = new FlatAdamW(flat, Rate, Factor, Decay, fused);
        HashSet<string> signs = [.. model.SignWeights().Select(w => w.Layer + ".weight")];
        Dictionary<string, float[]> before = Values(model);
        flat.Gradients.fill_(1);
        optimizer.Step(1, flat.SignSegments);
        Dictionary<string, float[]> after = Values(model);
        Assert.NotEmpty(signs);
        Assert.All(before, p => Assert.Equal(signs.Contains(p.Key), p.Value.SequenceEqual(after[p.Key])));
        long resting = flat.Members.Where(m => signs.Contains(m.Name)).Sum(m => m.Parameter.numel());
        Assert.Equal(Math.Sqrt(flat.Length - resting), flat.GradientNorm(flat.SignSegments), 1e-3);
    }

    [Fact]
    public void TheMeanOfTheFlatTensorIsThatOfTheParameters()
    {
        torch.manual_seed(5);
        using var plain = new BinaryViT(Network);
        using var model = new BinaryViT(Network);
        model.load_state_dict(plain.state_dict());
        using var flat = new FlatParameters(model, IsClip);
        using var whole = new FloatAverage(model, 0.9, flat);
        using var each = new FloatAverage(plain, 0.9);
        for (int step = 0; step < 4; step++)
        {
            using (torch.no_grad())
            {
                foreach ((Parameter a, Parameter b) in plain.parameters().Zip(model.parameters()))
                {
                    Tensor move = torch.randn(a.shape);
                    a.add_(move);
                    b.add_(move);
                }
            }
            whole.Update();
            each.Update();
        }
        Assert.Equal(each.Save(), whole.Save());
        whole.Apply();
        each.Apply();
        Assert.Equal(Values(plain), Values(model));
    }

    [Fact]
    public void AWeightThatIsNoNumberIsNamed()
    {
        using var model = new BinaryViT(Network);
        using (torch.no_grad())
        {
            model.named_parameters().Single(p => p.name == "classifier.bias").parameter[1] = float.NaN;
        }

        Assert.Contains("classifier.bias[1] = NaN", Assert.Throws<ConvertException>(() => new FlatParameters(model, IsClip)).Message, StringComparison.Ordinal);
    }

    private static bool IsClip(string name, Parameter parameter) => name.EndsWith("att_prob_clip_log", StringComparison.Ordinal);

    private static bool Same(Tensor a, Tensor b) => System.Runtime.CompilerServices.Unsafe.AreSame(ref Lanes.Start(a), ref Lanes.Start(b));

    private static Dictionary<string, float[]> Values(nn.Module model, Func<Parameter, Tensor>? of = null) =>
        model.named_parameters().ToDictionary(p => p.name, p => ModelTensors.ToArray(of is null ? p.parameter : of(p.parameter)));

    private static byte[] Written(Action<BinaryWriter> write)
    {
        using var memory = new MemoryStream();
        using (var writer = new BinaryWriter(memory))
        {
            write(writer);
        }

        return memory.ToArray();
    }

    private static BinaryReader Reader(byte[] bytes) => new(new MemoryStream(bytes));

    /// <summary>Two equal networks, one moved by TorchSharp's optimizer and one by ours, with the same gradients.</summary>
    private sealed class Twins : IDisposable
    {
        private readonly BinaryViT _theirs = new(Network);
        private readonly BinaryViT _ours = new(Network);
        private readonly FlatParameters _flat;

        internal Twins(bool nesterov, bool fused)
        {
            torch.manual_seed(6);
            _ours.load_state_dict(_theirs.state_dict());
            _flat = new FlatParameters(_ours, IsClip);
            List<Parameter> usual = [], other = [];
            foreach ((string name, Parameter parameter) in _theirs.named_parameters())
            {
                (IsClip(name, parameter) ? other : usual).Add(parameter);
            }

            Reference = nesterov
                ? optim.SGD([new SGD.ParamGroup(usual, Rate, Momentum, 0, Decay, nesterov: true), new SGD.ParamGroup(other, Rate * Factor, Momentum, 0, Decay / Factor, nesterov: true)], Rate, Momentum, nesterov: true)
                : optim.AdamW([new AdamW.ParamGroup(usual, Rate, weight_decay: Decay), new AdamW.ParamGroup(other, Rate * Factor, weight_decay: 0)], Rate);
            Optimizer = nesterov ? new FlatNesterov(_flat, Rate, Factor, Decay, Momentum, fused) : new FlatAdamW(_flat, Rate, Factor, Decay, fused);
        }

        internal OptimizerHelper Reference { get; }

        internal FlatOptimizer Optimizer { get; }

        internal void Step(int step)
        {
            double rate = new LearningRate(Rate, 5, Steps).At(step);
            double most = step % 2 == 0 ? 1e9 : 3;
            foreach ((Parameter theirs, Parameter ours) in _theirs.parameters().Zip(_ours.parameters()))
            {
                Tensor gradient = torch.randn(theirs.shape) * Math.Pow(10, -(step % 4));
                theirs.grad = gradient;
                using (torch.no_grad())
                {
                    ours.grad!.copy_(gradient);
                }
            }
            double norm = nn.utils.clip_grad_norm_(_theirs.parameters(), most);
            foreach ((optim.ILearningRateController group, double factor) in Reference.ParamGroups.Zip([1, Factor]))
            {
                group.LearningRate = rate * factor;
            }

            Reference.step();
            Optimizer.Rate = rate;
            Assert.Equal(norm, _flat.GradientNorm(0), norm * 1e-5);
            Optimizer.Step(Math.Min(1, most / (norm + 1e-6)), 0);
        }

        /// <summary>Two units in the last place of a float a step, measured at the size that parameters have and moves add up to.</summary>
        internal void RequireClose()
        {
            double bound = Steps * 2 * Math.Pow(2, -23);
            foreach ((Parameter theirs, Parameter ours) in _theirs.parameters().Zip(_ours.parameters()))
            {
                Assert.All(ModelTensors.ToArray(theirs).Zip(ModelTensors.ToArray(ours)), p => Assert.Equal(p.First, p.Second, bound * Math.Max(1, Math.Abs(p.First))));
            }
        }

        public void Dispose()
        {
            Optimizer.Dispose();
            Reference.Dispose();
            _flat.Dispose();
            _theirs.Dispose();
            _ours.Dispose();
        }
    }
}
