using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>Processes that train one network together, each on its share of every batch. Rank 0 alone writes files and decides.</summary>
public sealed class World : IDisposable
{
    private static readonly TimeSpan s_poll = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan s_farewell = TimeSpan.FromSeconds(5);

    private readonly WorldVariables _variables;
    private readonly IConnection _connection;
    private readonly Heartbeat _heartbeat;
    private bool _ended;
    private bool _disposed;

    private World(WorldVariables variables, IConnection connection, string device)
    {
        (_variables, _connection, Device) = (variables, connection, device);
        _heartbeat = new Heartbeat(connection, variables.Rank, variables.Size);
    }

    /// <summary>Which process this is, from 0.</summary>
    public int Rank => _variables.Rank;

    /// <summary>How many there are.</summary>
    public int Size => _variables.Size;

    /// <summary>Whether this one writes files and decides.</summary>
    public bool IsFirst => Rank == 0;

    /// <summary>The device of this process: <c>cpu</c>, or <c>cuda:i</c> with i from <c>LOCAL_RANK</c>.</summary>
    public string Device { get; }

    /// <summary>How many of the processes share this machine.</summary>
    public int LocalSize => _variables.LocalSize;

    /// <summary>Who they are, for a person.</summary>
    public string Text => $"{Size} processes train together, each on its share of every batch: {string.Join(", ", Enumerable.Range(0, Size).Take(8).Select(Name))}{(Size > 8 ? ", ..." : "")}";

    /// <summary>Whether this build can join processes.</summary>
    public static bool IsAvailable => false;

    /// <summary>Joins the processes that the environment's variables tell of; null where this one trains alone.</summary>
    /// <param name="device">As <see cref="ConvertOptions.Device"/>.</param>
    /// <exception cref="ConvertException">A variable is wrong, the others do not come, or this build cannot do it.</exception>
    public static World? FromEnvironment(string device) =>
        WorldVariables.Read(Environment.GetEnvironmentVariable) is { } variables ? Join(variables, device) : null;

    /// <summary>Joins the others; returns when all have come.</summary>
    /// <inheritdoc cref="FromEnvironment"/>
    public static World Join(WorldVariables variables, string device)
    {
        ArgumentNullException.ThrowIfNull(variables);
        if (!IsAvailable)
        {
            throw new ConvertException(
                $"WORLD_SIZE is {variables.Size}, but this edgevit was built without Gloo and cannot train with several processes. It needs libtorch itself (TorchFrom=system in Packages.local.props; the TorchSharp package has no process groups) and libgloo-dev, then a new build: ./setup.sh does all of it. Or unset WORLD_SIZE.",
                ConvertException.NotSupported);
        }
        LibTorch.Load();
        int cuda = CudaOf(variables, device);
        IConnection connection;
        try
        {
            connection = Connect(variables, cuda);
        }
        catch (ExternalException e)
        {
            throw Unreachable(variables, e);
        }
        var world = new World(variables, connection, cuda >= 0 ? $"cuda:{cuda}" : device == "auto" ? "cpu" : device);
        try
        {
            world.Meet();
            return world;
        }
        catch
        {
            world.Dispose();
            throw;
        }
    }

    /// <summary>Replaces numbers by their sums over the processes.</summary>
    /// <exception cref="ConvertException">Another process has gone; the message names it.</exception>
    internal void Sum(Span<double> values)
    {
        try
        {
            _connection.Sum(values);
        }
        catch (ExternalException e)
        {
            throw Lost(e);
        }
    }

    /// <summary>Replaces tensors by their sums.</summary>
    /// <inheritdoc cref="Sum(Span{double})"/>
    internal void Sum(IReadOnlyList<Tensor> tensors) => Together(() => _connection.Sum(tensors));

    /// <summary>Replaces tensors by those of rank 0.</summary>
    /// <inheritdoc cref="Sum(Span{double})"/>
    internal void Broadcast(IReadOnlyList<Tensor> tensors) => Together(() => _connection.Broadcast(tensors));

    /// <summary>Replaces parameters and buffers of a network by those of rank 0.</summary>
    /// <inheritdoc cref="Sum(Span{double})"/>
    internal void Broadcast(nn.Module model)
    {
        using IDisposable frozen = torch.no_grad();
        // In the same order everywhere, and so that tensors of the same kind travel together.
        Broadcast([.. model.state_dict().OrderBy(p => p.Value.dtype).ThenBy(p => p.Key, StringComparer.Ordinal).Select(p => p.Value)]);
    }

