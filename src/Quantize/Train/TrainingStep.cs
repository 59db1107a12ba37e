using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>One step of the optimizer: forward, backward, clipping of the gradient's norm, AdamW.</summary>
internal sealed class TrainingStep : IDisposable
{
    private readonly ITrainingTask _task;
    private readonly TrainSettings _settings;
    private readonly PixelSource _source;
    private readonly Device _device;
    private readonly Parameter[] _parameters;

    internal TrainingStep(ITrainingTask task, TrainSettings settings, PixelSource source, Device device)
    {
        (_task, _settings, _source, _device) = (task, settings, source, device);
        _parameters = [.. task.Model.parameters()];
        Optimizer = CreateOptimizer(task.Model);
    }

    /// <summary>AdamW; its second group, if there is one, holds the attention clips.</summary>
    internal AdamW Optimizer { get; }

    /// <summary>Learns from a batch. Where the loss or the norm is not finite, nothing changes.</summary>
    /// <returns>The mean loss and the norm of the gradient before it was clipped; NaN where there was none.</returns>
    internal (double Loss, double Norm) Run(Batch batch)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        Tensor images = Trainer.ToTensor(batch, _source, _device);
        Tensor labels = torch.tensor(batch.Labels).to(_device);
        Optimizer.zero_grad();
        Tensor loss = _task.Loss(images, labels, batch);
        double value = loss.item<float>();
        if (!double.IsFinite(value))
            return (value, double.NaN);
        loss.backward();
        double norm = nn.utils.clip_grad_norm_(_parameters, _settings.GradientNorm);
        if (double.IsFinite(norm))
            Optimizer.step();
        return (value, norm);
    }

    /// <summary>Sets the learning rate of a step and returns it.</summary>
    internal double SetRate(long step)
    {
        double rate = _settings.Schedule.At(step);
        double factor = 1;
        foreach (optim.ILearningRateController group in Optimizer.ParamGroups)
        {
            group.LearningRate = rate * factor;
            factor = _settings.ClipRate;
        }
        return rate;
    }

    /// <inheritdoc/>
    public void Dispose() => Optimizer.Dispose();

    private AdamW CreateOptimizer(nn.Module model)
    {
        List<Parameter> usual = [];
        List<Parameter> slow = [];
        foreach ((string name, Parameter parameter) in model.named_parameters())
            (name.EndsWith("att_prob_clip_log", StringComparison.Ordinal) ? slow : usual).Add(parameter);
        List<AdamW.ParamGroup> groups = [new AdamW.ParamGroup(usual, _settings.LearningRate, weight_decay: _settings.WeightDecay)];
        if (slow.Count > 0)
            groups.Add(new AdamW.ParamGroup(slow, _settings.LearningRate * _settings.ClipRate, weight_decay: 0));
        return optim.AdamW(groups, _settings.LearningRate);
    }
}
