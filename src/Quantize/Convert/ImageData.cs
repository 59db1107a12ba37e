using EdgeVit.Imaging;

namespace EdgeVit.Quantize;

/// <summary>The images of a conversion.</summary>
/// <param name="Kind">What it was recognised as.</param>
/// <param name="Split">Which of it are learnt from, which are held out for choices.</param>
/// <param name="Test">The test set, or the training set where the data has none.</param>
/// <param name="TestIndices">The test images within <paramref name="Test"/>.</param>
/// <param name="Skipped">Images left out because they cannot be decoded.</param>
internal sealed record ImageData(
    string Name, string Kind, PixelSource Source, DataSplit Split, PixelSource Test, IReadOnlyList<int> TestIndices, int Skipped)
{
    /// <summary>Whether the labels are a teacher's decisions.</summary>
    public bool Unlabelled => Kind == DatasetFolder.Unlabelled;

    /// <summary>What became of every file; null where the data are no folder of images.</summary>
    public FileAccount? Files { get; init; }

    /// <summary>The training set on the device of the training; null where batches are made on the processor.</summary>
    public DeviceImages? OnDevice { get; init; }

    /// <summary>The pictures of a folder, as paths within it; null for other data.</summary>
    public IReadOnlyList<string>? Pictures { get; init; }

    /// <summary>What to say about pictures replaced since this was last asked, of the training images and of separate test images.</summary>
    internal IEnumerable<string> ReplacementNews() => new[] { Source.Replacements, Test.Replacements }.Distinct().Select(static r => r.News()).OfType<string>();

    /// <summary>Pictures that others were shown for, as they could not be read any more.</summary>
    public int Replaced => Source.Replacements.CountOfAll + (ReferenceEquals(Source.Replacements, Test.Replacements) ? 0 : Test.Replacements.CountOfAll);
}
