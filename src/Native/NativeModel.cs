using System.Runtime.InteropServices;
using System.Text;
using EdgeVit.Runtime;

namespace EdgeVit.Native;

/// <summary>What an <c>edgevit_model</c> is: a model with one session and what a run needs.</summary>
internal sealed unsafe class NativeModel : IDisposable
{
    private readonly EvitModel _model;
    private readonly Session _session;
    private readonly PreprocessPipeline _pipeline;
    private readonly byte[] _pixels;
    private readonly nint[] _labels;
    private RgbImage? _image;

    internal NativeModel(string path, int threads)
    {
        _model = EvitModel.Open(path);
        _session = _model.CreateSession(new SessionOptions { Threads = threads });
        _pipeline = new PreprocessPipeline(_model.Preprocess);
        _pixels = new byte[_pipeline.Length];
        _labels = [.. _model.Labels.Select(Utf8)];
    }

    internal int Classes => _model.Classes;

    internal int Threads => _session.Threads;

    internal string Kernels => _session.KernelName;

    internal Preprocess Preprocess => _model.Preprocess;

    internal nint Label(int index) => (uint)index < (uint)_labels.Length ? _labels[index] : 0;

    internal void Run(byte* rgb, int width, int height, Span<float> logits)
    {
        if (_image is not { } image || image.Width != width || image.Height != height)
        {
            _image = image = new RgbImage(width, height);
        }

        new ReadOnlySpan<byte>(rgb, image.Pixels.Length).CopyTo(image.Pixels);
        _pipeline.ToPixels(image, _pixels);
        _session.RunNhwc(_pixels, logits);
    }

    public void Dispose()
    {
        _session.Dispose();
        _model.Dispose();
        foreach (nint label in _labels)
        {
            NativeMemory.Free((void*)label);
        }
    }

    private static nint Utf8(string text)
    {
        int count = Encoding.UTF8.GetByteCount(text);
        var bytes = (byte*)NativeMemory.Alloc((nuint)count + 1);
        Encoding.UTF8.GetBytes(text, new Span<byte>(bytes, count));
        bytes[count] = 0;
        return (nint)bytes;
    }
}
