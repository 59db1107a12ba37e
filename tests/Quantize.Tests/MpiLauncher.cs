using System.Diagnostics;

namespace EdgeVit.Quantize.Tests;

/// <summary>An <c>mpirun</c> of this machine, and what it has to say of the processes that it starts.</summary>
internal sealed class MpiLauncher
{
    internal const string OpenMpi = "openmpi";
    internal const string Mpich = "mpich";

    /// <summary>What tells a process that others were started with it; a test's own must not.</summary>
    internal static readonly string[] Variables =
    [
        "OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "PMI_RANK", "PMIX_RANK", "SLURM_STEP_NUM_TASKS", "WORLD_SIZE", "RANK", "LOCAL_RANK", "EDGEVIT_MPI",
    ];

    private static readonly TimeSpan s_most = TimeSpan.FromMinutes(5);

    private readonly string _program;
    private readonly bool _isOpenMpi;

    private MpiLauncher(string program, bool isOpenMpi) => (_program, _isOpenMpi) = (program, isOpenMpi);

    /// <summary>The launcher of an MPI; skips the test where this machine has none.</summary>
    internal static MpiLauncher Of(string mpi)
    {
        foreach (string program in (string[])[$"mpirun.{mpi}", "mpirun"])
        {
            if (OperatingSystem.IsLinux() && OnPath(program) && Said(program).Contains(mpi == OpenMpi ? "Open" : "HYDRA", StringComparison.Ordinal))
            {
                return new MpiLauncher(program, mpi == OpenMpi);
            }
        }
        Assert.Skip($"no mpirun of {mpi} here: apt-get install {(mpi == OpenMpi ? "openmpi-bin" : "mpich")}");
        return null!;
    }

    /// <summary>Starts processes alike.</summary>
    /// <param name="size">How many.</param>
    /// <param name="arguments">Of <see cref="WorkerProgram"/>.</param>
    /// <param name="variables">Set for the launcher and all of them.</param>
    internal Process Start(int size, string[] arguments, params (string Name, string Value)[] variables) =>
        Start([.. Ranks(size, arguments)], variables);

    /// <summary>Starts two processes of different arguments.</summary>
    internal Process StartTwo(string[] first, string[] other) => Start([.. Ranks(1, first), ":", .. Ranks(1, other)], []);

    /// <summary>Starts a process by itself.</summary>
    internal static Process Alone(string[] arguments, params (string Name, string Value)[] variables) => Start("dotnet", Worker(arguments), variables);

    /// <summary>Waits for the end.</summary>
    /// <returns>Exit code and all output.</returns>
    internal static (int Code, string Said) Wait(Process process)
    {
        Task<string> errors = process.StandardError.ReadToEndAsync();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        bool ended = process.WaitForExit(s_most);
        if (!ended)
        {
            process.Kill(entireProcessTree: true);
        }

        Assert.True(ended, "a process hangs");
        process.WaitForExit();
        return (process.ExitCode, errors.Result + output.Result);
    }

    /// <summary>Waits for the end, which must have this exit code, and returns all output.</summary>
    internal static string Wait(Process process, int code)
    {
        (int actual, string said) = Wait(process);
        Assert.True(actual == code, $"{actual}, expected {code}: {said}");
        return said;
    }

    private Process Start(string[] arguments, (string Name, string Value)[] variables)
    {
        // More processes than processors, and root in a container.
        string[] options = _isOpenMpi ? ["--oversubscribe", "--bind-to", "none"] : [];
        return Start(_program, [.. options, .. arguments], [("OMPI_ALLOW_RUN_AS_ROOT", "1"), ("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1"), .. variables]);
    }

    private static Process Start(string program, string[] arguments, (string Name, string Value)[] variables)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (string name in Variables)
        {
            start.Environment.Remove(name);
        }

        start.Environment["OMP_WAIT_POLICY"] = "passive";
        // Open MPI's launcher gives its processes a terminal, which .NET would prepare.
        start.Environment["TERM"] = "dumb";
        foreach ((string name, string value) in variables)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    private static string[] Ranks(int size, string[] arguments) => ["-np", $"{size}", "dotnet", .. Worker(arguments)];

    private static string[] Worker(string[] arguments) => [typeof(WorkerProgram).Assembly.Location, "worker", .. arguments];

    private static bool OnPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, program)));

    private static string Said(string program)
    {
        using Process version = Process.Start(new ProcessStartInfo(program, ["--version"]) { RedirectStandardOutput = true })!;
        return version.StandardOutput.ReadToEnd();
    }
}
