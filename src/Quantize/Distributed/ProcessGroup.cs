using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>Processes that train one network together, each on its share of every batch. Rank 0 alone writes files and decides. Operations are for all
/// processes in the same order. A program joins once; where it ends without <see cref="Leave"/>, because it failed, all others are ended.</summary>
internal sealed unsafe partial class ProcessGroup
{
    /// <summary>Sums of more bytes begin when all have come, and nobody sleeps in the middle of one.</summary>
    private const int Large = 1 << 16;

    /// <summary>Bytes of one call: MPI counts with an int, and copies of much more leave the caches.</summary>
    private const int Piece = 1 << 22;

    /// <summary>So long one asks for the others without pause; then they are at something of their own, and waiting must not cost a processor.</summary>
    private static readonly TimeSpan s_eager = TimeSpan.FromMilliseconds(2);

    /// <summary>So much later than rank 0 the others fail: what befalls all is then said once.</summary>
    private static readonly TimeSpan s_afterFirst = TimeSpan.FromMilliseconds(300);

    private readonly CancellationToken _cancel;
    private readonly string _library;

    private Nccl? _nccl;
    private bool _leaving;
    private bool _left;

    private ProcessGroup(int rank, int size, string device, string library, TimeSpan? grace, CancellationToken cancel) =>
        (Rank, Size, Device, _library, Grace, _cancel) = (rank, size, device, library, grace, cancel);

    /// <summary>Which process this is, from 0.</summary>
    public int Rank { get; }

    /// <summary>How many there are.</summary>
    public int Size { get; }

    /// <summary>Whether this one writes files and decides.</summary>
    public bool IsFirst => Rank == 0;

    /// <summary>Whether this process writes files and decides: the first of a group, and one that trains alone.</summary>
    internal static bool Leads(ProcessGroup? group) => group?.IsFirst != false;

    /// <summary>The device of this process: <c>cpu</c>, or <c>cuda:0</c>, the only GPU that it sees.</summary>
    public string Device { get; }

    /// <summary>How many of the processes, this one included, share its processors; 1 where the launcher has bound each to its own.</summary>
    public int Sharers { get; private set; } = 1;

    /// <summary>How long after it has asked the processes to end the launcher kills them; null where it does not.</summary>
    public TimeSpan? Grace { get; }

    /// <summary>Who they are, for a person.</summary>
    public string Text => $"{Size} processes train together ({_library}{(_nccl is null ? "" : ", NCCL")}), each on its share of every batch";

    /// <summary>What a person should know about how they were started; null for nothing.</summary>
    public string? Warning { get; private set; }

