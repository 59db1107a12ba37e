using EdgeVit.Cli;
using EdgeVit.Export;
using EdgeVit.Runtime;

namespace EdgeVit.Bench;

/// <summary>The contestants as files in a folder, and what a process takes with each.</summary>
internal sealed class StartFiles(string folder, int processes)
{
    private readonly List<(string Name, string Path)> _graphs = [];

    /// <summary>Keeps the graph of a contestant that a user may pick; others are let go.</summary>
    public void Add(string contestant, byte[] graph)
    {
        if (PublishedAccuracy.Of(contestant) is not null)
        {
            string path = Path.Combine(folder, $"{_graphs.Count}.onnx");
            File.WriteAllBytes(path, graph);
            _graphs.Add((contestant, path));
        }
    }

    /// <summary>A model file with random weights.</summary>
    public string Evit(BinaryViTConfig config)
    {
        string path = Path.Combine(folder, "model.evit");
        File.WriteAllBytes(path, RandomModels.Bytes(config));
        return path;
    }

    /// <summary>An input for it.</summary>
    public string Tensor(BinaryViTConfig config)
    {
        string path = Path.Combine(folder, "input.safetensors");
        int[] shape = [3, config.ImageSize, config.ImageSize];
        SafetensorsWriter.Write(path, [new FloatTensor("input", [1, .. shape], SelfTest.Input(1, shape))]);
        return path;
    }

    /// <summary>What a user may pick among: EdgeVit's first choice and AVX2, the native command where there is one, then ONNX Runtime's.</summary>
    /// <param name="times">Of all contestants.</param>
    /// <param name="model">EdgeVit's file.</param>
    /// <param name="native">The native command; null for none.</param>
    public IReadOnlyList<Choice> Choices(IReadOnlyList<ContestantTimes> times, string model, string? native)
    {
        ContestantTimes Of(string name) => times.Single(t => t.Contestant.Name == name);
        string own = EdgeVitContestants.Name("binaryvit-small", KernelSets.Best, 1), avx2 = EdgeVitContestants.Name("binaryvit-small", KernelChoice.Avx2, 1);
        ContestantTimes best = Of(own);
        Choice Timed(string name, PublishedAccuracy published, FirstOutput first)
        {
            ContestantTimes t = Of(name);
            return new Choice(name, t.Contestant.Engine, published, t.Median, InterleavedRounds.Ratio(t, best), first);
        }

        FirstOutput managed = FirstOutput.Measure(model, processes);
        var choices = new List<Choice> { Timed(own, PublishedAccuracy.BinaryViTSmall, managed) };
        if (own != avx2 && KernelSets.Available.Contains(KernelChoice.Avx2))
        {
            choices.Add(Timed(avx2, PublishedAccuracy.BinaryViTSmall, managed));
        }

        if (native is not null)
        {
            string name = $"binaryvit-small, native command of {Choice.Megabytes(new FileInfo(native).Length)}";
            choices.Add(new Choice(name, "EdgeVit", PublishedAccuracy.BinaryViTSmall, null, null, FirstOutput.MeasureNative(native, model, processes)));
        }

        choices.AddRange(_graphs.Select(g => Timed(g.Name, PublishedAccuracy.Of(g.Name)!, FirstOutput.Measure(g.Path, processes))));
        return choices;
    }
}
