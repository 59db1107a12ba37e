using System.CommandLine;
using EdgeVit.Export;
using EdgeVit.Imaging;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary>The images that a file is proven on: the options of the verbs that write one, and the images that they mean.</summary>
internal sealed class ProofImages
{
    private const int MostImages = 10_000;

    private readonly int _usual;

    /// <summary>Declares the options; <paramref name="usual"/> is the default number of images.</summary>
    public ProofImages(int usual)
    {
        _usual = usual;
        Count = new("--parity-images", 1, MostImages) { Description = $"Images that are compared value by value. [default: {usual}]", HelpName = "N" };
        Options = [Data, Count, Seed];
    }

    public IReadOnlyList<Option> Options { get; }

    private InputOption<string?> Data { get; } = DataOption.Create<string?>("Compare on images of this data (image folder, CIFAR or IDX files, 'shapes'). [default: noise]");

    private WholeOption<int?> Count { get; }

    private WholeOption<ulong> Seed { get; } = new("--seed", 0, ulong.MaxValue) { Description = "Seed of the noise, and of the choice of images.", DefaultValueFactory = _ => 1 };

    /// <summary>The images that were asked for, prepared as the model wants them.</summary>
    public CertificateOptions Read(ParseResult arguments, Preprocess preprocess)
    {
        ulong seed = arguments.GetValue(Seed);
        int count = arguments.GetValue(Count) ?? _usual;
        if (arguments.GetValue(Data) is not { } path)
        {
            return new CertificateOptions(count, seed);
        }

        DatasetSplits splits = DatasetFolder.Open(path, new DatasetOptions { Seed = seed, TestAlone = true });
        IImageDataset data = splits.Test ?? splits.Train;
        var pipeline = new PreprocessPipeline(preprocess);
        var indices = new int[data.Count];
        for (int i = 0; i < indices.Length; i++)
        {
            indices[i] = i;
        }

        new Random((int)(seed & int.MaxValue)).Shuffle(indices);
        count = Math.Min(count, indices.Length);
        byte[] pixels = new byte[pipeline.Length];
        var images = new float[(long)count * pipeline.Length];
        for (int i = 0; i < count; i++)
        {
            pipeline.ToPixels(data.Load(indices[i]), pixels);
            pipeline.Normalise(pixels, images.AsSpan(i * pipeline.Length, pipeline.Length));
        }
        return new CertificateOptions(count, seed, images, $"{data.Name}{(splits.Test is null ? "" : " (test)")}");
    }
}
