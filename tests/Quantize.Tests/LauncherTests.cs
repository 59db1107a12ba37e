namespace EdgeVit.Quantize.Tests;

/// <summary>What the variables of launchers tell a process.</summary>
public class LauncherTests
{
    [Theory]
    [InlineData("")]
    [InlineData("WORLD_SIZE=1 RANK=0 MASTER_ADDR=node MASTER_PORT=29500")]
    [InlineData("LOCAL_RANK=3")]
    [InlineData("OMPI_COMM_WORLD_SIZE=1 OMPI_COMM_WORLD_RANK=0")]
    [InlineData("PMI_SIZE=1 PMI_RANK=0")]
    [InlineData("SLURM_NTASKS=8 SLURM_PROCID=0")]
    [InlineData("SLURM_STEP_NUM_TASKS=1 SLURM_PROCID=0 SLURM_NTASKS=8 PMIX_RANK=0")]
    public void WithoutOthersAProcessTrainsAlone(string set) => Assert.Null(Read(set));

    [Theory]
    [InlineData("OMPI_COMM_WORLD_SIZE=8 OMPI_COMM_WORLD_RANK=5 OMPI_COMM_WORLD_LOCAL_RANK=1 PMIX_RANK=5 WORLD_SIZE=4", "mpirun (8 processes)", 5, 1, "libmpi.so.40", 1)]
    [InlineData("OMPI_COMM_WORLD_SIZE=8 OMPI_COMM_WORLD_RANK=5 OMPI_MCA_odls_base_sigkill_timeout=30", "mpirun (8 processes)", 5, 0, "libmpi.so.40", 30)]
    [InlineData("PMI_SIZE=2 PMI_RANK=1 MPI_LOCALRANKID=1", "mpirun (2 processes)", 1, 1, "libmpich.so.12", 0)]
    [InlineData("PMI_SIZE=4 PMI_RANK=3 SLURM_STEP_NUM_TASKS=4 SLURM_LOCALID=2", "srun (4 processes)", 3, 2, "libmpich.so.12", 0)]
    [InlineData("PMIX_RANK=3 SLURM_STEP_NUM_TASKS=4 SLURM_LOCALID=2", "srun (4 processes)", 3, 2, "libmpi.so.40", 0)]
    [InlineData("PMIX_RANK=3", "mpirun", 3, 0, "libmpi.so.40", 0)]
    public void LaunchersAreKnownByTheirVariables(string set, string text, int rank, int localRank, string library, int grace)
    {
        Launcher launcher = Read(set)!;
        Assert.Equal(text, launcher.Text);
        Assert.Equal((rank, localRank), (launcher.Rank, launcher.LocalRank));
        Assert.Equal(library, launcher.Libraries[0]);
        Assert.Equal(grace, launcher.Grace?.TotalSeconds ?? 0);
    }

    [Theory]
    [InlineData("WORLD_SIZE=2 RANK=0", "WORLD_SIZE is 2, but there is no MPI launcher: mpirun -np 2 edgevit convert ...")]
    [InlineData("SLURM_STEP_NUM_TASKS=8 SLURM_PROCID=3", "srun started 8 processes, but without MPI: srun --mpi=pmix -n 8 edgevit convert ...")]
    public void ProcessesThatAreNotJoinedAreToldWhatToType(string set, string said)
    {
        var error = Assert.Throws<ConvertException>(() => Read(set));
        Assert.Equal(ConvertException.Usage, error.ExitCode);
        Assert.StartsWith(said, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("OMPI_COMM_WORLD_SIZE=2", "started by mpirun (2 processes), but libmpi.so.40 is missing: apt-get install libopenmpi3")]
    [InlineData("PMI_SIZE=3", "started by mpirun (3 processes), but libmpich.so.12 is missing: apt-get install libmpich12")]
    public void AMissingLibraryIsNamedWithItsPackage(string set, string said) => Assert.StartsWith(said, Read(set)!.Missing().Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(null, 2, "2")]
    [InlineData("", 1, "1")]
    [InlineData("4,5,6,7", 2, "6")]
    [InlineData("GPU-7a", 3, "GPU-7a")]
    [InlineData("0,1", 2, "")]
    public void EachProcessSeesOneGpuOfThoseThatItMay(string? visible, int localRank, string own) => Assert.Equal(own, Gpu.Own(visible, localRank));

    private static Launcher? Read(string set)
    {
        Dictionary<string, string> variables = set.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(v => v.Split('=')).ToDictionary(v => v[0], v => v[1]);
        return Launcher.Read(variables.GetValueOrDefault);
    }
}
