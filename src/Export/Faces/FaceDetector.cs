using EdgeVit.Export.Onnx;
using EdgeVit.Runtime;

namespace EdgeVit.Export.Faces;

/// <summary>Finds faces in pictures with a detector in an ONNX file, of the two families that have one: BlazeFace and YuNet. For one thread at a time.</summary>
internal sealed class FaceDetector : IDisposable
{
    /// <summary>Side of the input where the file leaves it free: a multiple of all strides.</summary>
    private const int UsualSide = 640;

    private readonly OnnxModel _model;
    private readonly OnnxImageForm _form;
    private readonly IFaceOutputs _outputs;

    private FaceDetector(OnnxModel model, OnnxImageForm form, IFaceOutputs outputs) => (_model, _form, _outputs) = (model, form, outputs);

    /// <summary>Opens a file.</summary>
    /// <exception cref="OnnxModelException">ONNX Runtime does not take it, or it is no such detector.</exception>
    internal static FaceDetector Open(string path)
    {
        OnnxModel model = OnnxModel.Open(path, threads: 1);
        try
        {
            IFaceOutputs outputs = BlazeFaceOutputs.Of(model.Outputs) ?? (IFaceOutputs?)YuNetOutputs.Of(model.Outputs) ?? throw new OnnxModelException(
                $"{path}: its outputs are those of no face detector known here: {string.Join(", ", model.Outputs)}. Expected BlazeFace ([1, 896, 1] and [1, 896, 16], or in parts) or YuNet of 2023 (cls_8, obj_8, bbox_8, and for 16 and 32).")
            { IsUsage = true };
            OnnxImageForm? form = OnnxImageForm.Of(model.File, model.Input).FirstOrDefault(static f => f.Channels == 3 && f.Axes == ImageAxes.All);
            return new FaceDetector(model, form?.Sized(UsualSide, UsualSide) ?? throw new OnnxModelException(
                $"{path}: its input {model.Input} is no colour picture, expected [1, 3, H, W] or [1, H, W, 3].")
            { IsUsage = true }, outputs);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>The faces of a picture, in its pixels, largest first.</summary>
    /// <exception cref="OnnxModelException">ONNX Runtime fails, or gives outputs of other sizes.</exception>
    internal IReadOnlyList<FaceBox> Find(RgbImage image)
    {
        double scale = Math.Min((double)_form.Width / image.Width, (double)_form.Height / image.Height);
        RgbImage fitted = Fitted(image, scale);
        float[][] outputs = _model.Run(_form.Arrange(_outputs.Input(fitted)), _form.Shape(1), _outputs.Names);
        foreach ((string name, float[] output, int expected) in _outputs.Names.Zip(outputs, _outputs.Elements(_form.Height, _form.Width)))
        {
            if (output.Length != expected)
            {
                throw new OnnxModelException($"{_model.File.Name}: its output '{name}' has {output.Length} numbers, expected {expected} for an input of {_form.Width} x {_form.Height} of a detector of its kind.") { IsUsage = true };
            }
        }

        return
        [
            .. FaceBox.Distinct(_outputs.Boxes(outputs, _form.Height, _form.Width))
                .Select(b => new FaceBox(b.Left / scale, b.Top / scale, b.Width / scale, b.Height / scale, b.Score))
                .OrderByDescending(static b => b.Area),
        ];
    }

    public void Dispose() => _model.Dispose();

    /// <summary>The picture in the upper left corner of the detector's input; the rest is black.</summary>
    private RgbImage Fitted(RgbImage image, double scale)
    {
        RgbImage small = Resampler.Resize(
            image, Math.Clamp((int)Math.Round(image.Width * scale), 1, _form.Width), Math.Clamp((int)Math.Round(image.Height * scale), 1, _form.Height), Interpolation.Bilinear);
        if (small.Width == _form.Width && small.Height == _form.Height)
        {
            return small;
        }

        var fitted = new RgbImage(_form.Width, _form.Height);
        for (int y = 0; y < small.Height; y++)
        {
            small.Pixels.AsSpan(y * small.Width * 3, small.Width * 3).CopyTo(fitted.Pixels.AsSpan(y * _form.Width * 3));
        }

        return fitted;
    }
}
