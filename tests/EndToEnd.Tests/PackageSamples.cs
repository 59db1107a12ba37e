using EdgeVit.Devices;
using EdgeVit.Export;
using EdgeVit.Imaging;
using EdgeVit.Runtime;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>The samples of the packages' README files, which <see cref="PackageTests"/> holds against them word for word.</summary>
internal static class PackageSamples
{
    public static string Runtime(string modelPath, byte[] pixels)
    {
        // <EdgeVit.Runtime>
        using EvitModel model = EvitModel.Open(modelPath);
        using Session session = model.CreateSession(new SessionOptions { Threads = 2 });
        float[] logits = new float[model.Classes];
        session.Run(pixels, logits);                // bytes [height, width, 3], as a camera gives them
        return model.Labels[Array.IndexOf(logits, logits.Max())];
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
        session.Run(pixels, logits);
        return model.Labels[Array.IndexOf(logits, logits.Max())];
        // </EdgeVit.Imaging>
    }

    public static void Export(string checkpointPath, string[] labels, string modelPath)
    {
        // <EdgeVit.Export>
        ImportedCheckpoint checkpoint = CheckpointImport.Open(checkpointPath, new ImportOptions { Labels = labels });
        CertifiedModel model = ImportedModel.Pack(checkpoint);
        if (!model.Certificate.Passed)
        {
            throw new InvalidOperationException(string.Join(Environment.NewLine, model.Certificate.Lines()));
        }
        AtomicFile.Write(modelPath, model.Bytes);
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
