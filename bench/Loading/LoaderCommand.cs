using System.Diagnostics;
using System.Globalization;
using EdgeVit.Imaging;
using EdgeVit.Quantize;
using EdgeVit.Runtime;

namespace EdgeVit.Bench;

/// <summary>What a training at 224 pixels asks of the disk and the decoder: photographs a second of one core, decoded, cropped at random, flipped and
/// normalised, and what it takes to open a large folder of them.</summary>
internal static class LoaderCommand
{
    private const int Width = 500, Height = 375, Quality = 90, Side = 224, BatchSize = 32;
    private static readonly TimeSpan s_measured = TimeSpan.FromSeconds(10);

    public static int Run(string[] arguments)
    {
        (string? folder, int files) = (null, 0);
        for (int i = 0; i < arguments.Length; i++)
        {
            if (arguments[i] == "--open" && i + 1 < arguments.Length && int.TryParse(arguments[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out files) && files > 0)
            {
                i++;
            }
            else if (folder is null && Directory.Exists(arguments[i]))
            {
                folder = arguments[i];
            }
            else
            {
                Console.Error.WriteLine("bench: loader [FOLDER of pictures in a folder a class] [--open N: makes and opens a folder of N files]");
                return 2;
            }
        }

        using var made = new MadePhotos();
        if (files > 0)
        {
            return Open(made.Many(files), files);
        }

        Throughput(folder ?? made.Photos(200, Width, Height, Quality));
        return 0;
    }

    /// <summary>Images a second with one thread and with all, each for ten seconds.</summary>
    private static void Throughput(string folder)
    {
        IImageDataset dataset = Dataset(folder);
        var preprocess = new Preprocess(Side, Side, 256, Interpolation.Bicubic, [0.5f, 0.5f, 0.5f], [0.25f, 0.25f, 0.25f]);
        PixelSource source = PixelSource.Open(dataset, preprocess, limit: 0);
        int[] indices = [.. Enumerable.Range(0, dataset.Count)];
        var augmentation = new Augmentation(0, Flip: true) { Crop = 0.08 };
        double alone = Rate(source, indices, augmentation, out double cores);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{dataset.Count} pictures of {Sizes(dataset)}: {alone:F0} images/s, {alone / cores:F0} images/s of a core ({cores:F2} cores busy, {Environment.ProcessorCount} there): decoded, cropped at random (8 % of the area at least), flipped, normalised to {Side} x {Side}"));
    }

    private static double Rate(PixelSource source, int[] indices, Augmentation augmentation, out double cores)
    {
        using var loader = new BatchLoader(source, indices, BatchSize, augmentation, seed: 1);
        long step = 0;
        loader.Get(step++);
        using Process process = Process.GetCurrentProcess();
        TimeSpan before = process.TotalProcessorTime;
        long start = Stopwatch.GetTimestamp(), images = 0;
        while (Stopwatch.GetElapsedTime(start) < s_measured)
        {
            images += loader.Get(step++).Count;
        }

        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        process.Refresh();
        cores = (process.TotalProcessorTime - before).TotalSeconds / seconds;
        return images / seconds;
    }

    /// <summary>Time and memory that a folder takes to be opened.</summary>
    private static int Open(string folder, int files)
    {
        using Process process = Process.GetCurrentProcess();
        long start = Stopwatch.GetTimestamp();
        IImageDataset dataset = Dataset(folder);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        process.Refresh();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{files} files, {dataset.Labels.Count} classes: {dataset.Count} pictures opened in {seconds:F1} s; {process.PeakWorkingSet64 / 1e6:F0} MB resident at most"));
        return dataset.Count == files ? 0 : 3;
    }

    private static IImageDataset Dataset(string folder) => DatasetFolder.Open(folder).Train;

    private static string Sizes(IImageDataset dataset)
    {
        RgbImage first = dataset.Load(0);
        return $"{first.Width} x {first.Height} and the like";
    }
}
