namespace EdgeVit.Export;

/// <summary>A network computed from its own tensors as its description says: in double precision, rounded to floats value by value, nothing folded,
/// nothing packed, sharing nothing with the lowering and the runtime. Packed files are compared with it. It works through the network module by
/// module as values are requested, in the graph's order, and keeps those of one module only.</summary>
internal abstract class ReferenceSimulator : ISimulator
{
    private readonly IReadOnlyDictionary<string, FloatTensor> _tensors;
    private readonly Dictionary<string, double[]> _parameters = new(StringComparer.Ordinal);
    private readonly Dictionary<string, float[]> _current = new(StringComparer.Ordinal);
    private HashSet<string> _left = [];
    private float[] _image = [];
    private IEnumerator<string>? _modules;
    private float[]? _logits;

    private protected ReferenceSimulator(IReadOnlyDictionary<string, FloatTensor> tensors) => _tensors = tensors;

    /// <summary>The simulator of a network that was recognised from these tensors.</summary>
    /// <exception cref="ModelFormatException">It is of a kind that has no simulator.</exception>
    public static ReferenceSimulator Of(RecognisedNetwork network, IReadOnlyDictionary<string, FloatTensor> tensors)
    {
        return network.Config switch
        {
            BinaryViTConfig binary => new ReferenceBinaryViT(binary, tensors),
            FloatViTConfig vit => new ReferenceViT(vit, network.Names ?? ViTNames.HuggingFace, tensors),
            _ => throw new ModelFormatException($"The network '{network.Config.Name}' is of a kind that has no simulator."),
        };
    }

    /// <summary>Takes an image, normalised, <c>[3, H, W]</c>; nothing is computed yet.</summary>
    public void Start(ReadOnlySpan<float> image)
    {
        _image = image.ToArray();
        Restart();
    }

    public void Clear()
    {
        _image = [];
        Restart();
    }

    public bool TryGet(string name, out float[] values)
    {
        string module = GraphModule.Of(name);
        if (_left.Contains(module))
        {
            Restart();
        }

        while (!_current.TryGetValue(name, out values!))
        {
            if (_modules is null || _modules.Current == module || !Advance())
            {
                return false;
            }
        }
        return true;
    }

    public float[] Logits()
    {
        while (_logits is null && Advance()) { }
        return _logits ?? throw new InvalidOperationException("the network gave no logits");
    }

    /// <summary>Computes the network module by module and names each when all of its values are reported.</summary>
    private protected abstract IEnumerable<string> Modules(float[] image);

    private protected Matrix Tap(string name, Matrix value)
    {
        _current[name] = value.Data;
        if (name == Lowering.OutputName)
        {
            _logits = value.Data;
        }

        return value;
    }

    private protected Signs Tap(string name, Signs value)
    {
        _current[name] = value.Data;
        return value;
    }

    /// <summary>A vector of parameters in double precision.</summary>
    private protected double[] D(string name)
    {
        if (_parameters.TryGetValue(name, out double[]? known))
        {
            return known;
        }

        return _parameters[name] = Array.ConvertAll(_tensors[name].Data, v => (double)v);
    }

    private protected FloatTensor Tensor(string name) => _tensors[name];

    private protected bool Has(string name) => _tensors.ContainsKey(name);

    /// <summary>A float convolution with kernel = stride of an image <c>[channels, size, size]</c>: <c>[tokens, outputs]</c>.</summary>
    private protected Matrix Patches(float[] image, int size, int patch, string weightName, double[]? bias) =>
        Convolution((c, y, x) => image[(((c * size) + y) * size) + x], size, patch, 0, Tensor(weightName), bias);

    /// <summary>A float convolution of a square grid whose values are given by channel, row and column: <c>[tokens, outputs]</c>. The weight is
    /// <c>[outputs, channels, kernel, kernel]</c>; outside the grid are zeros.</summary>
    private protected static Matrix Convolution(Func<int, int, int, double> at, int size, int stride, int padding, FloatTensor weight, double[]? bias)
    {
        (int channels, int kernel) = (weight.Shape[1], weight.Shape[2]);
        int grid = ((size + (2 * padding) - kernel) / stride) + 1;
        Matrix windows = Matrix.Of(grid * grid, channels * kernel * kernel, (t, values) =>
        {
            for (int i = 0; i < values.Length; i++)
            {
                (int c, int rest) = int.DivRem(i, kernel * kernel);
                int y = (t / grid * stride) + (rest / kernel) - padding;
                int x = (t % grid * stride) + (rest % kernel) - padding;
                values[i] = y >= 0 && y < size && x >= 0 && x < size ? at(c, y, x) : 0;
            }
        });
        return windows.Times(weight.Data, bias);
    }

    private void Restart()
    {
        _current.Clear();
        _left = new HashSet<string>(StringComparer.Ordinal);
        _logits = null;
        _modules?.Dispose();
        _modules = Modules(_image).GetEnumerator();
    }

    private bool Advance()
    {
        if (_modules is null)
        {
            return false;
        }

        if (_modules.Current is { } done)
        {
            _left.Add(done);
        }

        _current.Clear();
        return _modules.MoveNext();
    }
}
