using System.Diagnostics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;

namespace EdgeVit.Runtime;

/// <summary>The mean time of one step.</summary>
/// <param name="Name">Name of the step's first node.</param>
/// <param name="Kind">The ops that run in it.</param>
/// <param name="Milliseconds">Mean time over the profiled runs.</param>
public sealed record StepTime(string Name, string Kind, double Milliseconds)
{
    /// <summary>What it has to do.</summary>
    internal StepWork Work { get; init; } = StepWork.None;
}

/// <summary>Runs a model. One caller at a time; several sessions of a model run at the same time on their own threads. A run allocates
/// nothing.</summary>
public sealed unsafe class Session : IDisposable
{
    private readonly ExecutionPlan _plan;
    private readonly int _inputLength;
    private readonly int _classes;
    private readonly nint[] _inputShape;
    private readonly NativeBuffer _memory;
    private readonly float* _pixels;
    private readonly float* _logits;
    private readonly PixelScale _scale;
    private readonly ThreadTeam _team;
    private bool _disposed;

    internal Session(EvitModel model, KernelChoice kernel, ExecutionPlan plan, int threads)
    {
        KernelName = KernelSets.Name(kernel);
        _plan = plan;
        _inputShape = [.. model.InputShape];
        _inputLength = model.InputShape[0] * model.InputShape[1] * model.InputShape[2];
        _classes = model.Classes;
        _scale = new PixelScale(model.Preprocess);

        long arena = Align(plan.ArenaBytes);
        long pixels = Align(_inputLength * (long)sizeof(float));
        long scratch = Align(plan.ScratchBytes);
        ArenaBytes = arena + pixels + (threads * scratch);
        _memory = new NativeBuffer(ArenaBytes);
        _pixels = (float*)(_memory.Pointer + arena);
        _logits = (float*)(_memory.Pointer + plan.OutputOffset);
        var scratches = new byte*[threads];
        for (int i = 0; i < threads; i++)
        {
            scratches[i] = _memory.Pointer + arena + pixels + (i * scratch);
        }

        _team = new ThreadTeam(plan, _memory.Pointer, scratches);
        Threads = threads;
    }

    /// <summary>The kernel set in use, as <c>EDGEVIT_KERNEL</c> names it.</summary>
    public string KernelName { get; }

    /// <summary>Threads that share the work, the caller's included.</summary>
    public int Threads { get; }

    /// <summary>Bytes of this session's memory: values and scratch.</summary>
    public long ArenaBytes { get; }

    internal ExecutionPlan Plan => _plan;

    /// <summary>Bytes of the packed weights, shared with the model's other sessions of the same kernel set.</summary>
    public long WeightBytes => _plan.WeightBytes;

    /// <summary>Runs normalised images, channels first.</summary>
    /// <param name="input"><c>[n, 3, H, W]</c>.</param>
    /// <param name="logits">Receives <c>[n, classes]</c>.</param>
    /// <exception cref="ArgumentException">The lengths do not fit the model, or each other.</exception>
    /// <exception cref="ObjectDisposedException">The session is disposed.</exception>
    public void RunNchw(ReadOnlySpan<float> input, Span<float> logits)
    {
        int images = Images(input.Length, logits.Length);
        fixed (float* source = input)
        {
            for (int i = 0; i < images; i++)
            {
                RunOne(source + ((long)i * _inputLength), logits.Slice(i * _classes, _classes), null);
            }
        }
    }

    /// <summary>Runs images of the input's size, channels last, normalising them as the model's <see cref="Preprocess"/> says.</summary>
    /// <param name="pixels"><c>[n, H, W, 3]</c>, RGB.</param>
    /// <param name="logits">Receives <c>[n, classes]</c>.</param>
    /// <exception cref="ArgumentException">The lengths do not fit the model, or each other.</exception>
    /// <exception cref="ObjectDisposedException">The session is disposed.</exception>
    public void RunNhwc(ReadOnlySpan<byte> pixels, Span<float> logits)
    {
        int images = Images(pixels.Length, logits.Length);
        for (int i = 0; i < images; i++)
        {
            _scale.Normalise(pixels.Slice(i * _inputLength, _inputLength), new Span<float>(_pixels, _inputLength));
            RunOne(_pixels, logits.Slice(i * _classes, _classes), null);
        }
    }

