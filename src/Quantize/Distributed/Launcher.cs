using System.Globalization;

namespace EdgeVit.Quantize;

/// <summary>What started this process together with others, by the environment's variables: <c>mpirun</c> of Open MPI or MPICH, or <c>srun</c>.</summary>
/// <param name="Name">The program that was started.</param>
/// <param name="Libraries">The MPI libraries that understand it, the most likely first.</param>
internal sealed record Launcher(string Name, IReadOnlyList<string> Libraries)
{
    private static readonly string[] s_openMpi = ["libmpi.so.40"];
    private static readonly string[] s_mpich = ["libmpich.so.12", "libmpi.so.12"];

    /// <summary>How many processes there are; null where the variables do not say.</summary>
    internal int? Size { get; init; }

    /// <summary>Which of them this is, from 0.</summary>
    internal int Rank { get; init; }

    /// <summary>Which of those on this machine it is, from 0: decides its GPU.</summary>
    internal int LocalRank { get; init; }

    /// <summary>How long after its SIGTERM the launcher kills; null where it does not ask before.</summary>
    internal TimeSpan? Grace { get; init; }

    /// <summary>The launcher, for a sentence: <c>mpirun (2 processes)</c>.</summary>
    internal string Text => Size is { } size ? string.Create(CultureInfo.InvariantCulture, $"{Name} ({size} processes)") : Name;

    /// <summary>Reads the variables.</summary>
    /// <param name="get">The value of a variable, null or empty where it is not set.</param>
    /// <returns>Null where this process trains alone.</returns>
    /// <exception cref="ConvertException">Several processes were started in a way that does not join them.</exception>
    internal static Launcher? Read(Func<string, string?> get)
    {
        int? Number(string name) => int.TryParse(get(name), NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : null;
        int? steps = Number("SLURM_STEP_NUM_TASKS");
        if (Find(Number, steps) is not { } found)
        {
            RequireAlone(steps, Number("WORLD_SIZE"));
            return null;
        }

        return found.Size == 1 ? null : found with { LocalRank = Number("OMPI_COMM_WORLD_LOCAL_RANK") ?? Number("MPI_LOCALRANKID") ?? Number("SLURM_LOCALID") ?? 0 };
    }

    private static Launcher? Find(Func<string, int?> number, int? steps)
    {
        string name = steps is null ? "mpirun" : "srun";
        if (number("OMPI_COMM_WORLD_SIZE") is { } ofOpenMpi)
        {
            return new Launcher("mpirun", s_openMpi)
            {
                Size = ofOpenMpi,
                Rank = number("OMPI_COMM_WORLD_RANK") ?? 0,
                Grace = TimeSpan.FromSeconds(number("OMPI_MCA_odls_base_sigkill_timeout") ?? 1),
            };
        }
        if (number("PMI_SIZE") is { } ofPmi)
        {
            return new Launcher(name, steps is null ? s_mpich : [.. s_mpich, .. s_openMpi]) { Size = ofPmi, Rank = number("PMI_RANK") ?? 0 };
        }

        return number("PMIX_RANK") is { } rank ? new Launcher(name, [.. s_openMpi, .. s_mpich]) { Size = steps, Rank = rank } : null;
    }

    /// <summary>Makes sure that no launcher meant several processes to train together.</summary>
    private static void RequireAlone(int? steps, int? worldSize)
    {
        if (steps > 1)
        {
            throw new ConvertException(
                $"srun started {steps} processes, but without MPI: srun --mpi=pmix -n {steps} edgevit convert ... (or --mpi=pmi2; srun --mpi=list names what there is).", ConvertException.Usage);
        }
        if (worldSize > 1)
        {
            throw new ConvertException(
                $"WORLD_SIZE is {worldSize}, but there is no MPI launcher: mpirun -np {worldSize} edgevit convert ... starts {worldSize} processes that train together (as root Open MPI's mpirun wants --allow-run-as-root). Unset WORLD_SIZE to train with one.", ConvertException.Usage);
        }
    }

    /// <summary>The error where none of the libraries is there.</summary>
    internal ConvertException Missing()
    {
        string package = Libraries[0] == s_openMpi[0] ? "libopenmpi3 (on newer systems openmpi-bin brings it)" : "libmpich12";
        return new ConvertException($"started by {Text}, but {Libraries[0]} is missing: apt-get install {package}, or name the library in {Mpi.LibraryVariable}.", ConvertException.NotSupported);
    }

    /// <summary>The error where the library has joined another number of processes than the launcher has started.</summary>
    internal ConvertException Mismatch(int joined, string library) => new(
        $"the launcher says {Size} processes, the library {joined}: {Name} and library ({library}) are of different MPIs. Start with the mpirun of the library's MPI (mpirun.openmpi, mpirun.mpich), or name the other library in {Mpi.LibraryVariable}.", ConvertException.Usage);
}
