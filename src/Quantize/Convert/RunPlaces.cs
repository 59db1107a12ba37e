using EdgeVit.Runtime;

namespace EdgeVit.Quantize;

/// <summary>The places of a run's files, looked at before anything long begins: what stands in the way of the last file would cost the whole training.</summary>
internal static class RunPlaces
{
    private const int ProbeBytes = 1 << 20;

    /// <summary>Makes sure that where a run writes there are files or nothing, and that its folders are folders. Waits for no pipe.</summary>
    /// <exception cref="ConvertException">Something else is there; the message names it.</exception>
    internal static void Require(RunFolder run)
    {
        foreach (string folder in run.Trainings)
        {
            if (File.Exists(folder))
            {
                throw InTheWay(run, folder, FileFault.DeadLink(folder) is null ? "a file, and a folder of the run has that name" : "a link to nowhere, and a folder of the run has that name");
            }
        }

        foreach (string file in Files(run))
        {
            if (Directory.Exists(file))
            {
                throw InTheWay(run, file, "a folder, and a file of the run has that name");
            }

            if (File.Exists(file) && FileFault.DeadLink(file) is null && !RegularFile.Is(file))
            {
                throw InTheWay(run, file, "a pipe or a device, and a file of the run has that name");
            }
        }
    }

    /// <summary>Tries to write into every folder that is there: each may lie on a disk of its own.</summary>
    /// <exception cref="IOException">One cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    internal static void Probe(RunFolder run)
    {
        foreach (string folder in ((string[])[run.Path, .. run.Trainings]).Where(Directory.Exists))
        {
            using var stream = new FileStream(Path.Combine(folder, $".probe-{Guid.NewGuid():N}"), FileMode.CreateNew, FileAccess.Write, FileShare.None, 4096, FileOptions.DeleteOnClose);
            stream.Write(new byte[ProbeBytes]);
            stream.Flush(flushToDisk: true);
        }
    }

    private static IEnumerable<string> Files(RunFolder run) =>
    [
        .. RunLock.Names.Concat(RunFiles.All.Except(RunFiles.Checkpoints)).Select(run.File),
        .. run.Trainings.SelectMany(folder => RunFiles.Checkpoints.Select(name => Path.Combine(folder, name))),
    ];

    private static ConvertException InTheWay(RunFolder run, string path, string what) => new($"The output folder {run.Path} cannot be used: {path} is {what}. Move it, or choose another --out.");
}
