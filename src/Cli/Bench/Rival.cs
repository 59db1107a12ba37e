using EdgeVit.Export.Onnx;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary>An ONNX file that is measured beside the model.</summary>
internal sealed class Rival : IDisposable
{
    private readonly OnnxClassifier _onnx;
    private readonly OnnxRuns _runs;

    /// <summary>Opens a file and prepares the pictures for it: the same ones where it takes the model's size, else others of its own size.</summary>
    /// <exception cref="OnnxModelException">ONNX Runtime does not take it.</exception>
    /// <exception cref="UserException">It takes no pictures, or several at a time.</exception>
    public Rival(string path, int threads, Preprocess preprocess, int classes)
    {
        File = path;
        try
        {
            _onnx = OnnxClassifier.Open(path, new OnnxClassifierWishes(preprocess.Height, preprocess.Width, null, Timed: classes), threads: threads);
        }
        catch (OnnxModelException e) when (e.IsUsage)
        {
            throw new UserException($"--against {e.Message}");
        }

        try
        {
            (Height, Width) = (_onnx.Height, _onnx.ImageWidth);
            var pictures = new RivalPictures(preprocess with { Height = Height, Width = Width, ResizeShorterSide = Math.Max(preprocess.ResizeShorterSide, Math.Max(Height, Width)) });
            _runs = _onnx.Prepare([.. Enumerable.Range(0, RivalPictures.Count).Select(i => _onnx.TakesPixels ? pictures.Pixels(i) : pictures.ChannelsFirst(i))]);
            SameInput = (Height, Width) == (preprocess.Height, preprocess.Width);
            float[][] outputs = [.. Enumerable.Range(0, RivalPictures.Count).Select(i => _runs.Outputs(i)[0])];
            Comparable = SameInput && outputs[0].Length == classes;
            Answers = [.. outputs.Select(o => Array.IndexOf(o, o.Max()))];
        }
        catch
        {
            _runs?.Dispose();
            _onnx.Dispose();
            throw;
        }
    }

    public string File { get; }

    public int Height { get; }

    public int Width { get; }

    public bool SameInput { get; }

    /// <summary>Whether it takes the model's pictures and has as many classes.</summary>
    public bool Comparable { get; }

    /// <summary>Its best class for every picture.</summary>
    public IReadOnlyList<int> Answers { get; }

    /// <summary>The file as one that is timed; it is freed with this, not with that.</summary>
    public Contestant AsContestant(int threads)
    {
        int next = 0;
        return new Contestant(Path.GetFileName(File), "ONNX Runtime", threads, () => _runs.Run(next++ % RivalPictures.Count)) { Release = () => { } };
    }

    public void Dispose()
    {
        _runs.Dispose();
        _onnx.Dispose();
    }
}
