using System.Numerics.Tensors;
using EdgeVit.Runtime;

namespace EdgeVit.Export.Onnx;

/// <summary>An ONNX model as a classifier of images: how it takes them, which of its outputs are the classes, and what its numbers are, examined on a
/// few images of noise. For one thread at a time.</summary>
internal sealed class OnnxClassifier : IDisposable
{
    private const int Probes = 4;

    private readonly OnnxModel _model;
    private readonly OnnxImageForm _form;
    private readonly OnnxScores _scores;
    private readonly bool _alone;
    private readonly long[] _averaged = [];    // of features, the sizes for an image that are averaged to Width numbers
    private readonly List<string> _notes = [];

    private OnnxClassifier(OnnxModel model, OnnxClassifierWishes wishes, OnnxImageForm form, string? features)
    {
        (_model, _form, IsFeatures) = (model, form, features is not null);
        Labels = wishes.Labels ?? OnnxLabels.Of(model.Metadata);
        if (features is not null)
        {
            using OnnxRuns run = model.Prepare([form.Arrange(Noise(0, 1))], form.Shape(1), features);
            _averaged = [.. run.Shapes(0)[0].Skip(form.Batch is null ? 0 : 1)];
            (Output, Width) = (features, OnnxFeatures.PooledWidth(_averaged, form.ChannelsLast));
            if (Width is < 2 or > OnnxFeatures.MostNumbers)
            {
                throw new OnnxModelException($"{Name}: '{features}' has {Width} numbers for an image, expected features: 2 to {OnnxFeatures.MostNumbers}. Name another value with {OnnxClassifierWishes.OutputOption}.") { IsUsage = true };
            }
        }
        else
        {
            OnnxOutputs outputs = OnnxOutputs.Of(model, form);
            if (outputs.Values is [var only])
            {
                outputs.RequireRows(model, form, only);
            }

            OnnxValue output = new OnnxOutputChoice(model, outputs.Values, outputs.Widths).Of(wishes, Labels, _notes);
            (Output, Width) = (output.Name, outputs.WidthOf(output));
            outputs.RequireRows(model, form, output);
        }

        if (wishes.Timed is not null && _form.Batch > 1)
        {
            throw new OnnxModelException($"{Name}: its input {model.Input} is {_form.Batch} images at a time, expected one. Export it for one image, or with a free batch size.") { IsUsage = true };
        }

        float[] alone = [.. Enumerable.Range(0, Probes).SelectMany(i => Answer(Noise(i, 1), 1))];
        if (wishes.Timed is null)
        {
            RequireFinite(alone);
            RequireOwnAnswers(alone);
            _alone = _form.Most > 1 && !SameTogether(alone);
            _scores = OnnxScoresForm.Of(alone, Width, model.File.Ending(Output));
        }

        Say();
    }

    public string Name => _model.File.Name;

    /// <summary>The output that is taken.</summary>
    public string Output { get; }

    /// <summary>Its numbers for an image.</summary>
    public int Width { get; }

    /// <summary>Whether they are features, not classes.</summary>
    public bool IsFeatures { get; }

    public int Height => _form.Height;

    public int ImageWidth => _form.Width;

    public OnnxScores Scores => _scores;

    /// <summary>Whether it takes whole numbers: pixels of 0 to 255.</summary>
    public bool TakesPixels => OnnxElements.IsInteger(_model.Input.Element);

    /// <summary>The names of its classes; null where the file has none.</summary>
    public IReadOnlyList<string>? Labels { get; }

    /// <summary>How pictures are prepared for it; null where the file does not say.</summary>
    public Preprocess? Preprocess => _model.Metadata.TryGetValue(MetadataJson.PreprocessKey, out string? text) ? MetadataJson.ReadPreprocess(text) : null;

    /// <summary>Why it runs on the processor although a GPU was asked for; null where it runs as asked.</summary>
    public string? NoCuda => _model.NoCuda;

    /// <summary>What was found out and may not be what its owner thinks, in sentences without a full stop.</summary>
    public IReadOnlyList<string> Notes => [.. _notes.Select(OneLine.Of)];

