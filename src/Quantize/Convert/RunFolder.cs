using System.Runtime.InteropServices;
using System.Text.Json;
using EdgeVit.Export;

namespace EdgeVit.Quantize;

/// <summary>The folder of one run and the files in it.</summary>
internal sealed record RunFolder(string Path)
{
    private const long Reserve = 16L << 20;

    /// <summary>The packed model.</summary>
    public string Model => File("model.evit");

    /// <summary>One line per report.</summary>
    public string Metrics => File("metrics.csv");

    /// <summary>Folder of the teacher's checkpoints.</summary>
    public string Teacher => File("teacher");

    /// <summary>Folder of the student's checkpoints.</summary>
    public string Student => File("student");

    /// <summary>Where a run goes on from.</summary>
    private string[] Checkpoints => [System.IO.Path.Combine(Teacher, "last.safetensors"), System.IO.Path.Combine(Student, "last.safetensors")];

    /// <summary>A file of the folder.</summary>
    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Makes the folder ready before anything long starts: creates it, tries to write, looks at the free space, refuses to touch an
    /// earlier run unless told to. An earlier run is still whole afterwards, see <see cref="Clear"/>.</summary>
    /// <param name="expectedBytes">What the run will write, roughly.</param>
    /// <exception cref="ConvertException">It is no place for a run; the message says why and what to do.</exception>
    public void Prepare(bool resume, bool overwrite, long expectedBytes)
    {
        string? earlier = Checkpoints.Prepend(Model).FirstOrDefault(System.IO.File.Exists);
        if (earlier is not null && !resume && !overwrite)
        {
            throw new ConvertException(
                $"{Path} already holds a run ({System.IO.Path.GetRelativePath(Path, earlier)}). Go on with --resume, replace it with --overwrite, or choose another --out.",
                ConvertException.Usage);
        }
        try
        {
            Directory.CreateDirectory(Path);
            string probe = File($".probe-{Guid.NewGuid():N}");
            using (var stream = new FileStream(probe, FileMode.CreateNew, FileAccess.Write, FileShare.None, 4096, FileOptions.DeleteOnClose))
            {
                stream.Write(new byte[1 << 20]);
                stream.Flush(flushToDisk: true);
            }
            long free = new DriveInfo(System.IO.Path.GetFullPath(Path)).AvailableFreeSpace;
            if (free < expectedBytes + Reserve)
            {
                throw new IOException($"{free >> 20} MB are free on that disk, about {(expectedBytes + Reserve) >> 20} MB are needed.");
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unusable(e);
        }
    }

    /// <summary>Deletes an earlier run but for its best weights, which the new run may take as teacher and writes anew at its first evaluation.
    /// To be called when nothing but the training itself can fail any more.</summary>
    /// <exception cref="ConvertException">A file cannot be deleted.</exception>
    internal void Clear()
    {
        try
        {
            foreach (string old in (string[])[Model, .. Checkpoints, Metrics, MetricsLog.LayersFile(Metrics), File("parity.json"), File("result.json"), File("card.md")])
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
    internal (long Teacher, long Student)? RecordedSteps()
    {
        try
        {
            Dictionary<string, string>? keys = JsonSerializer.Deserialize(System.IO.File.ReadAllText(File("config.json")), StringMapJson.Default.Map);
            return keys is not null && long.TryParse(keys.GetValueOrDefault("teacher.steps"), out long teacher) && long.TryParse(keys.GetValueOrDefault("student.steps"), out long student)
                ? (teacher, student)
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Draws the metrics so far as <c>curves.html</c>.</summary>
    /// <exception cref="ConvertException">It cannot be written.</exception>
    internal void DrawCurves(string title)
    {
        if (System.IO.File.Exists(Metrics))
        {
            Write("curves.html", TrainingCurves.Draw(System.IO.File.ReadLines(Metrics), title));
        }
    }

    /// <summary>Writes a text file whole or not at all.</summary>
    /// <exception cref="ConvertException">It cannot be written.</exception>
    public void Write(string name, string text)
    {
        try
        {
            AtomicFile.Write(File(name), System.Text.Encoding.UTF8.GetBytes(text));
        }
        catch (ModelWriteException e)
        {
            throw new ConvertException(e.Message, e);
        }
    }

    /// <summary>Writes <c>config.json</c> and <c>env.json</c>.</summary>
    internal void Describe(IReadOnlyDictionary<string, string> configuration, string device, int threads)
    {
        Write("config.json", JsonSerializer.Serialize(new Dictionary<string, string>(configuration), StringMapJson.Default.Map));
        Write("env.json", JsonSerializer.Serialize(new Dictionary<string, string>
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
        new($"The output folder {Path} cannot be used: {e.Message} Choose another --out, or free the disk.", e);
}