    /// <summary>The sum of a number over the processes.</summary>
    /// <inheritdoc cref="Sum(Span{double})"/>
    internal double Sum(double value)
    {
        double[] values = [value];
        Sum(values);
        return values[0];
    }

    /// <summary>Whether it holds for any process.</summary>
    /// <inheritdoc cref="Sum(Span{double})"/>
    internal bool Any(bool value) => Sum(value ? 1.0 : 0.0) > 0;

    /// <summary>The bytes that rank 0 gives.</summary>
    /// <inheritdoc cref="Sum(Span{double})"/>
    internal byte[] Broadcast(byte[] ofFirst)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        int length = (int)Sum(IsFirst ? ofFirst.Length : 0);
        if (length == 0)
            return [];
        Tensor bytes = IsFirst ? torch.tensor(ofFirst) : torch.zeros(length, dtype: ScalarType.Byte);
        Broadcast([bytes]);
        return bytes.bytes.ToArray();
    }

    /// <summary>Numbers as rank 0 has them.</summary>
    /// <inheritdoc cref="Sum(Span{double})"/>
    internal double[] OfFirst(params double[] values)
    {
        double[] all = IsFirst ? [.. values] : new double[values.Length];
        Sum(all);
        return all;
    }

    /// <summary>Makes sure that all processes have the configuration of rank 0.</summary>
    /// <exception cref="ConvertException">This one has another; the message names the keys.</exception>
    internal void RequireSame(IReadOnlyDictionary<string, string> configuration)
    {
        byte[] mine = JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, string>(configuration), ConvertJsonContext.Default.DictionaryStringString);
        Dictionary<string, string> first = JsonSerializer.Deserialize(Broadcast(mine), ConvertJsonContext.Default.DictionaryStringString)!;
        string[] others = [.. first.Keys.Union(configuration.Keys).Order(StringComparer.Ordinal)
            .Where(k => first.GetValueOrDefault(k) != configuration.GetValueOrDefault(k))
            .Select(k => $"{k} is {configuration.GetValueOrDefault(k, "absent")}, at rank 0 {first.GetValueOrDefault(k, "absent")}")];
        if (others.Length > 0)
            throw new ConvertException($"rank {Rank} was started with another command or other data than rank 0: {string.Join("; ", others)}. Start all processes alike.", ConvertException.Usage);
    }

    /// <summary>Tells the others why this process ends, so that they end, too, and can say why. Does nothing where they know.</summary>
    internal void Fail(string reason)
    {
        if (_ended)
            return;
        End($"failed: {reason.Split('\n')[0]}");
        Farewell(Enumerable.Range(0, Size));
    }

    /// <summary>Leaves the others, all of which have come as far as this.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        if (!_ended)
        {
            End("done");
            Farewell(Enumerable.Range(0, Size));
        }
        _heartbeat.Dispose();
        _connection.Dispose();
    }

    /// <summary>Under which a process says how it ended.</summary>
    internal static string EndOf(int rank) => $"end/{rank}";

    private static IConnection Connect(WorldVariables variables, int cuda) =>
        throw new PlatformNotSupportedException($"no connection for {variables} and CUDA device {cuda}");

    private void Meet()
    {
        if (_connection.Add($"claim/{Rank}", 1) > 1)
            throw new ConvertException($"RANK is {Rank}, but another process of this run has that rank, too: expected each number from 0 to {Size - 1} once.", ConvertException.Usage);
        _connection.Set($"here/{Rank}", $"{Size} process {Environment.ProcessId} on {Environment.MachineName}");
        DateTime last = DateTime.UtcNow + _variables.Timeout;
        var missing = Enumerable.Range(0, Size).ToHashSet();
        while (missing.Count > 0)
        {
            string? others = null;
            foreach (int rank in missing.ToArray())
            {
                others = Try(() => _connection.Get($"here/{rank}"));
                if (others is not null)
                    missing.Remove(rank);
                if (others is not null && others.Split(' ')[0] != $"{Size}")
                    throw new ConvertException($"WORLD_SIZE is {Size} at rank {Rank}, but {others.Split(' ')[0]} at rank {rank}: expected the same everywhere.", ConvertException.Usage);
            }
            if (missing.Count > 0 && DateTime.UtcNow > last)
            {
                throw new ConvertException(string.Create(CultureInfo.InvariantCulture,
                    $"rank {Rank} waited {_variables.Timeout.TotalSeconds:F0} s at {_variables.Address}:{_variables.Port}, but rank {string.Join(", ", missing.Order())} of {Size} did not come. Look whether all processes were started, with the same MASTER_ADDR and MASTER_PORT; EDGEVIT_TIMEOUT is the time to wait in seconds."));
            }
            if (missing.Count > 0)
                Thread.Sleep(s_poll);
        }
        Together(_connection.Meet);
    }

    private void Together(Action action)
    {
        try
        {
            action();
        }
        catch (ExternalException e)
        {
            throw Lost(e);
        }
    }

    /// <summary>What to say where an operation failed: finds out who has gone.</summary>
    private ConvertException Lost(ExternalException e)
    {
        if (_ended)
            return new ConvertException(e.Message, e);
        End("lost the others");
        (int[] gone, bool store) = _heartbeat.Gone();
        List<string> said = [];
        foreach (int rank in Enumerable.Range(0, Size).Where(r => r != Rank))
        {
            if (Try(() => _connection.Get(EndOf(rank))) is { } end && end.StartsWith("failed: ", StringComparison.Ordinal))
                said.Add($"{Name(rank)} stopped: {end["failed: ".Length..]}");
        }
        // A process that said why it ends may be gone by now.
        if (said.Count == 0)
            said.AddRange(gone.Select(r => $"{Name(r)} has gone: it was killed or crashed (look at its output, and with dmesg for lack of memory), or its machine does not answer"));
        if (said.Count == 0)
            said.Add($"an operation of all processes failed: {e.Message.Split('\n')[0]}");
        if (store)
            Farewell(Enumerable.Range(0, Size).Except(gone));
        return new ConvertException(
            $"rank {Rank} ends because {string.Join("; ", said)}. The last checkpoint of rank 0 is whole: start again with --resume, with as many processes as you like.", e);
    }

    /// <summary>Says how this process ends and closes its connections, so that nobody waits for it.</summary>
    private void End(string how)
    {
        _ended = true;
        Try(() => { _connection.Set(EndOf(Rank), how); return ""; });
        _connection.Leave();
    }

    /// <summary>The store is gone with the process that serves it: that one waits a little until the others have read what they need.</summary>
    private void Farewell(IEnumerable<int> others)
    {
        Try(() => { _connection.Set($"bye/{Rank}", ""); return ""; });
        DateTime last = DateTime.UtcNow + s_farewell + Heartbeat.Patience;
        if (IsFirst && !_variables.Served)
        {
            foreach (int rank in others)
            {
                while (DateTime.UtcNow < last && Try(() => _connection.Get($"bye/{rank}")) is null)
                    Thread.Sleep(s_poll);
            }
        }
    }

    /// <summary>Process and machine of a rank, as far as known.</summary>
    private string Name(int rank) => Try(() => _connection.Get($"here/{rank}")) is { } here ? $"rank {rank} ({here[(here.IndexOf(' ', StringComparison.Ordinal) + 1)..]})" : $"rank {rank}";

    private static string? Try(Func<string?> get)
    {
        try
        {
            return get();
        }
        catch (ExternalException)
        {
            return null;
        }
    }

    /// <summary>Index of the CUDA device of this process; negative for none.</summary>
    private static int CudaOf(WorldVariables variables, string device)
    {
        if (device is not ("auto" or "cuda") || !torch.cuda.is_available())
        {
            return device.StartsWith("cuda:", StringComparison.Ordinal) && int.TryParse(device.AsSpan(5), CultureInfo.InvariantCulture, out int index) ? index : -1;
        }
        int count = torch.cuda.device_count();
        return variables.LocalRank < count ? variables.LocalRank : throw new ConvertException(
            $"LOCAL_RANK is {variables.LocalRank}, but there are {count} CUDA devices: expected 0 to {count - 1}. Start at most {count} processes on this machine, or use --device cpu.", ConvertException.Usage);
    }

    private static ConvertException Unreachable(WorldVariables variables, ExternalException e)
    {
        string at = $"{variables.Address}:{variables.Port}";
        string said = e.Message.Split('\n')[0].TrimEnd('.');
        return variables.Rank == 0 && !variables.Served
            ? new ConvertException($"MASTER_PORT is {variables.Port}, but rank 0 cannot listen there, most likely because another program does: expected a free port from 1 to 65535 of this machine ({variables.Address}). ({said})", e, ConvertException.Usage)
            : new ConvertException($"rank {variables.Rank} cannot reach rank 0 at {at} within {variables.Timeout.TotalSeconds:F0} s: is rank 0 running, MASTER_ADDR its host and MASTER_PORT open there? ({said})", e);
    }
}