    /// <summary>Runs normalised images and checks their shape, not only their length.</summary>
    /// <param name="input"><c>[3, H, W]</c> or <c>[n, 3, H, W]</c>.</param>
    /// <param name="logits">Receives <c>[classes]</c> for an input of three dimensions, <c>[n, classes]</c> for one of four.</param>
    /// <exception cref="ArgumentException">A shape is another one; or the elements do not lie one behind the other, as in a transposed tensor
    /// or a crop: those are not copied in secret, <c>ToDenseTensor</c> does it.</exception>
    /// <exception cref="ObjectDisposedException">The session is disposed.</exception>
    [OverloadResolutionPriority(-1)] // Arrays convert to spans and to tensors: they are meant as spans.
    public void RunNchw(in ReadOnlyTensorSpan<float> input, in TensorSpan<float> logits)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ReadOnlySpan<nint> shape = input.Lengths, outputs = logits.Lengths;
        bool batch = shape.Length == 4;
        if (shape.Length < 3 || shape.Length > 4 || shape[0] < 1 || !shape[^3..].SequenceEqual(_inputShape))
        {
            string image = string.Join(", ", _inputShape);
            throw new ArgumentException($"the input has the shape {Text(shape)}, expected [{image}], or [n, {image}] for n images", nameof(input));
        }

        if (outputs.Length != (batch ? 2 : 1) || outputs[^1] != _classes || (batch && outputs[0] != shape[0]))
        {
            throw new ArgumentException(
                $"the logits have the shape {Text(outputs)}, expected {(batch ? $"[{shape[0]}, {_classes}]" : $"[{_classes}]")} for an input of {Text(shape)}", nameof(logits));
        }

        RequireContiguous(shape, input.Strides, nameof(input));
        RequireContiguous(outputs, logits.Strides, nameof(logits));
        fixed (float* source = input)
        fixed (float* target = logits)
        {
            for (nint i = 0, images = batch ? shape[0] : 1; i < images; i++)
            {
                RunOne(source + (i * _inputLength), new Span<float>(target + (i * _classes), _classes), null);
            }
        }
    }

    /// <summary>Times every step over a number of runs of a seeded input. Each step's time runs until all threads have finished it.</summary>
    /// <param name="runs">At least 1.</param>
    /// <returns>The steps in order; their times add up to the run's but for the copying of logits.</returns>
    public IReadOnlyList<StepTime> Profile(int runs)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(runs, 1);
        ObjectDisposedException.ThrowIf(_disposed, this);
        SelfTest.Input(1, [_inputLength]).CopyTo(new Span<float>(_pixels, _inputLength));
        var logits = new float[_classes];
        var ticks = new long[_plan.Steps.Length];
        RunOne(_pixels, logits, null);
        for (int i = 0; i < runs; i++)
        {
            RunOne(_pixels, logits, ticks);
        }

        return [.. _plan.Steps.Zip(ticks, (step, t) => new StepTime(step.Name, step.Kind, t * 1000.0 / Stopwatch.Frequency / runs) { Work = _plan.WorkOf(step) })];
    }

    /// <summary>Ends the threads and frees the memory.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _team.Dispose();
        _memory.Dispose();
        _plan.Release();
    }

    private static long Align(long bytes) => (bytes + 63) & ~63L;

    private int Images(int inputs, int outputs)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        int images = inputs / _inputLength;
        return images > 0 && inputs == images * _inputLength && outputs == images * _classes
            ? images
            : throw new ArgumentException(
                $"{inputs} input elements and {outputs} logits given, expected n * {_inputLength} and n * {_classes} for n images");
    }

    private static string Text(ReadOnlySpan<nint> shape) => $"[{string.Join(", ", shape.ToArray())}]";

    private static void RequireContiguous(ReadOnlySpan<nint> shape, ReadOnlySpan<nint> strides, string name)
    {
        nint expected = 1;
        for (int i = shape.Length - 1; i >= 0; i--)
        {
            // Where there is one only, its stride says nothing.
            if (shape[i] > 1 && strides[i] != expected)
            {
                throw new ArgumentException(
                    $"the {name} of shape {Text(shape)} has the strides {Text(strides)}, expected elements one behind the other; ToDenseTensor makes such a copy", name);
            }

            expected *= shape[i];
        }
    }

    private void RunOne(float* input, Span<float> logits, long[]? ticks)
    {
        _team.Run(input, ticks);

        // Kernels may differ in the sign of a zero; no logit is -0.
        for (int i = 0; i < logits.Length; i++)
        {
            logits[i] = _logits[i] + 0f;
        }

        GC.KeepAlive(this);
    }
}
