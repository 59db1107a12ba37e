using System.Runtime.InteropServices;
using System.Text.Json;
using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>Processes that train one network together, each on its share of every batch. Rank 0 alone writes files and decides. Operations are for all
/// processes in the same order. A program joins once; where it ends without <see cref="Leave"/>, because it failed, all others are ended.</summary>
internal sealed unsafe partial class ProcessGroup
{
    /// <summary>How much later than rank 0 the others fail, so that a failure of all is reported once.</summary>
    internal static TimeSpan AfterFirst { get; } = TimeSpan.FromMilliseconds(300);

    private readonly MpiTransport _mpi;
    private readonly string _library;

    private Nccl? _nccl;
    private bool _left;

    /// <summary>Of processes that MPI has joined; <see cref="GroupStart"/> makes it.</summary>
    internal ProcessGroup(int rank, int size, string device, string library, TimeSpan? grace, CancellationToken cancel)
    {
        (Rank, Size, Device, _library, Grace) = (rank, size, device, library, grace);
        _mpi = new MpiTransport(rank, grace, cancel);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => EndOthers();
    }

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
    public int Sharers { get; internal set; } = 1;

    /// <summary>How long after it has asked the processes to end the launcher kills them; null where it does not.</summary>
    public TimeSpan? Grace { get; }

    /// <summary>The processes in words.</summary>
    public string Text => $"{Size} processes train together ({_library}{(_nccl is null ? "" : ", NCCL")}), each on its share of every batch";

    /// <summary>A fault of how they were started, in words; null for none.</summary>
    public string? Warning { get; internal set; }

    /// <summary>Returns when all processes have reached this point.</summary>
    /// <exception cref="ConvertException">Another process has gone, or this one was asked to end.</exception>
    internal void Barrier() => Collective(_mpi.Barrier);

    /// <summary>Replaces numbers by their sums over the processes.</summary>
    internal void Sum(Span<double> values)
    {
        fixed (double* data = values)
        {
            nint address = (nint)data;
            int count = values.Length;
            Collective(() => _mpi.Sum(address, count, ScalarType.Float64));
        }
    }

    /// <summary>Replaces tensors by their sums, one after another: one that is flat and large is the good case.</summary>
    /// <param name="tensors">Of float32 or float64, on the processor or all on this process's GPU.</param>
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
                    _mpi.Sum(THSTensor_data(dense.Handle), dense.numel(), dense.dtype);
                }
            });
        }
    });

    /// <summary>Replaces tensors of any type by those of rank 0.</summary>
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
                    _mpi.Broadcast(THSTensor_data(dense.Handle), dense.numel() * dense.dtype.ElementSize());
                }
            });
        }
    });

    /// <summary>Replaces parameters and buffers of a network by those of rank 0.</summary>
    internal void Broadcast(nn.Module model)
    {
        using IDisposable frozen = torch.no_grad();
        Broadcast([.. model.state_dict().OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => p.Value)]);
    }

    /// <summary>The bytes of rank 0.</summary>
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
            Collective(() => _mpi.Broadcast(address, bytes.Length));
        }
        return bytes;
    }

    /// <summary>The sum of a number over the processes.</summary>
    internal double Sum(double value)
    {
        Span<double> values = [value];
        Sum(values);
        return values[0];
    }

    /// <summary>Whether it holds for any process.</summary>
    internal bool Any(bool value) => Sum(value ? 1.0 : 0.0) > 0;

    /// <summary>A number of every process, by rank.</summary>
    internal double[] AllGather(double value)
    {
        double[] all = new double[Size];
        all[Rank] = value;
        Sum(all);
        return all;
    }

    /// <summary>Numbers of rank 0.</summary>
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
        // Rank 0 goes on when no process has refused.
        Barrier();
    }

    /// <summary>To be called where this process fails alone, before it says why: gives rank 0 the time to say the same. All others end when this process
    /// does.</summary>
    internal void Fail()
    {
        if (!IsFirst)
        {
            Thread.Sleep(AfterFirst);
        }
    }

    /// <summary>Leaves the others, all of which do so; waits for them.</summary>
    internal void Leave()
    {
        if (_left)
        {
            return;
        }
        // Rank 0 may be saving, whoever was asked to end.
        _mpi.WaitPatiently();
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

    /// <summary>Joins the GPUs, where all processes have one.</summary>
    internal void JoinGpus()
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
        _mpi.Broadcast((nint)(&id), sizeof(NcclId));
        _nccl = new Nccl(id, Rank, Size);
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

    /// <summary>Runs an operation of all processes and explains its failure.</summary>
    internal void Collective(Action action)
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