    /// <summary>Opens and examines a file.</summary>
    /// <exception cref="OnnxModelException">It is no classifier of such images, or gives what is no number.</exception>
    /// <exception cref="EvitFormatException">Its metadata are ours and damaged.</exception>
    public static OnnxClassifier Open(string path, OnnxClassifierWishes wishes, int? cuda = null, int? threads = null)
    {
        OnnxModel model = OnnxModel.Open(path, cuda, threads);
        try
        {
            OnnxImageForm form = FormOf(model, wishes);
            string? features = wishes.Features ? OnnxFeatures.Wanted(model, OnnxOutputs.Of(model, form), wishes) : null;
            if (features is not null && model.Outputs.All(o => o.Name != features))
            {
                model.Dispose();
                model = OnnxModel.Open(path, cuda, threads, features);
            }

            return new OnnxClassifier(model, wishes, form, features);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Images that go in at a time at most.</summary>
    public int Most => _alone ? 1 : _form.Most;

    /// <summary>Logits <c>[n, Width]</c> of images <c>[n, 3, H, W]</c>, whose values are what the model takes.</summary>
    /// <exception cref="OnnxModelException">ONNX Runtime fails.</exception>
    public float[] Logits(ReadOnlySpan<float> images)
    {
        int size = 3 * _form.Height * _form.Width, count = images.Length / size;
        var logits = new float[count * Width];
        for (int first = 0; first < count; first += Most)
        {
            int n = Math.Min(Most, count - first);
            Answer(images.Slice(first * size, n * size), n).CopyTo(logits.AsSpan(first * Width));
        }

        OnnxScoresForm.ToLogits(_scores, logits);
        return logits;
    }

    /// <summary>Prepares runs on images <c>[3, H, W]</c>, one at a time, for timing.</summary>
    public OnnxRuns Prepare(IReadOnlyList<float[]> images) => _model.Prepare([.. images.Select(i => _form.Arrange(i))], _form.Shape(1), Output);

    public void Dispose() => _model.Dispose();

    /// <summary>The first form that it computes, of those that its input may have.</summary>
    private static OnnxImageForm FormOf(OnnxModel model, OnnxClassifierWishes wishes)
    {
        IReadOnlyList<OnnxImageForm> forms = OnnxImageForm.Of(model.File, model.Input);
        OnnxImageForm[] fitting = [.. forms.Select(f => f.Sized(wishes.Height, wishes.Width)).Where(f => wishes.AnySize || (f.Height, f.Width) == (wishes.Height, wishes.Width))];
        if (fitting.Length == 0)
        {
            throw new OnnxModelException(
                $"{model.File.Name}: it takes images of {forms[0].Width}x{forms[0].Height} pixels, the student gets {wishes.Width}x{wishes.Height}. Choose a student or an --image-size of {forms[0].Height} pixels, or a teacher for {wishes.Height}.")
            { IsUsage = true };
        }

        string[] names = [.. OnnxOutputs.Numbers(model).Select(static o => o.Name)];
        OnnxModelException? first = null;
        foreach (OnnxImageForm form in fitting)
        {
            try
            {
                model.Run(form.Arrange(Noise(0, 1, form, model)), form.Shape(1), names);
                return form;
            }
            catch (OnnxModelException e)
            {
                first ??= e;
            }
        }
        throw new OnnxModelException(first!.Message, first) { IsUsage = true };
    }

    /// <summary>What it says to at most as many images as it takes at a time; the first <c>n</c> rows where that number is fixed.</summary>
    private float[] Answer(ReadOnlySpan<float> images, int n)
    {
        float[] rows = _model.Run(_form.Arrange(images), _form.Shape(n), Output)[0];
        rows = IsFeatures ? OnnxFeatures.Pool(rows, _averaged, _form.ChannelsLast) : rows;
        return rows.Length >= n * Width ? rows[..(n * Width)] : throw new OnnxModelException(
            $"{Name}: its output '{Output}' has {rows.Length} numbers for {n} images, expected {n * Width}. Export it with the batch as first size of its output.");
    }

    /// <summary>Whether images together get the answers that each gets alone.</summary>
    private bool SameTogether(float[] alone)
    {
        int n = Math.Min(Probes, _form.Most);
        try
        {
            float[] together = Answer(Noise(0, n), n);
            float scale = Math.Max(1, TensorPrimitives.MaxMagnitude(alone) is var largest ? Math.Abs(largest) : 1);
            return together.Zip(alone).All(p => Math.Abs(p.First - p.Second) <= 0.02f * scale);
        }
        catch (OnnxModelException) when (_form.Batch == 0)
        {
            return false;
        }
    }

    private void RequireFinite(float[] answers)
    {
        if (Array.FindIndex(answers, v => !float.IsFinite(v)) is >= 0 and var bad)
        {
            throw new OnnxModelException(
                $"{Name}: its output '{Output}' is {answers[bad]} for {(IsFeatures ? "number" : "class")} {bad % Width} of an image of noise. Its numbers overflow (16-bit floats?): export it in fp32.");
        }
    }

    /// <summary>Makes sure that an image gets the same answer again: dropout or noise in a network makes it no classifier.</summary>
    private void RequireOwnAnswers(float[] alone)
    {
        float[] again = Answer(Noise(0, 1), 1);
        if (again.Zip(alone).Any(static p => Math.Abs(p.First - p.Second) > 0.02f * Math.Max(1, Math.Abs(p.Second))))
        {
            throw new OnnxModelException($"{Name}: its output '{Output}' is another each time that it sees the same image (dropout as in training, or random numbers). Export it for inference, in PyTorch after model.eval().") { IsUsage = true };
        }

        if (Enumerable.Range(1, Probes - 1).All(i => alone.AsSpan(i * Width, Width).SequenceEqual(alone.AsSpan(0, Width))))
        {
            _notes.Add($"its output '{Output}' is the same for every image of noise: are its weights those of the trained network, and its pixels as it expects them?");
        }
    }

    private void Say()
    {
        if (_scores == OnnxScores.Probabilities)
        {
            bool seen = OnnxScoresForm.IsSoftmax(_model.File.Ending(Output));
            _notes.Add($"its output '{Output}' is probabilities ({(seen ? "a softmax computes them" : "their sum is one")}); their logarithm is taken");
        }
        else if (_scores == OnnxScores.Percent)
        {
            _notes.Add($"its output '{Output}' is probabilities in per cent (their sum is 100); their logarithm is taken");
        }
        else if (_scores == OnnxScores.Bytes)
        {
            _notes.Add($"its output '{Output}' is probabilities in 255ths (whole numbers, their sum is 255); their logarithm is taken");
        }
        else if (_scores == OnnxScores.Sigmoids)
        {
            _notes.Add($"its output '{Output}' is a probability for each class by itself (a sigmoid computes it); log(p / (1 - p)) is taken");
        }

        if (_form.Channels == 1)
        {
            _notes.Add("it takes grey images: 0.299 red + 0.587 green + 0.114 blue");
        }

        if (_form is { Axes: ImageAxes.One, Channels: 3 })
        {
            _notes.Add($"its input {_model.Input} is flat: all red, then all green, then all blue numbers of an image, row by row");
        }

        if (_model.File.IrVersion > _model.TakenIrVersion)
        {
            _notes.Add($"it says that it is of IR version {_model.File.IrVersion}; this ONNX Runtime knows up to {_model.TakenIrVersion}, takes it as such, and has no fault to find with it");
        }

        if (TakesPixels)
        {
            _notes.Add($"its input is {_model.Input.Kind}: pixels of 0 to 255");
        }

        if (_alone)
        {
            _notes.Add("several images at a time get other answers than each alone, so it gets one at a time");
        }
        else if (_form.Batch > 1)
        {
            _notes.Add($"it takes {_form.Batch} images at a time; a last part is filled up");
        }
    }

    private float[] Noise(int first, int count) => Noise(first, count, _form, _model);

    /// <summary>Images of uniform noise about 0, or of pixels.</summary>
    internal static float[] Noise(int first, int count, OnnxImageForm form, OnnxModel model)
    {
        int size = 3 * form.Height * form.Width;
        var images = new float[count * size];
        for (int i = 0; i < count; i++)
        {
            SelfTest.Input((ulong)(first + i + 1), [3, form.Height, form.Width]).CopyTo(images, i * size);
        }

        if (OnnxElements.IsInteger(model.Input.Element))
        {
            for (int i = 0; i < images.Length; i++)
            {
                images[i] = Math.Clamp(127.5f + (images[i] * 64), 0, 255);
            }
        }
        return images;
    }
}
