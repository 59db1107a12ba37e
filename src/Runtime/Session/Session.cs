namespace EdgeVit.Runtime;

/// <summary>Runs a model. One caller at a time; several sessions of a model run at the same time on their own threads.</summary>
public sealed class Session : IDisposable
{
    private readonly EvitModel _model;
    private readonly GraphInterpreter _interpreter;
    private readonly float[] _input;
    private readonly PixelScale _scale;

    internal Session(EvitModel model, SessionOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Threads, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.Threads, 64);
        _model = model;
        KernelName = KernelSets.Name(KernelSets.Resolve(options.Kernel));
        _interpreter = new GraphInterpreter(model.File.Graph, model.File.Tensors);
        _input = new float[model.InputShape[0] * model.InputShape[1] * model.InputShape[2]];
        _scale = new PixelScale(model.Preprocess);
    }

    /// <summary>The kernel set in use.</summary>
    public string KernelName { get; }

    /// <summary>Bytes of scratch memory.</summary>
    public long ArenaBytes { get; }

    /// <summary>Runs normalised images.</summary>
    /// <param name="input"><c>[n, 3, H, W]</c>.</param>
    /// <param name="logits">Receives <c>[n, classes]</c>.</param>
    /// <exception cref="ArgumentException">The lengths do not fit the model, or each other.</exception>
    public void Run(ReadOnlySpan<float> input, Span<float> logits)
    {
        int images = Images(input.Length, logits.Length);
        for (int i = 0; i < images; i++)
        {
            RunOne(input.Slice(i * _input.Length, _input.Length), logits.Slice(i * _model.Classes, _model.Classes));
        }
    }

    /// <summary>Runs images of the input's size, normalising them as the model's <see cref="Preprocess"/> says.</summary>
    /// <param name="pixels"><c>[n, H, W, 3]</c>, RGB.</param>
    /// <param name="logits">Receives <c>[n, classes]</c>.</param>
    /// <exception cref="ArgumentException">The lengths do not fit the model, or each other.</exception>
    public void Run(ReadOnlySpan<byte> pixels, Span<float> logits)
    {
        int images = Images(pixels.Length, logits.Length);
        for (int i = 0; i < images; i++)
        {
            _scale.Normalise(pixels.Slice(i * _input.Length, _input.Length), _input);
            RunOne(_input, logits.Slice(i * _model.Classes, _model.Classes));
        }
    }

    /// <summary>Frees the scratch memory and ends the threads.</summary>
    public void Dispose()
    {
    }

    private int Images(int inputs, int outputs)
    {
        int images = inputs / _input.Length;
        return images > 0 && inputs == images * _input.Length && outputs == images * _model.Classes
            ? images
            : throw new ArgumentException($"{inputs} input elements and {outputs} logits given, expected n * {_input.Length} and n * {_model.Classes} for n images");
    }

    private void RunOne(ReadOnlySpan<float> input, Span<float> logits) =>
        _interpreter.Run(input)[_model.File.Graph.OutputName].Floats.CopyTo(logits);
}
