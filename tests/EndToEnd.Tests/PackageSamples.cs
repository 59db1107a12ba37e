using EdgeVit.Devices;
using EdgeVit.Export;
using EdgeVit.Imaging;
using EdgeVit.Runtime;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>The samples of the packages' README files, which <see cref="PackageTests"/> holds against them word for word.</summary>
internal static class PackageSamples
{
    public static string Runtime(string modelPath, RgbImage frame)
    {
        // <EdgeVit.Runtime>
        using EvitModel model = EvitModel.Open(modelPath);
        using Session session = model.CreateSession(new SessionOptions { Threads = 2 });
        var pipeline = new PreprocessPipeline(model.Preprocess);
        byte[] pixels = new byte[pipeline.Length];
        float[] logits = new float[model.Classes];

        pipeline.ToPixels(frame, pixels);           // an RgbImage of any size over a camera's bytes; a second frame allocates nothing
        session.RunNhwc(pixels, logits);            // [n, height, width, 3] bytes; RunNchw takes normalised floats [n, 3, height, width]
        return Prediction.Top(logits, model.Labels, 1)[0].Label;
        // </EdgeVit.Runtime>
    }

    public static string Imaging(string modelPath, string imagePath)
    {
        // <EdgeVit.Imaging>
        using EvitModel model = EvitModel.Open(modelPath);
        using Session session = model.CreateSession();
        var pipeline = new PreprocessPipeline(model.Preprocess);
        byte[] pixels = new byte[pipeline.Length];
        float[] logits = new float[model.Classes];

        pipeline.ToPixels(ImageDecoder.DecodeFile(imagePath), pixels);
        session.RunNhwc(pixels, logits);
        return Prediction.Top(logits, model.Labels, 1)[0].Label;
        // </EdgeVit.Imaging>
    }

    public static void Export(string checkpointPath, string[] labels, string modelPath)
    {
        // <EdgeVit.Export>
        ConvertedModel model = ModelConversion.Import(checkpointPath, new ImportOptions { Labels = labels });
        if (!model.Passed)
        {
            throw new InvalidOperationException(model.Certificate);
        }
        File.WriteAllBytes(modelPath, model.Bytes.Span);
        // </EdgeVit.Export>
    }

    public static string Devices(Action measure)
    {
        // <EdgeVit.Devices>
        BoardInfo board = BoardDetector.Detect();
        string machine = $"{board.Model}: {board.Cores} x {board.Cpu}";
        using var log = new TelemetryLog();
        measure();
        return $"{machine}, at most {log.Samples.Max(s => s.Celsius)} degrees, throttled: {log.Throttled}";
        // </EdgeVit.Devices>
    }
}
