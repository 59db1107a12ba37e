using System.Diagnostics;
using System.Text.Json.Nodes;
using EdgeVit.Export;
using EdgeVit.Export.Tests.Checkpoints;
using EdgeVit.Imaging;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>A fresh folder in which a reader of the documents types: the command, the models of the repository, and what the pages take to be there.</summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
internal sealed class ReaderFolder : IDisposable
{
    private const int Pictures = 6;

    private static readonly string[] s_classes = ["bee", "cat", "cow", "dog"];

    private static readonly BinaryViTConfig s_config = new BinaryViTConfig(
        "test-net", ImageSize: 32, PatchSize: 4, [new StageConfig(1, 64, 128, 1, 2), new StageConfig(1, 128, 256, 2, 1)], Classes: s_classes.Length).Validate();

    private readonly TestFolder _folder = new();
    private readonly List<Process> _writers = [];

    public ReaderFolder()
    {
        Command("edgevit");
        Command("bin/edgevit");
        Directory.CreateSymbolicLink(_folder["models"], Path.Combine(Repository.Root, "models"));
        _folder.File("runs/demo/model.evit", File.ReadAllBytes(Path.Combine(Repository.Root, "models", "shapes.evit")));
        Draw();
        Models();
        Results();
    }

    public string Root => _folder.Root;

    /// <summary>Types one line, with the command in the path.</summary>
    internal Outcome Type(string line)
    {
        var start = new ProcessStartInfo("env", ["--default-signal=INT", "bash", "-o", "pipefail", "-c", line]) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Root };
        start.Environment["PATH"] = $"{_folder["bin"]}:{start.Environment["PATH"]}";
        start.Environment.Remove("EDGEVIT_KERNEL");
        start.Environment["OMP_WAIT_POLICY"] = "passive";
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        Assert.True(process.WaitForExit(TimeSpan.FromMinutes(2)), $"{line} hangs");
        return new Outcome(process.ExitCode, output, error.Result);
    }

    /// <summary>Makes what the pages call by this name with <c>ffmpeg</c>: a clip, folders of clips, and a pipe that somebody writes a picture to.</summary>
    internal void Film()
    {
        if (!File.Exists(_folder["clip.mp4"]))
        {
            Directory.CreateDirectory(_folder["clips"]);
            Type("ffmpeg -v error -f lavfi -i testsrc=size=160x120:rate=10:duration=4 -pix_fmt yuv420p clip.mp4 && cp clip.mp4 clips/one.mp4 && mkfifo named.pipe").Expect(0);
            _writers.Add(Process.Start(new ProcessStartInfo("bash", ["-c", "exec cat photo.png > named.pipe"]) { WorkingDirectory = Root })!);
        }
    }

    public void Dispose()
    {
        foreach (Process writer in _writers)
        {
            writer.Kill();
            writer.Dispose();
        }

        _folder.Dispose();
    }

    private void Command(string name)
    {
        string path = _folder.File(name, System.Text.Encoding.UTF8.GetBytes($"#!/bin/bash\nexec dotnet '{EdgeVitProcess.Program}' \"$@\"\n"));
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private void Draw()
    {
        // The first classes of drawn shapes, by other names.
        var images = new ShapesDataset(1, ShapesSplit.Test, 10 * 2 * Pictures);
        for (int i = 0; i < images.Count; i++)
        {
            if (images.Label(i) >= s_classes.Length)
            {
                continue;
            }

            byte[] png = Png.Encode(ShapesDataset.Side, ShapesDataset.Side, images.Load(i).Pixels);
            _folder.File($"photos/{(i % 20 < 10 ? "train" : "test")}/{s_classes[images.Label(i)]}/{i:000}.png", png);
            if (i < s_classes.Length)
            {
                _folder.File(((string[])["photo.png", "photo.jpg", "cat.jpg", "dog.jpg"])[i], png);
                _folder.File($"more/deep/img{i}.png", png);
                _folder.File($"more/img{i}.jpg", TestJpeg.Noise(40, 30, i));
            }
        }
    }

    private void Models()
    {
        Dictionary<string, FloatTensor> tensors = RandomNetwork.Tensors(s_config, seed: 3);
        EvitWriter.Write(_folder["model.evit"], FoldedModel.Of(Lowering.Lower(s_config, tensors)).Model, RandomNetwork.Preprocess(s_config), s_classes, """{"tool":"tests"}""", 7);
        (byte[] pickle, List<(string Key, byte[] Bytes)> storages) = TorchWriter.Checkpoint(tensors.Values);
        _folder.File("checkpoint.pth", TorchWriter.Zip(pickle, storages));
        _folder.File("classes.txt", System.Text.Encoding.UTF8.GetBytes(string.Join('\n', s_classes)));
        SafetensorsWriter.Write(_folder["model.safetensors"], FloatCheckpoint.Tensors(width: 64, depth: 1, imageSize: 32, patch: 8, classes: 4, seed: 5));
        _folder.File("old.evit", FormerModelTests.Former(version: 3).Former);
    }

    /// <summary>Results of machines, as if they were of the folder's model.</summary>
    private void Results()
    {
        string sha256 = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(_folder["model.evit"])));
        foreach ((string name, string file) in (IEnumerable<(string, string)>)[("pi5.json", "arm64-vm/shapes.bench.json"), ("pi4.json", "intel-xeon-processor/cifar10.bench.json")])
        {
            string result = Repository.Read("bench", "results", file);
            string former = (string)JsonNode.Parse(result)!["model"]!["sha256"]!;
            _folder.File(name, System.Text.Encoding.UTF8.GetBytes(result.Replace(former, sha256, StringComparison.Ordinal)));
        }
    }
}
