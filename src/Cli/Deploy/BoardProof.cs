using System.Globalization;
using System.Text.Json.Nodes;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary>Twenty pictures with what the model makes of them here: the board has to give the same logits, bit for bit, and the same labels and
/// probabilities from the picture files.</summary>
internal sealed class BoardProof
{
    public const int Pictures = 20;

    /// <summary>The tensor's file.</summary>
    public const string Tensor = "input.safetensors";

    private const int Top = 5;

    private readonly float[][] _logits = new float[Pictures][];
    private readonly IReadOnlyList<Prediction>[] _labels = new IReadOnlyList<Prediction>[Pictures];

    /// <summary>Computes everything on this machine.</summary>
    public BoardProof(EvitModel model)
    {
        using Session session = model.CreateSession();
        var pipeline = new PreprocessPipeline(model.Preprocess);
        byte[] pixels = new byte[pipeline.Length];
        float[] input = new float[Pictures * pipeline.Length];
        var files = new List<(string, byte[])>();
        for (int i = 0; i < Pictures; i++)
        {
            RgbImage picture = ProofPictures.Make(i);
            files.Add((string.Create(CultureInfo.InvariantCulture, $"{i:00}.bmp"), ProofPictures.Bitmap(picture)));
            pipeline.ToPixels(picture, pixels);
            Span<float> values = input.AsSpan(i * pipeline.Length, pipeline.Length);
            pipeline.Normalise(pixels, values);
            _logits[i] = new float[model.Classes];
            session.RunNchw(values, _logits[i]);
            float[] fromBytes = new float[model.Classes];
            session.RunNhwc(pixels, fromBytes);
            _labels[i] = Prediction.Top(fromBytes, model.Labels, Top);
        }
        files.Add((Tensor, ProofPictures.Tensor(input, [Pictures, .. model.InputShape])));
        Files = files;
    }

    /// <summary>What is sent: the pictures and the tensor.</summary>
    public IReadOnlyList<(string Name, byte[] Bytes)> Files { get; }

    /// <summary>How many pictures have other logits in the JSON of <c>run --tensor</c>.</summary>
    /// <exception cref="UserException">The JSON is not that of such a run.</exception>
    public int DifferentLogits(JsonObject answer)
    {
        if (answer["logits"] is not JsonArray rows || rows.Count != Pictures)
        {
            throw new UserException($"the tool on the board answered without the logits of {Pictures} pictures.");
        }

        return Enumerable.Range(0, Pictures).Count(i => rows[i] is not JsonArray row || !row.Select(Bits).SequenceEqual(_logits[i].Select(v => (uint?)BitConverter.SingleToUInt32Bits(v))));
    }

    /// <summary>How many pictures have other labels or probabilities in the JSON of <c>run</c> on the picture files.</summary>
    /// <exception cref="UserException">The JSON is not that of such a run.</exception>
    public int DifferentLabels(JsonObject answer)
    {
        if (answer["results"] is not JsonArray results || results.Count != Pictures)
        {
            throw new UserException($"the tool on the board answered without the results of {Pictures} pictures.");
        }

        return Enumerable.Range(0, Pictures).Count(i => results[i]?["top"] is not JsonArray top || top.Count != _labels[i].Count
            || !top.Zip(_labels[i]).All(p => (string?)p.First?["label"] == p.Second.Label && (int?)p.First?["index"] == p.Second.Index
                && JsonNode.DeepEquals(p.First?["probability"], Quantity.Json(p.Second.Probability, 6))));
    }

    private static uint? Bits(JsonNode? value) => value is null ? null : BitConverter.SingleToUInt32Bits((float)value);
}
