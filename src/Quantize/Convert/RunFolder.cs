using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using EdgeVit.Export;
using EdgeVit.Runtime;

namespace EdgeVit.Quantize;

/// <summary>The folder of one run and the files in it.</summary>
internal sealed record RunFolder(string Path)
{
    private const long Reserve = 16L << 20;

    private RunLock? _held;

    /// <summary>The packed model.</summary>
    public string Model => File(RunFiles.Model);

    /// <summary>One line per report.</summary>
    public string Metrics => File(RunFiles.Metrics);

    /// <summary>Folder of the teacher's checkpoints.</summary>
    public string Teacher => File("teacher");

    /// <summary>Folder of the checkpoints of what the teacher learns before.</summary>
    public string Pretraining => File("pretraining");

    /// <summary>Folder of the student's checkpoints.</summary>
    public string Student => File("student");

    /// <summary>The folders of checkpoints.</summary>
    internal string[] Trainings => [Pretraining, Teacher, Student];

    /// <summary>Where a run goes on from.</summary>
    private string[] Checkpoints => [.. Trainings.Select(t => System.IO.Path.Combine(t, TrainerFiles.LastName))];

    /// <summary>A file of the folder.</summary>
    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Makes the folder ready before anything long starts: creates it, keeps other processes out, deletes what a killed run has left half-written, tries to
    /// write, looks at the free space, refuses to touch an earlier run unless told to. An earlier run is still whole afterwards, see <see cref="Clear"/>.</summary>
    /// <param name="space">What the run takes.</param>
    /// <returns>The lock, to be held as long as anything is written.</returns>
    /// <exception cref="ConvertException">It is no place for a run; the message says why and what to do.</exception>
    public RunLock Prepare(bool resume, bool overwrite, RunSpace space, IConvertProgress progress)
    {
        RunPlaces.Require(this);
        if (!RunLock.IsIn(Path))
        {
            // Nobody has ever written a run here: a folder that is refused stays as it is.
            RequireRun(resume, overwrite);
        }

        RunLock? held = null;
        try
        {
            Directory.CreateDirectory(Path);
            held = RunLock.Take(Path);
            if (held.Warning is { } warning)
            {
                progress.Report(new Warned(warning));
            }

            if (Leftovers.Delete([Path, .. Trainings]) is { } deleted)
            {
                progress.Report(new Note(deleted));
            }

            if (!RequireRun(resume, overwrite) && resume)
            {
                progress.Report(new Note($"there is no checkpoint to go on from ({TrainerFiles.LastName}): none was written yet, or it is gone; the run begins again"));
            }

            RunPlaces.Probe(this);
            RequireSpace(resume || overwrite, space);
            (_held, held) = (held, null);
            return _held;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unusable(e);
        }
        finally
        {
            held?.Dispose();
        }
    }

    /// <summary>Makes sure that a run is there to go on with, or none that would be lost.</summary>
    /// <returns>Whether there is more of it than a configuration.</returns>
    private bool RequireRun(bool resume, bool overwrite)
    {
        string? earlier = Checkpoints.Prepend(Model).FirstOrDefault(System.IO.File.Exists);
        if (earlier is not null && !resume && !overwrite)
        {
            throw new ConvertException(
                $"{Path} already holds a run ({System.IO.Path.GetRelativePath(Path, earlier)}). Go on with --resume, replace it with --overwrite, or choose another --out.",
                ConvertException.Usage);
        }

        return earlier is not null || !resume || System.IO.File.Exists(File(RunFiles.Configuration)) ? earlier is not null : throw NoRun();
    }

    private ConvertException NoRun() => new(
        $"--resume: {Path} holds no run to go on with (no config.json, no checkpoint). Name the folder of the run with --out, or leave --resume out to begin one there.", ConvertException.Usage);

    /// <summary>Looks at the free space; what is there of a run that goes on, or will be replaced, need not find place again.</summary>
    private void RequireSpace(bool continues, RunSpace space)
    {
        long free = new DriveInfo(System.IO.Path.GetFullPath(Path)).AvailableFreeSpace;
        (long present, long needed) = (Present(continues), SpaceNeeded(continues, space));
        if (free < needed)
        {
            throw new ConvertException(
                $"The output folder {Path} cannot be used: {free >> 20} MB are free on its disk, about {needed >> 20} MB are needed{(present > 0 ? $" beside the {present >> 20} MB that are there" : "")}. Choose another --out, or free the disk.");
        }
    }

