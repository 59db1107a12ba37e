using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EdgeVit.Torch.Tests;

public sealed class OptimizerTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    private static void SetGrad(Parameter p, params float[] values) => p.grad = tensor(values);

    private static Parameter Param(params float[] values) => new(tensor(values));

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, false)]
    [InlineData(true, true)]
    public void AdamFollowsItsFormula(bool decoupled, bool doublePrecision)
    {
        const double Lr = 0.1, B1 = 0.8, B2 = 0.9, Eps = 1e-6, Decay = 0.05;
        var p = new Parameter(tensor(new[] { 1.0, -2.0 }, dtype: doublePrecision ? ScalarType.Float64 : ScalarType.Float32));
        OptimizerHelper optimizer = decoupled ? optim.AdamW([p], Lr, B1, B2, Eps, Decay) : optim.Adam([p], Lr, B1, B2, Eps, Decay);
        double[] expected = [1, -2], m = [0, 0], v = [0, 0];
        for (int step = 1; step <= 5; step++)
        {
            double[] g = [0.3 * step, -0.7];
            p.grad = tensor(g).to(p.dtype);
            optimizer.step();
            for (int i = 0; i < 2; i++)
            {
                double grad = g[i] + (decoupled ? 0 : Decay * expected[i]);
                if (decoupled) expected[i] *= 1 - (Lr * Decay);
                m[i] = (B1 * m[i]) + ((1 - B1) * grad);
                v[i] = (B2 * v[i]) + ((1 - B2) * grad * grad);
                expected[i] -= Lr / (1 - Math.Pow(B1, step)) * m[i] / ((Math.Sqrt(v[i]) / Math.Sqrt(1 - Math.Pow(B2, step))) + Eps);
            }
        }
        double[] actual = p.detach().to(ScalarType.Float64).data<double>().ToArray();
        Assert.Equal(expected[0], actual[0], doublePrecision ? 1e-13 : 2e-6);
        Assert.Equal(expected[1], actual[1], doublePrecision ? 1e-13 : 2e-6);
    }

    [Fact]
    public void TheFusedLoopAndTheOperatorsAgree()
    {
        Tensor start = randn(1003);
        var fused = new Parameter(start.clone());
        var plain = new Parameter(cat([start, start]).view(2, -1).t());
        Assert.False(plain.is_contiguous());
        using AdamW a = optim.AdamW([fused], 0.01, weight_decay: 0.1, amsgrad: true),
            b = optim.AdamW([plain], 0.01, weight_decay: 0.1, amsgrad: true);
        for (int i = 0; i < 4; i++)
        {
            Tensor g = randn(1003);
            fused.grad = g;
            plain.grad = cat([g, g]).view(2, -1).t();
            a.step();
            b.step();
        }
        Assert.True(fused.allclose(plain.select(1, 0), 1e-5, 1e-7));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void SgdFollowsItsFormula(bool nesterov)
    {
        const float Lr = 0.1f, Momentum = 0.9f, Decay = 0.01f;
        Parameter p = Param(1f);
        using SGD optimizer = optim.SGD([p], Lr, Momentum, 0, Decay, nesterov);
        float x = 1, buffer = 0;
        for (int step = 1; step <= 4; step++)
        {
            SetGrad(p, step);
            optimizer.step();
            float g = step + (Decay * x);
            buffer = step == 1 ? g : (Momentum * buffer) + g;
            x -= Lr * (nesterov ? g + (Momentum * buffer) : buffer);
        }
        Assert.Equal(x, p.item<float>(), 1e-5f);
    }

    [Fact]
    public void ParametersWithoutGradientsStay()
    {
        Parameter p = Param(1f), q = Param(1f);
        using AdamW optimizer = optim.AdamW([p, q], 0.1, weight_decay: 0.1);
        SetGrad(p, 1f);
        optimizer.step();
        Assert.Equal(1f, q.item<float>());
        Assert.NotEqual(1f, p.item<float>());
        Assert.Equal([1L, 0L], optimizer.state_dict().State.Select(s => ((AdamBase.State)s).step));
        optimizer.zero_grad();
        Assert.Null(p.grad);
    }

    [Fact]
    public void GroupsHaveTheirOwnSettings()
    {
        Parameter p = Param(1f), q = Param(1f);
        using AdamW optimizer = optim.AdamW([new AdamW.ParamGroup([p], lr: 0.1),
            new AdamW.ParamGroup([q], new AdamW.Options { weight_decay = 0.5 })], lr: 0.01);
        Assert.Equal([0.1, 0.01], optimizer.ParamGroups.Select(g => g.LearningRate));
        SetGrad(p, 1f);
        SetGrad(q, 1f);
        optimizer.step();
        Assert.Equal(0.9f, p.item<float>(), 1e-5f);
        Assert.Equal((1f * (1 - (0.01f * 0.5f))) - 0.01f, q.item<float>(), 1e-5f);
        Assert.Throws<ArgumentException>(() => optimizer.add_param_group(new AdamW.ParamGroup([p], lr: 1)));
    }

    [Theory]
    [InlineData("adamw")]
    [InlineData("sgd")]
    public void ARestoredOptimizerContinuesBitForBit(string kind)
    {
        OptimizerHelper Make(Parameter p)
            => kind == "sgd" ? optim.SGD([p], 0.05, 0.9) : optim.AdamW([p], 0.05, weight_decay: 0.1, amsgrad: true);
        Parameter straight = Param(1f, 2f, 3f), resumed = Param(1f, 2f, 3f);
        using OptimizerHelper a = Make(straight);
        OptimizerHelper b = Make(resumed);
        for (int i = 0; i < 3; i++) Both(i);
        using var file = new MemoryStream();
        using (var writer = new BinaryWriter(file, System.Text.Encoding.UTF8, leaveOpen: true)) b.save_state_dict(writer);
        b.Dispose();
        b = Make(resumed);
        file.Position = 0;
        using (var reader = new BinaryReader(file, System.Text.Encoding.UTF8, leaveOpen: true)) b.load_state_dict(reader);
        for (int i = 3; i < 6; i++) Both(i);
        Assert.True(straight.equal(resumed));
        using OptimizerHelper copy = Make(Param(0f, 0f, 0f));
        copy.load_state_dict(b.state_dict());
        file.Position = 0;
        using OptimizerHelper other = kind == "sgd" ? optim.AdamW([Param(1f)]) : optim.SGD([Param(1f)], 0.1);
        using var again = new BinaryReader(file);
        Assert.Throws<InvalidDataException>(() => other.load_state_dict(again));
        b.Dispose();

        void Both(int i)
        {
            SetGrad(straight, i, 1f, -i);
            SetGrad(resumed, i, 1f, -i);
            a.step();
            b.step();
        }
    }

    [Fact]
    public void TheClosureIsDifferentiated()
    {
        Parameter p = Param(2f);
        using SGD optimizer = optim.SGD([p], 0.1);
        Tensor? loss = optimizer.step(() =>
        {
            Tensor value = p.pow(2).sum();
            value.backward();
            return value;
        });
        Assert.Equal(4f, loss!.item<float>());
        Assert.Equal(1.6f, p.item<float>(), 1e-6f);
    }

    [Fact]
    public void SchedulesMatchTheirClosedForms()
    {
        Check(o => optim.lr_scheduler.LambdaLR(o, e => 1.0 / (1 + e)), e => 1.0 / (1 + e));
        Check(o => optim.lr_scheduler.StepLR(o, 3, 0.5), e => Math.Pow(0.5, e / 3));
        Check(o => optim.lr_scheduler.LinearLR(o, 0.1, 1, 4), e => 0.1 + (0.9 * Math.Min(e, 4) / 4));
        Check(o => optim.lr_scheduler.CosineAnnealingLR(o, 10, 0.2), e => 0.2 + (0.8 * (1 + Math.Cos(Math.PI * e / 10)) / 2));
        Check(o => optim.lr_scheduler.SequentialLR(o, [optim.lr_scheduler.LinearLR(o, 0.5, 1, 3),
            optim.lr_scheduler.CosineAnnealingLR(o, 5)], [3]),
            e => e < 3 ? 0.5 + (0.5 * e / 3) : (1 + Math.Cos(Math.PI * (e - 3) / 5)) / 2);
        Check(o => optim.lr_scheduler.OneCycleLR(o, 1, total_steps: 10, div_factor: 10, final_div_factor: 100, cycle_momentum: false),
            e
                => e <= 2 ? 1 + ((0.1 - 1) / 2 * (Math.Cos(Math.PI * e / 2) + 1)) : 0.001
                    + ((1 - 0.001) / 2 * (Math.Cos(Math.PI * (e - 2) / 7) + 1)));

        static void Check(Func<optim.Optimizer, optim.lr_scheduler.LRScheduler> make, Func<int, double> expected)
        {
            using SGD optimizer = optim.SGD([Param(1f)], 1.0);
            optim.lr_scheduler.LRScheduler schedule = make(optimizer);
            for (int epoch = 0; epoch < 9; epoch++)
            {
                Assert.Equal(expected(epoch), optimizer.ParamGroups.First().LearningRate, 1e-12);
                Assert.Equal(expected(epoch), schedule.get_last_lr().First(), 1e-12);
                schedule.step();
            }
            schedule.step(2);
            Assert.Equal(expected(2), optimizer.ParamGroups.First().LearningRate, 1e-12);
        }
    }

    [Fact]
    public void OneCycleMovesTheMomentumAgainstTheRate()
    {
        using AdamW optimizer = optim.AdamW([Param(1f)]);
        optim.lr_scheduler.LRScheduler schedule = optim.lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps: 10);
        var group = (optim.IBetas)optimizer.ParamGroups.First();
        Assert.Equal(0.95, group.Betas.Item1, 1e-12);
        schedule.step();
        schedule.step();
        Assert.Equal(0.85, group.Betas.Item1, 1e-12);
        Assert.Equal(0.1, optimizer.ParamGroups.First().LearningRate, 1e-12);
    }

    [Fact]
    public void GradientsOfFunctionsOfTheGradient()
    {
        Tensor x = tensor([3.0], requires_grad: true);
        Tensor first = autograd.grad([x.pow(3)], [x], create_graph: true)[0];
        Tensor second = autograd.grad([first], [x])[0];
        Assert.Equal(27.0, first.item<double>());
        Assert.Equal(18.0, second.item<double>());
        Tensor unused = tensor([1.0], requires_grad: true);
        Assert.Null(autograd.grad([x * 2], [x, unused], allow_unused: true)[1]);
    }
}