    /// <summary>Joins the processes that the environment's variables tell of; null where this one trains alone. Returns when all have come.</summary>
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
            Thread.Sleep(s_afterFirst);
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
            AppDomain.CurrentDomain.ProcessExit += (_, _) => group.EndOthers();
        }
        catch (ExternalException e)
        {
            throw new ConvertException($"started by {launcher.Text}, but {library} cannot join them: {e.Message}", e);
        }
        group.Barrier();
        group.Collective(group.ShareMachines);
        group.Collective(group.JoinGpus);
        return group;
    }

    /// <summary>Returns when all have come as far as this.</summary>
    /// <exception cref="ConvertException">Another process has gone, or this one was asked to end.</exception>
    internal void Barrier() => Collective(() => Wait(Mpi.BeginBarrier()));

    /// <summary>Replaces numbers by their sums over the processes.</summary>
    /// <inheritdoc cref="Barrier"/>
    internal void Sum(Span<double> values)
    {
        fixed (double* data = values)
        {
            nint address = (nint)data;
            int count = values.Length;
            Collective(() => Sum(address, count, ScalarType.Float64));
        }
    }

    /// <summary>Replaces tensors by their sums, one after another: one that is flat and large is the good case.</summary>
    /// <param name="tensors">Of float32 or float64, on the processor or all on this process's GPU.</param>
    /// <inheritdoc cref="Barrier"/>
    internal void Sum(IReadOnlyList<Tensor> tensors) => Collective(() =>
    {
        foreach (Tensor tensor in tensors)
        {
            if (tensor.dtype is not (ScalarType.Float32 or ScalarType.Float64))
            {
                throw new NotSupportedException($"processes sum float32 and float64, not {tensor.dtype}.");
            }

            Dense(tensor, dense =>
            {
                if (tensor.device_type == DeviceType.CUDA)
                {
                    _nccl!.Sum(THSTensor_data(dense.Handle), dense.numel(), dense.dtype);
                }
                else
                {
                    Sum(THSTensor_data(dense.Handle), dense.numel(), dense.dtype);
                }
            });
        }
    });

    /// <summary>Replaces tensors of any type by those of rank 0.</summary>
    /// <inheritdoc cref="Barrier"/>
    internal void Broadcast(IReadOnlyList<Tensor> tensors) => Collective(() =>
    {
        foreach (Tensor tensor in tensors)
        {
            Dense(tensor, dense =>
            {
                if (tensor.device_type == DeviceType.CUDA)
                {
                    _nccl!.Broadcast(THSTensor_data(dense.Handle), dense.numel() * dense.dtype.ElementSize());
                }
                else
                {
                    Broadcast(THSTensor_data(dense.Handle), dense.numel() * dense.dtype.ElementSize());
                }
            });
        }
    });

    /// <summary>Replaces parameters and buffers of a network by those of rank 0.</summary>
    /// <inheritdoc cref="Barrier"/>
    internal void Broadcast(nn.Module model)
    {
        using IDisposable frozen = torch.no_grad();
        Broadcast([.. model.state_dict().OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => p.Value)]);
    }

    /// <summary>The bytes that rank 0 gives.</summary>
    /// <inheritdoc cref="Barrier"/>
    internal byte[] Broadcast(byte[] ofFirst)
    {
        byte[] bytes = IsFirst ? ofFirst : new byte[(int)Broadcast(0)[0]];
        if (IsFirst)
        {
            Broadcast(bytes.Length);
        }

        fixed (byte* data = bytes)
        {
            nint address = (nint)data;
            Collective(() => Broadcast(address, bytes.Length));
        }
        return bytes;
    }

    /// <summary>The sum of a number over the processes.</summary>
    /// <inheritdoc cref="Barrier"/>
    internal double Sum(double value)
    {
        Span<double> values = [value];
        Sum(values);
        return values[0];
    }

    /// <summary>Whether it holds for any process.</summary>
    /// <inheritdoc cref="Barrier"/>
    internal bool Any(bool value) => Sum(value ? 1.0 : 0.0) > 0;

    /// <summary>Numbers of all processes, by rank.</summary>
    /// <inheritdoc cref="Barrier"/>
    internal double[] AllGather(double value)
    {
        double[] all = new double[Size];
        all[Rank] = value;
        Sum(all);
        return all;
    }

    /// <summary>Numbers as rank 0 has them.</summary>
    /// <inheritdoc cref="Barrier"/>
    internal double[] Broadcast(params double[] values)
    {
        double[] all = IsFirst ? [.. values] : new double[values.Length];
        Sum(all);
        return all;
    }

    /// <summary>Makes sure that all processes have the configuration of rank 0.</summary>
    /// <exception cref="ConvertException">This one has another; the message names the keys.</exception>
    internal void RequireSame(IReadOnlyDictionary<string, string> configuration)
    {
        byte[] mine = JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, string>(configuration), StringMapJson.Default.Map);
        Dictionary<string, string> first = JsonSerializer.Deserialize(Broadcast(mine), StringMapJson.Default.Map)!;
        string[] others = [.. first.Keys.Union(configuration.Keys).Order(StringComparer.Ordinal)
            .Where(k => first.GetValueOrDefault(k) != configuration.GetValueOrDefault(k))
            .Select(k => $"{k} is {configuration.GetValueOrDefault(k, "absent")}, at rank 0 {first.GetValueOrDefault(k, "absent")}")];
        if (others.Length > 0)
        {
            throw new ConvertException($"rank {Rank} was started with another command or other data than rank 0: {string.Join("; ", others)}. Start all processes alike.", ConvertException.Usage);
        }
        // Rank 0 goes on when it is certain that nobody has refused.
        Barrier();
    }

    /// <summary>To be called where this process fails alone, before it says why: gives rank 0 the time to say the same. All others end when this process
    /// does.</summary>
    internal void Fail()
    {
        if (!IsFirst)
        {
            Thread.Sleep(s_afterFirst);
        }
    }

    /// <summary>Leaves the others, all of which do so; waits for them.</summary>
    /// <inheritdoc cref="Barrier"/>
    internal void Leave()
    {
        if (_left)
        {
            return;
        }
        // Rank 0 may be saving, whoever was asked to end.
        _leaving = true;
        Barrier();
        _left = true;
        _nccl?.Dispose();
        Collective(Mpi.Leave);
    }

    private void EndOthers()
    {
        if (!_left)
        {
            Mpi.Abort(Environment.ExitCode is > 0 and int code ? code : ConvertException.Failure);
        }
    }

    /// <summary>Finds who shares this process's processors and whether the launcher has bound it to too few.</summary>
    private void ShareMachines()
    {
        string allowed = File.ReadLines("/proc/self/status").FirstOrDefault(l => l.StartsWith("Cpus_allowed_list", StringComparison.Ordinal), "");
        double[] machines = AllGather(Number(Environment.MachineName));
        double[] processors = AllGather(Number($"{Environment.MachineName} {allowed}"));
        Sharers = processors.Count(p => p == processors[Rank]);
        int local = machines.Count(m => m == machines[Rank]);
        int all = File.ReadLines("/proc/cpuinfo").Count(l => l.StartsWith("processor", StringComparison.Ordinal));
        if (Sharers < local && local * Environment.ProcessorCount < all)
        {
            Warning = string.Create(CultureInfo.InvariantCulture,
                $"the launcher has bound rank {Rank} to {Environment.ProcessorCount} of the {all} processors of its machine: mpirun --bind-to none (or srun --cpus-per-task {all / local}) lets it use its share of all");
        }

        // The same number for the same text in all processes, exact in a double.
        static double Number(string text) => BitConverter.ToUInt32(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(text)));
    }

    /// <summary>Joins the GPUs, where all processes have one.</summary>
    private void JoinGpus()
    {
        double[] gpus = AllGather(Device == "cpu" ? 0 : 1);
        if (gpus.All(g => g == 0))
        {
            return;
        }

        if (Array.IndexOf(gpus, 0) is >= 0 and int without)
        {
            throw new ConvertException($"rank {without} sees no GPU, others do: start at most as many processes on a machine as it has GPUs, or use --device cpu.", ConvertException.Usage);
        }

        Nccl.Load();
        NcclId id = IsFirst ? Nccl.NewId() : default;
        Broadcast((nint)(&id), sizeof(NcclId));
        _nccl = new Nccl(id, Rank, Size);
    }

    private void Sum(nint data, long count, ScalarType type)
    {
        int size = type == ScalarType.Float64 ? sizeof(double) : sizeof(float);
        if (count * size <= Large)
        {
            Wait(Mpi.BeginSum((void*)data, (int)count, type));
            return;
        }
        Wait(Mpi.BeginBarrier());
        for (long at = 0; at < count; at += Piece / size)
        {
            Mpi.Sum((void*)(data + (nint)(at * size)), (int)Math.Min(Piece / size, count - at), type);
        }
    }

    private void Broadcast(nint data, long bytes)
    {
        Wait(Mpi.BeginBarrier());
        for (long at = 0; at < bytes; at += Piece)
        {
            Mpi.Broadcast((void*)(data + (nint)at), (int)Math.Min(Piece, bytes - at));
        }
    }

    /// <summary>Waits for a request: at first without pause, then asleep in between.</summary>
    private void Wait(nint request)
    {
        long start = Stopwatch.GetTimestamp();
        TimeSpan? asked = null;
        while (!Mpi.IsDone(ref request))
        {
            TimeSpan waited = Stopwatch.GetElapsedTime(start);
            if (!_leaving && _cancel.IsCancellationRequested && waited - (asked ??= waited) > Grace / 2)
            {
                throw new ConvertException(
                    $"rank {Rank} was asked to end while it waited for the others. If nobody has stopped the run, one of them was killed or crashed: the launcher says which (look with dmesg for lack of memory). The last checkpoint of rank 0 is whole: start again with --resume, with as many processes as you like.");
            }
            if (waited < s_eager)
            {
                Thread.Yield();
            }
            else
            {
                Thread.Sleep(waited.TotalSeconds < 1 ? 1 : 10);
            }
        }
    }

    /// <summary>Runs something on a tensor's numbers as one block, which is the tensor's own where it is one.</summary>
    private static void Dense(Tensor tensor, Action<Tensor> action)
    {
        using IDisposable frozen = torch.no_grad();
        using Tensor dense = tensor.contiguous();
        action(dense);
        if (!tensor.is_contiguous())
        {
            tensor.copy_(dense);
        }
    }

    private void Collective(Action action)
    {
        try
        {
            action();
        }
        catch (ExternalException e)
        {
            throw new ConvertException(
                $"rank {Rank} ends because an operation of all processes failed: {e.Message.Split('\n')[0].TrimEnd('.')}. Most likely another has gone; the launcher says which. The last checkpoint of rank 0 is whole: start again with --resume, with as many processes as you like.", e);
        }
    }

    /// <summary>Address of a tensor's first number, on the processor or on the GPU.</summary>
    [LibraryImport(NativeImports.TorchSharp)]
    private static partial nint THSTensor_data(nint tensor);
}
