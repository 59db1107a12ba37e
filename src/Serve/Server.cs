using System.Reflection;
using System.Text.Json.Nodes;
using EdgeVit.Cli;
using EdgeVit.Imaging;
using EdgeVit.Runtime;

namespace EdgeVit.Serve;

/// <summary>The whole server: from the model to the signal that ends it.</summary>
internal static class Server
{
    /// <summary>How long requests may still take after the signal to stop, in seconds beyond a request's own limit.</summary>
    private const int Grace = 1;

    /// <summary>Serves until a signal comes.</summary>
    public static int Run(ServeSettings settings, Printer printer) => RunAsync(settings, printer).GetAwaiter().GetResult();

    private static async Task<int> RunAsync(ServeSettings settings, Printer printer)
    {
        AccessToken? token = settings.TokenFile is { } file ? AccessToken.Read(file) : null;
        using EvitModel model = ModelPath.Open(settings.Model);
        CheckModel(model, settings);
        int workers = settings.Workers > 0 ? settings.Workers : Math.Max(1, Environment.ProcessorCount / settings.Threads);
        long maxPixels = settings.MaxPixels > 0 ? settings.MaxPixels : DecodingMemory.FittingPixels(ServeSettings.UsualMaxPixels, WorkerPool.MemoryShare);
        using var pool = new WorkerPool(model, workers, settings.Threads, settings.Queue, maxPixels);
        using var machine = new MachineReadings();
        var metrics = new ServeMetrics();
        metrics.Describe(model.File.Graph.Name, model.File.Sha256, pool.KernelName, Version(), workers, () => pool.Waiting);
        metrics.Observe(machine);
        var state = new ServerState(model.File.Graph.Name, model.File.Sha256);
        var images = new RequestImage(new MemoryBudget(ArrivingBytes(settings, workers)), settings.MaxBytes, metrics);
        var classify = new ClassifyEndpoint(pool, images, metrics, model.Classes, maxPixels, settings.Timeout);
        var application = new Application(classify, new AccessRules(settings.Address, token), state, metrics, model.Labels, e => printer.Warn($"edgevit: {Failures.Describe(e).Message}"));
        using var server = new HttpServer(settings);
        using var watchdog = new Watchdog(pool, printer.Warn);
        var signal = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var interruption = new Interruption(() => printer.Say("stopping: answering what has been accepted; another signal ends at once"), saves: true);
        await using CancellationTokenRegistration registration = interruption.Token.Register(signal.SetResult);

        string address = await server.StartAsync(application);
        printer.Data($"listening on {address} (model {model.File.Graph.Name}, kernels {pool.KernelName}, {Workers(workers, settings.Threads)})");
        printer.Object(new JsonObject
        {
            ["address"] = address,
            ["model"] = model.File.Graph.Name,
            ["sha256"] = model.File.Sha256,
            ["kernel"] = pool.KernelName,
            ["workers"] = workers,
            ["threads"] = settings.Threads,
            ["queue"] = settings.Queue,
            ["pid"] = Environment.ProcessId,
        });
        printer.Flush();
        watchdog.Ready();
        await signal.Task;

        state.Stop();
        watchdog.Stopping();
        using var patience = new CancellationTokenSource(settings.Timeout + TimeSpan.FromSeconds(Grace));
        await server.StopAsync(patience.Token);
        printer.Say($"stopped: {Quantity.Count(metrics.Answered)} requests answered");
        return ExitCode.Ok;
    }

    /// <summary>A model that does not compute here what it should is not served.</summary>
    private static void CheckModel(EvitModel model, ServeSettings settings)
    {
        SelfTestResult test = model.RunSelfTest(new SessionOptions { Threads = settings.Threads });
        if (test.Present && !test.Passed)
        {
            throw new UserException($"{settings.Model} does not compute here what it computed where it was made, and is not served. 'edgevit doctor {ShellQuote.Word(settings.Model)}' says more.", ExitCode.CheckFailed);
        }
    }

    /// <summary>A full queue of the largest images, whose buffers are up to twice as large, if a quarter of the memory holds that; at least four.</summary>
    private static long ArrivingBytes(ServeSettings settings, int workers) => Math.Max(
        4L * settings.MaxBytes, Math.Min(2L * (settings.Queue + workers) * settings.MaxBytes, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4));

    private static string Workers(int workers, int threads) =>
        $"{workers} worker{(workers == 1 ? "" : "s")} of {threads} thread{(threads == 1 ? "" : "s")}";

    private static string Version() =>
        typeof(Server).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "";
}
