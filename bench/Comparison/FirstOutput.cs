using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using EdgeVit.Cli;
using EdgeVit.Devices;
using EdgeVit.Runtime;
using Microsoft.ML.OnnxRuntime;

namespace EdgeVit.Bench;

/// <summary>What a model takes in a fresh process, one thread: both sides in the same program, so that .NET's share is the same.</summary>
/// <param name="FileBytes">Size of the model's file.</param>
/// <param name="Milliseconds">From the file to the first logits: libraries are loaded, code is compiled and the graph optimised within.</param>
/// <param name="PeakBytes">The most memory that the process ever had.</param>
internal sealed record FirstOutput(long FileBytes, Spread Milliseconds, long PeakBytes)
{
    /// <summary>The name of the program's verb.</summary>
    public const string Verb = "first";

    /// <summary>Measures in several processes.</summary>
    /// <param name="file">A model file whose extension is <c>.evit</c> or <c>.onnx</c>.</param>
    /// <param name="processes">How many.</param>
    public static FirstOutput Measure(string file, int processes) => Measure(
        file, processes, "dotnet", [typeof(FirstOutput).Assembly.Location, Verb, file], answer => ((double)answer["ms"]!, (long)answer["peak_bytes"]!));

    /// <summary>Peak memory of the process without a model, bytes.</summary>
    public static long EmptyProcess(int processes) => (long)Spread.Of(Enumerable.Range(0, processes)
        .Select(_ => (double)(long)ColdStart.Run("dotnet", typeof(FirstOutput).Assembly.Location, Verb).Json["peak_bytes"]!)).Median;

    /// <summary>Measures the native command on a model file; its memory is that after the first logits.</summary>
    public static FirstOutput MeasureNative(string command, string file, int processes) => Measure(
        file, processes, command, ["bench", file, "--cold", "--json"],
        answer => ((double)answer["cold"]!["load_ms"]! + (double)answer["cold"]!["first_ms"]!, (long)answer["memory"]!["rss_after_bytes"]!));

    /// <summary>The process itself: one image through a model, or nothing; prints what it took as JSON.</summary>
    public static int Run(IReadOnlyList<string> arguments)
    {
        long begin = Stopwatch.GetTimestamp();
        switch (arguments)
        {
            case []:
                break;
            case [string file] when Path.GetExtension(file) == ".evit":
                Evit(file);
                break;
            case [string file] when Path.GetExtension(file) == ".onnx":
                Onnx(file);
                break;
            default:
                Console.Error.WriteLine($"{Verb}: expected one .evit or .onnx file, found '{string.Join(' ', arguments)}'.");
                return 2;
        }
        double ms = Stopwatch.GetElapsedTime(begin).TotalMilliseconds;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{{\"ms\":{ms:F3},\"peak_bytes\":{ProcessMemory.Read().PeakBytes}}}"));
        return 0;
    }

    private static FirstOutput Measure(string file, int processes, string program, string[] arguments, Func<JsonNode, (double Ms, long Peak)> read)
    {
        (double Ms, long Peak)[] answers = [.. Enumerable.Range(0, processes).Select(_ => read(ColdStart.Run(program, arguments).Json))];
        return new FirstOutput(new FileInfo(file).Length, Spread.Of(answers.Select(a => a.Ms)), (long)Spread.Of(answers.Select(a => (double)a.Peak)).Median);
    }

    private static void Evit(string file)
    {
        using EvitModel model = EvitModel.Open(file);
        using Session session = model.CreateSession(new EdgeVit.Runtime.SessionOptions { Threads = 1 });
        session.RunNchw(SelfTest.Input(1, model.InputShape), new float[model.Classes]);
    }

    private static void Onnx(string file)
    {
        using Microsoft.ML.OnnxRuntime.SessionOptions options = OnnxContestants.Options();
        using var session = new InferenceSession(file, options);
        (string input, NodeMetadata image) = session.InputMetadata.First();
        using OrtValue pixels = OrtValue.CreateTensorValueFromMemory(SelfTest.Input(1, image.Dimensions), [.. image.Dimensions.Select(d => (long)d)]);
        using var run = new RunOptions();
        session.Run(run, [input], [pixels], session.OutputNames).Dispose();
    }
}
