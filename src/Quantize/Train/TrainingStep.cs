using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>One step of the optimizer: forward, backward, clipping of the gradient's norm, update.</summary>
internal sealed class TrainingStep : IDisposable
{
    private readonly ITrainingTask _task;
    private readonly TrainSettings _settings;
    private readonly PixelSource _source;
    private readonly Device _device;
    private readonly Parameter[] _parameters;
    private readonly Replicas? _replicas;
    private readonly List<double> _factors = [];

    internal TrainingStep(ITrainingTask task, TrainSettings settings, PixelSource source, Device device)
    {
        (_task, _settings, _source, _device) = (task, settings, source, device);
        _parameters = [.. task.Model.parameters()];
        _replicas = task.Division is { } division ? new Replicas(task.Model, division) : null;
        Optimizer = CreateOptimizer(task.Model);
    }

    /// <summary>As the settings say; its second group, if there is one, holds what learns at another rate.</summary>
    internal OptimizerHelper Optimizer { get; }

    /// <summary>Learns from a batch. Where the loss or the norm is not finite, nothing changes.</summary>
    /// <returns>The mean loss and the norm of the gradient before it was clipped; NaN where there was none.</returns>
    internal (double Loss, double Norm) Run(Batch batch)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        Optimizer.zero_grad();
        double value = _replicas?.Run(batch, _source, _device) ?? Gradient(batch);
        if (!double.IsFinite(value))
            return (value, double.NaN);
        double norm = nn.utils.clip_grad_norm_(_parameters, _settings.GradientNorm);
        if (double.IsFinite(norm))
            Optimizer.step();
        return (value, norm);
    }

    /// <summary>Sets the learning rate of a step and returns it.</summary>
    internal double SetRate(long step)
    {
        double rate = _settings.Schedule.At(step);
        foreach ((optim.ILearningRateController group, double factor) in Optimizer.ParamGroups.Zip(_factors))
            group.LearningRate = rate * factor;
        return rate;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Optimizer.Dispose();
        _replicas?.Dispose();
    }

    /// <summary>Computes the gradient, if the loss is finite, and returns the loss.</summary>
    private double Gradient(Batch batch)
    {
        Tensor images = Trainer.ToTensor(batch, _source, _device);
        Tensor labels = torch.tensor(batch.Labels).to(_device);
        Tensor loss = _task.Loss(images, labels, batch);
        double value = loss.item<float>();
        if (double.IsFinite(value))
            loss.backward();
        return value;
    }

    private OptimizerHelper CreateOptimizer(nn.Module model)
    {
        bool nesterov = _settings.Optimizer == OptimizerKind.Nesterov;
        double otherFactor = nesterov ? _settings.BiasRate : _settings.ClipRate;
        List<Parameter> usual = [];
        List<Parameter> other = [];
        foreach ((string name, Parameter parameter) in model.named_parameters())
        {
            bool apart = nesterov ? parameter.dim() == 1 : name.EndsWith("att_prob_clip_log", StringComparison.Ordinal);
            (apart ? other : usual).Add(parameter);
        }
        _factors.AddRange(other.Count > 0 ? [1, otherFactor] : [1]);
        double rate = _settings.LearningRate, decay = _settings.WeightDecay;
        if (nesterov)
        {
            // The decay is of the weights per unit of the rate; offsets, at their higher rate, are hardly held back.
            double momentum = _settings.Momentum;
            List<SGD.ParamGroup> nesterovGroups = [new(usual, rate, momentum, 0, decay, nesterov: true)];
            if (other.Count > 0)
                nesterovGroups.Add(new(other, rate * otherFactor, momentum, 0, decay / otherFactor, nesterov: true));
            return optim.SGD(nesterovGroups, rate, momentum, 0, decay, nesterov: true);
        }
        List<AdamW.ParamGroup> groups = [new AdamW.ParamGroup(usual, rate, weight_decay: decay)];
        if (other.Count > 0)
            groups.Add(new AdamW.ParamGroup(other, rate * otherFactor, weight_decay: 0));
        return optim.AdamW(groups, rate);
    }
}
