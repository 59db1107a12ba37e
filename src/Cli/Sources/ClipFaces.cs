using System.Globalization;
using System.Text.Json.Nodes;
using EdgeVit.Export;
using EdgeVit.Export.Faces;
using EdgeVit.Export.Onnx;
using EdgeVit.Imaging;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary>The largest face of each picture of a clip.</summary>
internal sealed class ClipFaces(FaceDetector detector, string? crops, bool inFolders) : IDisposable
{
    private readonly HashSet<string> _stems = [];
    private string _stem = "";
    private int _picture;

    /// <summary>Pictures of the present clip without a face, and with several.</summary>
    public (int Without, int Several) Counts { get; private set; }

    /// <summary>Opens what the wishes name; null where they name no detector.</summary>
    /// <param name="wishes">What a command line says.</param>
    /// <param name="clips">All that will be looked at: where they lie in several folders, so do the faces.</param>
    /// <exception cref="UserException">There is no such file, or it is no detector.</exception>
    public static ClipFaces? Open(ClipWishes wishes, IReadOnlyList<string> clips)
    {
        if (wishes.Detector is not { } path)
        {
            return null;
        }

        if (!File.Exists(path))
        {
            throw new UserException($"{FaceOptions.FacesName} {path}: no such file.", ExitCode.Usage);
        }

        try
        {
            return new ClipFaces(FaceDetector.Open(path), wishes.Crops, clips.Select(ClipTable.Folder).Distinct().Count() > 1);
        }
        catch (OnnxModelException e)
        {
            throw new UserException($"{FaceOptions.FacesName} {e.Message}", e.IsUsage ? ExitCode.Usage : ExitCode.Failure);
        }
    }

    /// <summary>Begins another clip.</summary>
    /// <param name="clip">Its file.</param>
    /// <param name="label">The class of the model that its folder names; null for none.</param>
    public void Begin(string clip, string? label)
    {
        (_picture, Counts) = (0, (0, 0));
        if (crops is null)
        {
            return;
        }

        string stem = Path.Combine(crops, label ?? (inFolders ? ClipTable.Folder(clip) : ""), Path.GetFileNameWithoutExtension(clip));
        // Clips of one name, from folders within folders or in two formats.
        for (int copy = 1; !_stems.Add(_stem = copy == 1 ? stem : string.Create(CultureInfo.InvariantCulture, $"{stem}.{copy}")); copy++)
        {
        }
    }

    /// <summary>The face in the next picture, cut out; null where there is none.</summary>
    public (RgbImage Face, JsonArray Box)? Cut(RgbImage image)
    {
        IReadOnlyList<FaceBox> faces = detector.Find(image);
        int number = _picture++;
        Counts = (Counts.Without + (faces.Count == 0 ? 1 : 0), Counts.Several + (faces.Count > 1 ? 1 : 0));
        if (faces.Count == 0)
        {
            return null;
        }

        RgbImage face = FaceCrop.Of(image, faces[0]);
        if (crops is not null)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_stem)!);
            AtomicFile.Write($"{_stem}-{number:D4}.png", SkiaEncoder.Png(face));
        }

        return (face, [.. new[] { faces[0].Left, faces[0].Top, faces[0].Width, faces[0].Height }.Select(static v => Quantity.Json(v, 1))]);
    }

    public void Dispose() => detector.Dispose();
}
