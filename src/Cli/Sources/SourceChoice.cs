using EdgeVit.Devices;

namespace EdgeVit.Cli;

/// <summary>Finds out what kind of sources a command line names.</summary>
internal static class SourceChoice
{
    /// <summary>What is to be run with a model that is open.</summary>
    /// <exception cref="UserException">Nothing is there, sources do not go together, or an option has no meaning for them.</exception>
    public static Func<Classifier, Printer, int> Of(IReadOnlyList<string> sources, SourceWishes wishes, BadSources bad)
    {
        string first = sources[0];
        if (sources.FirstOrDefault(s => Camera.IsName(s) && !File.Exists(s)) is { } camera)
        {
            Alone(sources, camera);
            wishes.AllowOnly(camera, SourceOptions.FramesName, SourceOptions.SizeName, SourceOptions.RateName);
            return (classifier, printer) => Frames(() => FrameRun.Open(camera, wishes), camera, wishes, classifier, printer);
        }

        if (first == ImageInputs.StandardInput && wishes.Format is { } format)
        {
            Alone(sources, first);
            wishes.AllowOnly("standard input", SourceOptions.FramesName, SourceOptions.SizeName, SourceOptions.FormatName);
            return (classifier, printer) => Frames(() => FrameRun.OpenStandardInput(format, wishes.Size), first, wishes, classifier, printer);
        }

        if (wishes.Watch)
        {
            Alone(sources, first);
            if (!Directory.Exists(first))
            {
                throw new UserException($"{SourceOptions.WatchName} needs a folder, and {first} is none.", ExitCode.Usage);
            }

            wishes.AllowOnly(first, SourceOptions.FramesName, SourceOptions.WatchName);
            return (classifier, printer) =>
            {
                using var interruption = new Interruption();
                return WatchRun.Run(classifier, first, wishes.Frames, printer, interruption);
            };
        }

        return (classifier, printer) => Files(Found(sources, bad, printer), sources, wishes, bad)(classifier, printer);
    }

    /// <summary>The files that sources name. One of several that names none is bad like a file that cannot be read.</summary>
    private static List<string> Found(IReadOnlyList<string> sources, BadSources bad, Printer printer)
    {
        var files = new List<string>();
        string[] each = [.. sources.SelectMany(ImageInputs.Expand)];
        foreach (string source in each)
        {
            try
            {
                files.AddRange(ImageInputs.Resolve(source));
            }
            catch (UserException e) when (each.Length > 1 && bad.GoesOn && e.ExitCode == ExitCode.Failure)
            {
                bad.Add(source, e.Message, printer);
            }
        }

        return files;
    }

    private static Func<Classifier, Printer, int> Files(IReadOnlyList<string> files, IReadOnlyList<string> sources, SourceWishes wishes, BadSources bad)
    {
        if (files.Count == 0)
        {
            // Nothing is run, and what is bad is said as ever.
            return (classifier, printer) => sources.All(ClipInfo.HasExtension) ? new ClipRun(classifier, printer).Run(files, wishes, bad) : ImageRun.Run(classifier, files, bad, printer);
        }

        int clips = files.Count(ClipInfo.HasExtension);
        if (clips == 0)
        {
            wishes.AllowOnly(files[0]);
            return (classifier, printer) => ImageRun.Run(classifier, files, bad, printer);
        }

        if (clips < files.Count)
        {
            throw new UserException($"{clips} clips and {files.Count - clips} images: their output is of two kinds. Name them in two commands.", ExitCode.Usage);
        }

        wishes.AllowOnly(files[0], [SourceOptions.FramesName, SourceOptions.KeyFramesName, .. FaceOptions.Given(wishes.Clips).Select(static o => o.Name)]);
        return (classifier, printer) => new ClipRun(classifier, printer).Run(files, wishes, bad);
    }

    private static int Frames(Func<ICamera> open, string source, SourceWishes wishes, Classifier classifier, Printer printer)
    {
        printer.BeginLines();
        using var interruption = new Interruption();
        using ICamera camera = open();
        return new FrameRun(classifier, printer).Run(camera, source, wishes.Frames, interruption);
    }

    private static void Alone(IReadOnlyList<string> sources, string source)
    {
        if (sources.Count > 1)
        {
            throw new UserException($"{source} goes on until it is stopped: name it alone.", ExitCode.Usage);
        }
    }
}
