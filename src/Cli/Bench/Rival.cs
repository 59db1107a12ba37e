using EdgeVit.Export.Onnx;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary>An ONNX file that is measured beside the model.</summary>
internal sealed class Rival : IDisposable
{
    private readonly OnnxModel _onnx;
    private readonly OnnxRuns _runs;

    /// <summary>Opens a file and prepares the pictures for it: the same ones where it takes the model's size, else others of its own size.</summary>
    /// <exception cref="OnnxModelException">ONNX Runtime does not take it.</exception>
    /// <exception cref="UserException">It takes no picture.</exception>
    public Rival(string path, int threads, Preprocess preprocess, int classes)
    {
        File = path;
        _onnx = OnnxModel.Open(path, threads: threads);
        try
        {
            IReadOnlyList<int> shape = _onnx.InputShape;
            bool channelsLast = shape is [_, _, _, 3] && shape[1] != 3;
            if (shape.Count != 4 || (!channelsLast && shape[1] is not (3 or -1)))
            {
                throw new UserException($"--against {path}: its input is [{string.Join(", ", shape)}], expected pictures: [1, 3, height, width] or [1, height, width, 3].");
            }

            (int height, int width) = channelsLast ? (shape[1], shape[2]) : (shape[2], shape[3]);
            (Height, Width) = (height > 0 ? height : preprocess.Height, width > 0 ? width : preprocess.Width);
            var pictures = new RivalPictures(preprocess with { Height = Height, Width = Width, ResizeShorterSide = Math.Max(preprocess.ResizeShorterSide, Math.Max(Height, Width)) });
            long[] size = channelsLast ? [1, Height, Width, 3] : [1, 3, Height, Width];
            _runs = _onnx.Prepare([.. Enumerable.Range(0, RivalPictures.Count).Select(i => channelsLast ? pictures.ChannelsLast(i) : pictures.ChannelsFirst(i))], size, _onnx.Outputs[0].Name);
            SameInput = (Height, Width) == (preprocess.Height, preprocess.Width);
            float[][] outputs = [.. Enumerable.Range(0, RivalPictures.Count).Select(_runs.Output)];
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
