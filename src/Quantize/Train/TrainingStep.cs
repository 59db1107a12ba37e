using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using EdgeVit.Export;
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
    private readonly BinaryViT? _student;
    private readonly LatentWeight[] _signWeights;
    private readonly IConvertProgress? _progress;
    private World? _world;
    private readonly int _processes;
    private long _step;
    private readonly List<double> _factors = [];

    internal TrainingStep(ITrainingTask task, TrainSettings settings, PixelSource source, Device device, IConvertProgress? progress = null, World? world = null)
    {
        (_task, _settings, _source, _device, _progress, _world) = (task, settings, source, device, progress, world);
        _processes = world?.Size ?? 1;
        _student = task.Model as BinaryViT;
        _signWeights = [.. _student?.SignWeights().Select(w => w.Weight) ?? []];
        Parts = settings.Accumulate;
        Average = _student is not null && settings.Regularization.Average > 0 ? new FloatAverage(_student, settings.Regularization.Average) : null;
        _parameters = [.. task.Model.parameters()];
        _replicas = task.Division is { } division ? new Replicas(task.Model, division with { Parts = Math.Max(1, division.Parts / (world?.Size ?? 1)) }, settings.MixedPrecision) : null;
        if (world is not null && _replicas is null)
            SynchronisedNorm.Join(task.Model, world);
        Optimizer = CreateOptimizer(task.Model);
    }

    /// <summary>As the settings say; its second group, if there is one, holds what learns at another rate.</summary>
    internal OptimizerHelper Optimizer { get; }

    /// <summary>Parts that a batch is divided into; doubled where memory runs out.</summary>
    internal int Parts { get; set; }

    /// <summary>The mean of the student's floats; null where none is kept.</summary>
    internal FloatAverage? Average { get; }

    /// <summary>How bits are made at the present step.</summary>
    internal BinarizationPhase Phase { get; private set; }

    /// <summary>Learns from a batch. Where the loss or the norm is not finite, nothing changes.</summary>
    /// <returns>The mean loss and the norm of the gradient before it was clipped; NaN where there was none.</returns>
    internal (double Loss, double Norm) Run(Batch batch)
    {
        try
        {
            return Learn(batch);
        }
        catch (ExternalException e) when (e.InnerException is ConvertException failure)
        {
            // Another process has gone during a backward pass, which libtorch runs.
            ExceptionDispatchInfo.Throw(failure);
            throw;
        }
    }

    private (double Loss, double Norm) Learn(Batch batch)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        double value = _replicas is null ? Gradient(batch) : Divided(batch);
        if (!double.IsFinite(value))
            return (value, double.NaN);
        if (_world is not null)
            Gather(_world);
        if (Phase.Regularizer > 0 && _signWeights.Length > 0)
            (WeightRegularizer.Loss(_signWeights) * Phase.Regularizer).backward();
        if (Phase.FrozenSigns)
        {
            foreach (LatentWeight weight in _signWeights)
                weight.weight.grad = null;
        }
        double norm = nn.utils.clip_grad_norm_(_parameters, _settings.GradientNorm);
        if (double.IsFinite(norm))
        {
            Optimizer.step();
            Average?.Update();
        }
        return (value, norm);
    }

    /// <summary>Finds into how many parts a batch must be divided for memory to suffice on every process: each tries a batch by itself, without the others,
    /// whom a process that runs out of memory in the middle of a step would leave waiting; then all take the largest number. Changes nothing else.</summary>
    /// <exception cref="ConvertException">Memory does not even suffice for parts of two images on one of them.</exception>
    internal void Rehearse(Batch batch)
    {
        if (_world is not { } world || _replicas is not null)
            return;
        bool training = _task.Model.training;
        Tensor[] buffers = [.. _task.Model.buffers()];
        Tensor[] before;
        using (torch.no_grad())
            before = [.. buffers.Select(b => b.clone().DetachFromDisposeScope())];
        try
        {
            _world = null;
            SynchronisedNorm.Join(_task.Model, null);
            _task.Model.train();
            using DisposeScope scope = torch.NewDisposeScope();
            Gradient(batch);
        }
        finally
        {
            _world = world;
            SynchronisedNorm.Join(_task.Model, world);
            Optimizer.zero_grad();
            if (!training)
                _task.Model.eval();
            using IDisposable frozen = torch.no_grad();
            foreach ((Tensor buffer, Tensor value) in buffers.Zip(before))
            {
                buffer.copy_(value);
                value.Dispose();
            }
        }
        Parts = (int)world.OfAll(Parts).Max();
    }

    /// <summary>Parts of a batch at most, so that every process has two images of each.</summary>
    internal static int MostParts(int images, int processes) => Math.Max(1, images / (2 * processes));

    /// <summary>Sets the learning rate of a step, which it returns, and how bits are made at it.</summary>
    internal double Begin(long step)
    {
        Phase = _settings.Binarization.At(step, _settings.Steps);
        if (_student is not null)
            _student.Phase = Phase;
        _step = step;
        double rate = _settings.Schedule.At(step);
        foreach ((optim.ILearningRateController group, double factor) in Optimizer.ParamGroups.Zip(_factors))
            group.LearningRate = rate * factor;
        return rate;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        SynchronisedNorm.Join(_task.Model, null);
        Optimizer.Dispose();
        Average?.Dispose();
        _replicas?.Dispose();
    }

    /// <summary>Sums gradients over the processes, each of which has those of its share of the mean loss. Where norms saw each share apart, their
    /// running statistics become the means of all.</summary>
    private void Gather(World world)
    {
        world.Sum([.. _parameters.Select(p => p.grad).OfType<Tensor>()]);
        if (_replicas is null)
            return;
        using IDisposable frozen = torch.no_grad();
        Tensor[] statistics = [.. _task.Model.buffers().Where(b => b.is_floating_point())];
        world.Sum(statistics);
        foreach (Tensor tensor in statistics)
            tensor.div_(world.Size);
    }

    /// <summary>A part of the loss, summed over the processes: all of them know whether it is finite before they go on together.</summary>
    private double Agreed(double loss) => _world?.Sum(loss) ?? loss;

    private double Divided(Batch batch)
    {
        Optimizer.zero_grad();
        return Agreed(_replicas!.Run(batch, _source, _device));
    }

    /// <summary>Computes the gradient, if the loss is finite, and returns the loss. Where memory runs out, the batch is divided into twice as many
    /// parts, from now on.</summary>
    /// <exception cref="ConvertException">Memory does not even suffice for parts of two images.</exception>
    private double Gradient(Batch batch)
    {
        while (true)
        {
            try
            {
                return GradientOfParts(batch);
            }
            catch (Exception e) when (OutOfMemory.Is(e))
            {
                if (_world is not null)
                {
                    // The others are in the middle of the step: they cannot be asked to begin it anew.
                    throw new ConvertException(
                        $"Memory does not suffice for {batch.Count / Parts} images at a time on rank {_world.Rank}, though it did at the start: {e.Message.Split('\n')[0]} Free memory and go on with --resume, or start again in another folder with --accumulate {2 * Parts}.", e);
                }
                if (batch.Count / (2 * Parts) < 2)
                {
                    throw new ConvertException(
                        $"Memory does not suffice for {batch.Count / Parts} images at a time: {e.Message.Split('\n')[0]} Free memory, or choose a smaller --student or --image-size.", e);
                }
                Parts *= 2;
                _progress?.Report(new Warned(
                    $"memory ran out: from now on a batch is computed in {Parts} parts of {batch.Count / Parts} images and their gradients are added up (--accumulate {Parts}); norms see each part apart"));
                GC.Collect();
            }
        }
    }

    private double GradientOfParts(Batch batch)
    {
        Optimizer.zero_grad();
        double sum = 0;
        int parts = Math.Min(Parts, MostParts(batch.Whole, _processes));
        for (int at = 0; at < parts; at++)
        {
            using DisposeScope scope = torch.NewDisposeScope();
            if (_student is not null && (_settings.Regularization.Depth > 0 || _settings.Regularization.Features > 0))
                _student.Omission = new Omission(_settings.Regularization, _settings.Seed, _step, (at * (_world?.Size ?? 1)) + (_world?.Rank ?? 0));
            Batch part = batch.PartOfWhole(at, parts);
            Tensor images = Trainer.ToTensor(part, _source, _device);
            Tensor labels = torch.tensor(part.Labels).to(_device);
            Tensor loss;
            using (MixedPrecision.Scope(_settings.MixedPrecision))
                loss = _task.Loss(images, labels, part);
            if (part.Count != batch.Whole)
                loss = loss * ((double)part.Count / batch.Whole);
            double value = Agreed(loss.item<float>());
            if (!double.IsFinite(value))
                return value;
            loss.backward();
            sum += value;
        }
        return sum;
    }

    private OptimizerHelper CreateOptimizer(nn.Module model)
    {
        bool nesterov = _settings.Optimizer == OptimizerKind.Nesterov;
        double otherFactor = nesterov ? _settings.BiasRate : _settings.ClipRate;
        List<Parameter> usual = [];
        List<Parameter> other = [];
        foreach ((string name, Parameter parameter) in model.named_parameters())
        {
            bool apart = nesterov ? parameter.dim() == 1
                : name.EndsWith("att_prob_clip_log", StringComparison.Ordinal) || name.EndsWith(TensorManifest.TemperatureLogit, StringComparison.Ordinal);
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