    /// <summary>Bytes that the run needs beside what is there of it, where it goes on or is replaced.</summary>
    internal long SpaceNeeded(bool continues, RunSpace space) => SpaceNeeded(space.Expected, space.Checkpoint, Present(continues));

    /// <summary>Bytes that are there of a run; 0 where that is not to be seen, as where another process of the group is writing.</summary>
    private long Present(bool continues)
    {
        try
        {
            return continues ? ((string[])[Path, .. Trainings]).Where(Directory.Exists).Sum(f => new DirectoryInfo(f).EnumerateFiles().Sum(i => i.Length)) : 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }

    /// <summary>Bytes that a run needs beside what is there of it.</summary>
    internal static long SpaceNeeded(long expectedBytes, long checkpointBytes, long present) => Math.Max(expectedBytes - present, checkpointBytes) + Reserve;

    /// <summary>Deletes an earlier run but for its best weights, which the new run may take as teacher and writes anew at its first evaluation.
    /// To be called when nothing but the training itself can fail any more.</summary>
    /// <exception cref="ConvertException">A file cannot be deleted.</exception>
    internal void Clear()
    {
        try
        {
            foreach (string old in (string[])[Model, .. Checkpoints, Metrics, MetricsLog.LayersFile(Metrics), File(RunFiles.Pictures), File(RunFiles.Parity), File(RunFiles.Result), File(RunFiles.Card), .. Heads()])
            {
                if (System.IO.File.Exists(old))
                {
                    System.IO.File.Delete(old);
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unusable(e);
        }
    }

    /// <summary>The heads of all teachers: a second one's is called <c>2-head.safetensors</c>.</summary>
    private string[] Heads() => Directory.Exists(Teacher) ? Directory.GetFiles(Teacher, $"*{RunFiles.Head}") : [];

    /// <summary>Makes sure that a run that goes on has the configuration that it began with.</summary>
    /// <exception cref="ConvertException">It has another; the message names the keys.</exception>
    internal void RequireSame(IReadOnlyDictionary<string, string> configuration)
    {
        foreach (string checkpoint in Checkpoints.Where(System.IO.File.Exists))
        {
            Checkpoint.RequireSame(checkpoint, configuration);
        }
    }

    /// <summary>The lengths of teacher and student that the folder's run began with; null where it has none.</summary>
    internal (long Teacher, long Student)? RecordedSteps() =>
        Recorded() is { } keys && Whole(keys.GetValueOrDefault("teacher.steps")) is { } teacher && Whole(keys.GetValueOrDefault("student.steps")) is { } student
            ? (teacher, student) : null;

    private static long? Whole(string? text) => long.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out long number) ? number : null;

    /// <summary>Mean and standard deviation of the channels that the folder's run began with; null where it has none.</summary>
    internal (IReadOnlyList<float> Mean, IReadOnlyList<float> Std)? RecordedStatistics() =>
        Recorded() is { } keys && Configuration.Floats(keys.GetValueOrDefault(ConfigurationKeys.Mean)) is { } mean && Configuration.Floats(keys.GetValueOrDefault(ConfigurationKeys.Std)) is { } std
            ? (mean, std) : null;

    /// <summary>Whether the folder's run began with a time, and its lengths were fitted to that.</summary>
    internal bool BeganWithBudget() => Recorded()?.ContainsKey(ConfigurationKeys.Budget) == true;

    /// <summary>The pictures of the data's folder that the folder's run began with, as paths within it; null where it has none.</summary>
    /// <exception cref="ConvertException">The list is damaged.</exception>
    internal IReadOnlyList<string>? RecordedPictures() => Json(RunFiles.Pictures, PicturesJson.Default.StringArray);

    /// <summary>Writes down which pictures of the data's folder this run takes.</summary>
    /// <exception cref="ConvertException">It cannot be written.</exception>
    internal void RecordPictures(IReadOnlyList<string> paths) => Write(RunFiles.Pictures, JsonSerializer.Serialize([.. paths], PicturesJson.Default.StringArray));

    private Dictionary<string, string>? Recorded() => Json(RunFiles.Configuration, StringMapJson.Default.Map);

    private T? Json<T>(string name, JsonTypeInfo<T> type) where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(System.IO.File.ReadAllText(File(name)), type);
        }
        catch (JsonException e)
        {
            throw new ConvertException(
                $"{File(name)} is damaged: {JsonFault.Of(e)}. Put back a copy, or delete it: it is then written anew from the data and the options as they are now.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Writes the run's page: the metrics so far, and what is known of its accuracy.</summary>
    /// <exception cref="ConvertException">It cannot be written.</exception>
    internal void WritePage(string title, RunAccuracy? accuracy = null)
    {
        if (System.IO.File.Exists(Metrics))
        {
            Write(RunFiles.Page, RunPage.Write(System.IO.File.ReadLines(Metrics), title, accuracy));
        }
    }

    /// <summary>Makes sure that the folder is still there and this process's, before something is written into it.</summary>
    /// <exception cref="ConvertException">It was moved, deleted or taken by another process since.</exception>
    internal void RequireHeld() => _held?.Require();

    /// <summary>Writes a text file whole or not at all.</summary>
    /// <exception cref="ConvertException">It cannot be written.</exception>
    public void Write(string name, string text) => Write(name, System.Text.Encoding.UTF8.GetBytes(text));

    /// <summary>Writes a file whole or not at all.</summary>
    /// <exception cref="ConvertException">It cannot be written.</exception>
    public void Write(string name, byte[] bytes)
    {
        RequireHeld();
        try
        {
            AtomicFile.Write(File(name), bytes);
        }
        catch (ModelWriteException e)
        {
            throw new ConvertException(e.Message, e);
        }
    }

    /// <summary>Writes <c>config.json</c> and <c>env.json</c>.</summary>
    /// <param name="configuration">What decides the outcome.</param>
    /// <param name="typed">What a person typed, see <see cref="ConvertOptions.Typed"/>.</param>
    internal void Describe(IReadOnlyDictionary<string, string> configuration, IReadOnlyDictionary<string, string>? typed, string device, int threads)
    {
        var settings = new Dictionary<string, string>(configuration);
        foreach ((string name, string value) in typed ?? new Dictionary<string, string>())
        {
            settings[$"option.{name}"] = value;
        }

        Write(RunFiles.Configuration, JsonSerializer.Serialize(settings, StringMapJson.Default.Map));
        Write(RunFiles.Environment, JsonSerializer.Serialize(new Dictionary<string, string>
        {
            ["edgevit"] = typeof(RunFolder).Assembly.GetName().Version?.ToString(3) ?? "",
            ["runtime"] = RuntimeInformation.FrameworkDescription,
            ["os"] = RuntimeInformation.OSDescription,
            ["architecture"] = RuntimeInformation.ProcessArchitecture.ToString(),
            ["processors"] = $"{Environment.ProcessorCount}",
            ["device"] = device,
            ["torchThreads"] = $"{threads}",
            ["started"] = DateTime.UtcNow.ToString("O"),
        }, StringMapJson.Default.Map));
    }

    private ConvertException Unusable(Exception e) =>
        new(
            FileFault.DeadLink(Path) is { } link ? $"The output folder {Path} cannot be used: {link}. Mend that, or choose another --out."
                : FileFault.OnTheWay(Path) is { } file ? $"The output folder {Path} cannot be used: {(System.IO.File.Exists(Path) ? "it" : file)} is a file. Choose another --out, or move that file."
                : $"The output folder {Path} cannot be used: {FileFault.Of(e, Path)}. Choose another --out{(FileFault.IsFull(e) ? ", or free the disk" : "")}.",
            e);
}

[JsonSourceGenerationOptions(WriteIndented = true)]
[JsonSerializable(typeof(string[]))]
internal sealed partial class PicturesJson : JsonSerializerContext;
