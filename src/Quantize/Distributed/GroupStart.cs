using System.Globalization;
using System.Runtime.InteropServices;

namespace EdgeVit.Quantize;

/// <summary>Joins the processes that a launcher has started together.</summary>
internal static class GroupStart
{
    /// <summary>Joins the processes that the environment's variables tell of; null where this one trains alone. Returns when all have joined.</summary>
    /// <param name="device">As <see cref="ConvertOptions.Device"/>.</param>
    /// <param name="cancel">Set where this process was asked to end: it then no longer waits for the others.</param>
    /// <exception cref="ConvertException">The processes were not started as they should be, or something that they need is missing.</exception>
    public static ProcessGroup? FromEnvironment(string device, CancellationToken cancel = default)
    {
        if (Launcher.Read(Environment.GetEnvironmentVariable) is not { } launcher)
        {
            return null;
        }

        try
        {
            return Join(launcher, device, cancel);
        }
        catch (ConvertException) when (launcher.Rank > 0)
        {
            Thread.Sleep(ProcessGroup.AfterFirst);
            throw;
        }
    }

    private static ProcessGroup Join(Launcher launcher, string device, CancellationToken cancel)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new ConvertException($"started by {launcher.Text}, but several processes train together under Linux only.", ConvertException.NotSupported);
        }

        string own = Gpu.Choose(device, launcher.LocalRank);
        string? named = Environment.GetEnvironmentVariable(Mpi.LibraryVariable);
        string? library = Mpi.Load(named is { Length: > 0 } ? [named] : launcher.Libraries);
        if (library is null)
        {
            throw named is { Length: > 0 }
                ? new ConvertException($"{Mpi.LibraryVariable} is '{named}', which cannot be loaded: expected the name or path of an MPI library. Unset it to use {launcher.Libraries[0]}.", ConvertException.Usage)
                : launcher.Missing();
        }
        ProcessGroup group;
        try
        {
            (int rank, int size) = Mpi.Join();
            if (launcher.Size is { } expected && expected != size)
            {
                Mpi.Leave();
                throw launcher.Mismatch(size, $"{library}, {Mpi.Version}");
            }
            group = new ProcessGroup(rank, size, own, Mpi.Version, launcher.Grace, cancel);
        }
        catch (ExternalException e)
        {
            throw new ConvertException($"started by {launcher.Text}, but {library} cannot join them: {e.Message}", e);
        }
        group.Barrier();
        group.Collective(() => ShareProcessors(group));
        group.Collective(group.JoinGpus);
        return group;
    }

    /// <summary>Finds who shares this process's processors and whether the launcher has bound it to too few.</summary>
    private static void ShareProcessors(ProcessGroup group)
    {
        string allowed = File.ReadLines("/proc/self/status").FirstOrDefault(l => l.StartsWith("Cpus_allowed_list", StringComparison.Ordinal), "");
        double[] machines = group.AllGather(Number(Environment.MachineName));
        double[] processors = group.AllGather(Number($"{Environment.MachineName} {allowed}"));
        group.Sharers = processors.Count(p => p == processors[group.Rank]);
        int local = machines.Count(m => m == machines[group.Rank]);
        int all = File.ReadLines("/proc/cpuinfo").Count(l => l.StartsWith("processor", StringComparison.Ordinal));
        if (group.Sharers < local && local * Environment.ProcessorCount < all)
        {
            group.Warning = string.Create(CultureInfo.InvariantCulture,
                $"the launcher has bound rank {group.Rank} to {Environment.ProcessorCount} of the {all} processors of its machine: mpirun --bind-to none (or srun --cpus-per-task {all / local}) lets it use its share of all");
        }

        // The same number for the same text in all processes, exact in a double.
        static double Number(string text) => BitConverter.ToUInt32(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(text)));
    }
}
