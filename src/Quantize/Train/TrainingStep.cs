using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using EdgeVit.Export;
using TorchSharp;
using TorchSharp.Modules;
using static EdgeVit.Quantize.Scalars;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>One step of the optimizer: forward, backward, clipping of the gradient's norm, update.</summary>
internal sealed partial class TrainingStep : IDisposable
{
    /// <summary>Added to the norm of the gradient where that is divided by, as torch does.</summary>
    private const double NormEps = 1e-6;

    private readonly ITrainingTask _task;
    private readonly TrainSettings _settings;
    private readonly PixelSource _source;
    private readonly Device _device;
    private readonly FlatParameters _parameters;
    private readonly Replicas? _replicas;
    private readonly BinaryViT? _student;
    private readonly LatentWeight[] _signWeights;
    private readonly IConvertProgress? _progress;
    private ProcessGroup? _group;
    private readonly int _processes;
    private long _step;
    private bool _keeps;

    internal TrainingStep(ITrainingTask task, TrainSettings settings, PixelSource source, Device device, IConvertProgress? progress = null, ProcessGroup? group = null)
    {
        (_task, _settings, _source, _device, _progress, _group) = (task, settings, source, device, progress, group);
        _processes = group?.Size ?? 1;
        _student = task.Model as BinaryViT;
        _signWeights = [.. _student?.SignWeights().Select(w => w.Weight) ?? []];
        Parts = settings.Accumulate;
        _parameters = new FlatParameters(task.Model, LearnsApart(settings));
        Average = _student is not null && settings.Regularization.Average > 0 ? new FloatAverage(_student, settings.Regularization.Average, _parameters) : null;
        _replicas = task.Division is { } division ? new Replicas(task.Model, division with { Parts = Math.Max(1, division.Parts / (group?.Size ?? 1)) }, settings.MixedPrecision) : null;
        if (group is not null && _replicas is null)
        {
            SynchronisedNorm.Join(task.Model, group);
        }

        Optimizer = CreateOptimizer(_parameters, settings);
    }

    /// <summary>As the settings say.</summary>
    internal FlatOptimizer Optimizer { get; }

    /// <summary>Parts that a batch is divided into; doubled where memory runs out.</summary>
    internal int Parts { get; set; }

    /// <summary>The mean of the student's floats; null where none is kept.</summary>
    internal FloatAverage? Average { get; }

    /// <summary>How bits are made at the present step.</summary>
    internal BinarizationMode Mode { get; private set; }

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
        {
            return (value, double.NaN);
        }

        if (_group is not null)
        {
            Gather(_group);
        }

        if (Mode.Regularizer > 0 && _signWeights.Length > 0)
        {
            (WeightRegularizer.Loss(_signWeights) * Number(Mode.Regularizer)).backward();
        }

        int first = Mode.FrozenSigns ? _parameters.SignSegments : 0;
        double norm = _parameters.GradientNorm(first);
        if (double.IsFinite(norm))
        {
            Optimizer.Step(Math.Min(1, _settings.GradientNorm / (norm + NormEps)), first);
            Average?.Update();
        }
        return (value, norm);
    }

    /// <summary>Sets the learning rate of a step, which it returns, and how bits are made at it.</summary>
    internal double Begin(long step)
    {
        Mode = BinarizationMode.At(_settings.Binarization, step, _settings.Steps);
        if (_student is not null)
        {
            _student.Mode = Mode;
        }

        _step = step;
        double rate = _settings.Schedule.At(step);
        Optimizer.Rate = rate;
        return rate;
    }

    public void Dispose()
    {
        SynchronisedNorm.Join(_task.Model, null);
        Optimizer.Dispose();
        Average?.Dispose();
        _replicas?.Dispose();
        _parameters.Dispose();
    }

    /// <summary>Sums gradients over the processes, each of which has those of its share of the mean loss. Where norms saw each share apart, their
    /// running statistics become the means of all.</summary>
    private void Gather(ProcessGroup group)
    {
        group.Sum([_parameters.Gradients]);
        if (_replicas is null)
        {
            return;
        }

        using IDisposable frozen = torch.no_grad();
        Tensor[] statistics = [.. _task.Model.buffers().Where(b => b.is_floating_point())];
        group.Sum(statistics);
        foreach (Tensor tensor in statistics)
        {
            tensor.div_(Number(group.Size));
        }
    }

    /// <summary>A part of the loss, summed over the processes: all of them know whether it is finite before they go on together.</summary>
    private double Agreed(double loss) => _group?.Sum(loss) ?? loss;

    private double Divided(Batch batch)
    {
        _parameters.ClearGradients();
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
                if (_group is not null)
                {
                    // The others are in the middle of the step: they cannot be asked to repeat it.
                    throw new ConvertException(
                        $"Memory does not suffice for {batch.Count / Parts} images at a time on rank {_group.Rank}, though it did at the start: {e.Message.Split('\n')[0]} Free memory and go on with --resume, or start again in another folder with --accumulate {2 * Parts}.", e);
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
        _parameters.ClearGradients();
        double sum = 0;
        int parts = Math.Min(Parts, MostParts(batch.Whole, _processes));
        for (int at = 0; at < parts; at++)
        {
            using DisposeScope scope = torch.NewDisposeScope();
            if (_student is not null && (_settings.Regularization.Depth > 0 || _settings.Regularization.Features > 0))
            {
                _student.Omission = new Omission(_settings.Regularization, _settings.Seed, _step, (at * (_group?.Size ?? 1)) + (_group?.Rank ?? 0));
            }

            Batch part = batch.PartOfWhole(at, parts);
            Tensor images = part.ToTensor(_source, _device);
            Tensor labels = torch.tensor(part.Labels).to(_device);
            Tensor loss;
            using (MixedPrecision.Scope(_settings.MixedPrecision))
            {
                loss = _task.Loss(images, labels, part);
            }

            if (part.Count != batch.Whole)
            {
                loss = loss * Number((double)part.Count / batch.Whole);
            }

            double value = Agreed(loss.item<float>());
            if (!double.IsFinite(value))
            {
                return value;
            }

            loss.backward();
            sum += value;
            KeepToBound(part.Count);
        }
        return sum;
    }

    /// <summary>What learns at another rate: with Nesterov's momentum offsets and scales, otherwise the attention's clips and temperatures.</summary>
    private static Func<string, Parameter, bool> LearnsApart(TrainSettings settings) => settings.Optimizer == OptimizerKind.Nesterov
        ? (_, parameter) => parameter.dim() == 1
        : (name, _) => name.EndsWith("att_prob_clip_log", StringComparison.Ordinal) || name.EndsWith(TensorManifest.TemperatureLogit, StringComparison.Ordinal);

    private static FlatOptimizer CreateOptimizer(FlatParameters parameters, TrainSettings settings) => settings.Optimizer == OptimizerKind.Nesterov
        ? new FlatNesterov(parameters, settings.LearningRate, settings.BiasRate, settings.WeightDecay, settings.Momentum)
        : new FlatAdamW(parameters, settings.LearningRate, settings.ClipRate, settings.WeightDecay);
}
