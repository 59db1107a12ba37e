using System.Text;
using System.Text.Json.Nodes;
using EdgeVit.Export;
using EdgeVit.Imaging;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary>The images of <c>--data</c>.</summary>
/// <param name="Images">The images.</param>
/// <param name="Indices">Which of them.</param>
/// <param name="Labels">The model's class for each class of the data.</param>
internal sealed record ExplainData(IImageDataset Images, int[] Indices, int[] Labels);

/// <summary>Computes everything, then writes the page.</summary>
internal static class ExplainRun
{
    /// <summary>Images of the data that are explained where no photo is named.</summary>
    private const int PhotosOfData = 2;

    public static int Run(EvitModel model, IReadOnlyList<string> files, ExplainData? data, ExplainSettings settings, string? target, Printer printer)
    {
        using var interruption = new Interruption();
        var layout = NetworkLayout.Of(model.File.Graph, model.File.Shapes);
        int[] asked = [.. settings.Classes.Select(c => ClassNamed(model, c))];
        List<PreparedPhoto> prepared = [.. files.Select(f => Decode(f, model.Preprocess, printer, interruption.Token))];
        DataStudy? study = null;
        if (data is not null)
        {
            var progress = new CountedProgress(printer, "images", data.Indices.Length);
            study = DataStudy.Of(
                model, layout, data.Images, data.Indices, data.Labels, settings.Channels > 0, settings.Threads, progress.Advance, interruption.Token);
            if (files.Count == 0)
            {
                prepared.AddRange(study.WrongFirst().Take(PhotosOfData).Select(i =>
                    PreparedPhoto.Of($"{data.Images.SourceName(i.Index)}, shows {model.Labels[i.Label]}", data.Images.Load(i.Index), model.Preprocess)));
            }
        }

        var photoStudy = new PhotoStudy(model, layout, settings, asked);
        var squares = new CountedProgress(printer, "covered squares", prepared.Count * settings.Grid * settings.Grid);
        ExplainedPhoto[] photos = [.. prepared.Select(p => photoStudy.Explain(p, squares.Advance, interruption.Token))];
        ChannelImages[] channels = study is null || settings.Channels == 0 ? [] : [.. Enumerable.Range(0, layout.Stages.Count).SelectMany(s => study.Channels(s, settings.Channels))];
        JsonObject json = ExplainJson.Of(model, layout, photos, study, channels);
        if (target is not null)
        {
            AtomicFile.Write(target, Encoding.UTF8.GetBytes(ExplainPage.Write(model, layout, photos, study, channels)));
            json["html"] = Path.GetFullPath(target);
        }

        printer.Object(json);
        foreach (ExplainedPhoto photo in photos)
        {
            int best = photo.Classes[0];
            printer.Data($"{photo.Photo.Source}  {model.Labels[best]} {Quantity.Percent(photo.Probability(best))}  {model.Classes} logits equal to the reference interpreter's");
        }

        if (study is not null)
        {
            printer.Data($"{study.Data.Name}: {printer.Count(study.Images.Count)} images  top-1 {Quantity.Percent((double)study.Correct / study.Images.Count, 2)}");
        }

        if (target is not null)
        {
            printer.Data($"{target}: {Quantity.Bytes(new FileInfo(target).Length)}");
        }

        return ExitCode.Ok;
    }

    private static PreparedPhoto Decode(string file, Preprocess preprocess, Printer printer, CancellationToken cancel)
    {
        (RgbImage image, string? warning) = PictureSource.Decode(file, cancel);
        string name = file == ImageInputs.StandardInput ? "standard input" : file;
        if (warning is not null)
        {
            printer.Warn($"{name}: {warning}");
        }

        return PreparedPhoto.Of(name, image, preprocess);
    }

    private static int ClassNamed(EvitModel model, string name)
    {
        int index = model.Labels.ToList().IndexOf(name);
        return index >= 0 ? index : throw new UserException(
            $"--class is '{name}', which is no class of this model.{(Nearest.To(name, model.Labels) is { } near ? $" Did you mean '{near}'?" : "")} "
            + $"It has {model.Classes}: {string.Join(", ", model.Labels.Take(10))}{(model.Classes > 10 ? ", ..." : "")}.", ExitCode.Usage);
    }
}
