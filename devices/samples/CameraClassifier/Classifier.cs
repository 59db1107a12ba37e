using System.Globalization;
using EdgeVit.Devices;
using EdgeVit.Imaging;
using EdgeVit.Runtime;

namespace EdgeVit.Samples;

/// <summary>From a camera's frames to labels.</summary>
internal sealed class Classifier(EvitModel model, ICamera camera, Panel panel, TextWriter lines)
{
    private const int Shown = 4;

    /// <summary>Runs until the camera ends or the token says so.</summary>
    /// <exception cref="CameraException">The camera failed.</exception>
    public void Run(CancellationToken stop)
    {
        // Everything is made once and used for each frame.
        using Session session = model.CreateSession();
        var pipeline = new PreprocessPipeline(model.Preprocess);
        byte[] pixels = new byte[pipeline.Length];
        float[] logits = new float[model.Classes];
        var top = new Prediction[Math.Min(Shown, model.Classes)];
        var rate = new FrameRate(TimeProvider.System);
        RgbImage? image = null;
        string label = "";

        while (Next(stop) is { } frame)
        {
            // The frames of a held picture are taken all the same, so that the next one is fresh.
            if (panel.Held)
            {
                panel.ShowHeld();
                continue;
            }

            try
            {
                image = frame.ToRgb(reuse: image);
            }
            catch (ImageException)
            {
                // It arrived damaged, as one in thousands does.
                continue;
            }

            pipeline.ToPixels(image, pixels);
            session.RunNhwc(pixels, logits);
            Prediction.Top(logits, model.Labels, top);

            rate.Count();
            panel.Show(top, rate.PerSecond);
            if (top[0].Label != label)
            {
                label = top[0].Label;
                lines.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{label} {top[0].Probability:P1}, {rate.PerSecond:F1} frames a second"));
            }
        }
    }

    /// <summary>The next frame; none at the end of the camera, or when it is time to stop.</summary>
    private Frame? Next(CancellationToken stop)
    {
        try
        {
            return camera.Next(stop);
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }
}
