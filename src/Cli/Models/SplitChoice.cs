using System.Text.Json.Nodes;
using EdgeVit.Imaging;

namespace EdgeVit.Cli;

/// <summary>Which images of a data set are measured on, and what became of its files.</summary>
internal static class SplitChoice
{
    public const string Auto = "auto";

    /// <summary>The images that <c>--split</c> names.</summary>
    /// <exception cref="UserException">There are no such images.</exception>
    public static IImageDataset Of(DatasetSplits splits, string split, string path, Printer printer)
    {
        bool alone = ReferenceEquals(splits.Train, splits.Test);
        switch (split)
        {
            case "train" when alone:
                throw new UserException($"{path} has no training images. Leave --split out.");
            case "train":
                return splits.Train;
            case "val":
                return splits.Validation ?? (splits.ValidationIsTest ? splits.Test! : throw new UserException($"{path} has no validation images. Use --split test or --split train, or add a folder 'val'."));
            case "test" or Auto when splits.Test is { } test:
                return test;
            case "test":
                throw new UserException($"{path} has no test images. Use --split train, or add a folder 'test'.");
            case Auto when splits.Validation is { } validation:
                return validation;
            case Auto:
                printer.Warn($"{path} has no test images: measuring on all of its images. If the model was trained on them, the accuracy says little.");
                return splits.Train;
            default:
                throw new UserException($"--split is '{split}', expected auto, test, val or train, or folders as in train=A,test=B.", ExitCode.Usage);
        }
    }

    /// <summary>What became of the files of a folder; null for data of other kinds.</summary>
    public static JsonObject? Json(FileAccount? files) => files is null ? null : new JsonObject
    {
        ["found"] = files.Found,
        ["used"] = files.Used,
        ["left_out"] = new JsonArray([.. files.Groups().Select(static g => (JsonNode)new JsonObject
        {
            ["extension"] = g.Extension,
            ["reason"] = g.Reason,
            ["files"] = g.Count,
        })]),
    };
}
