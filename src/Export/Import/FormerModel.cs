using System.Buffers.Binary;
using System.Text.Json.Nodes;
using EdgeVit.Runtime;
using Microsoft.Win32.SafeHandles;

namespace EdgeVit.Export;

/// <summary>A model file of an earlier version: rewritten with its constants moved and its sums joined, so that it runs. Either changes roundings, and
/// here and there a sign: version 1 ran with its constants where they are, version 2 had them moved when a file was opened, version 3 stored them so, and
/// none joined sums.</summary>
internal static class FormerModel
{
    private const int LongestHeader = 1 << 24;

    /// <summary>Whether a file is a model file, of any version, and no checkpoint: what it says of itself decides, not its name.</summary>
    public static bool IsModel(string path)
    {
        try
        {
            using SafeFileHandle file = File.OpenHandle(path);
            Span<byte> part = stackalloc byte[4096];
            if (RandomAccess.Read(file, part[..sizeof(long)], 0) < sizeof(long) || BinaryPrimitives.ReadInt64LittleEndian(part) is not (> 0 and <= LongestHeader and var bytes))
            {
                return false;
            }

            // Parts overlap by a key less one byte.
            ReadOnlySpan<byte> key = "\"edgevit.graph\""u8;
            for (long at = sizeof(long), end = at + bytes; at < end; at += part.Length - key.Length + 1)
            {
                int read = RandomAccess.Read(file, part[..(int)Math.Min(part.Length, end - at)], at);
                if (part[..read].IndexOf(key) >= 0)
                {
                    return true;
                }

                if (read < part.Length)
                {
                    return false;
                }
            }

            return false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Rewrites the model and compares it with the former file, computed node by node; without options on one synthetic image.</summary>
    /// <exception cref="ModelFormatException">Its stored self-test is not what it computes.</exception>
    public static CertifiedModel Pack(EvitFile former, string name, CertificateOptions? options = null)
    {
        options ??= new CertificateOptions();
        var lowered = new LoweredModel(former.Graph, former.Tensors);
        CheckSelfTest(former, lowered, name);
        string reference = $"version {former.Graph.Version} of the file, computed node by node";
        CertifiedModel model = CertifiedModel.Pack(
            () => lowered, FloatPolicy.AsTheyAre,
            made => EvitWriter.ToBytes(made, former.Preprocess, former.Labels, Provenance(former), former.SelfTest?.Seed ?? 0),
            (file, values) =>
            {
                using var check = new ParityCheck(file, values);
                check.AddImages(options.Count, options.Input(file.Graph.InputShape), new GraphSimulator(lowered));
                return ParityCertificate.Of(
                    "import", file, check.Report, reference,
                    options.Given is null ? new CertificateImages(options.Count, "uniform noise", options.Seed) : new CertificateImages(options.Count, options.Data),
                    new CertificateSource(name, former.Sha256));
            });
        return model;
    }

    /// <summary>The stored self-test must be what the file's own version computed; version 1 knew another order of sums.</summary>
    private static void CheckSelfTest(EvitFile former, LoweredModel lowered, string name)
    {
        if (former.Graph.Version == 1 || former.SelfTest is not { } test)
        {
            return;
        }

        LoweredModel ran = FoldedModel.AsRun(lowered).Model;
        var interpreter = new GraphInterpreter(ran.Graph, ran.Tensors);
        float[] found = interpreter.Run(SelfTest.Input(test.Seed, ran.Graph.InputShape))[ran.Graph.OutputName].Floats;
        if (!test.Logits.AsSpan().SequenceEqual(found))
        {
            throw new ModelFormatException($"{name}: the model gives other logits than its stored self-test says; the file was made by a faulty tool. Convert it again.");
        }
    }

    /// <summary>Reads a former file.</summary>
    /// <exception cref="EvitFormatException">It can't be read, or is no valid model.</exception>
    /// <exception cref="ModelFormatException">It is of a version that runs as it is.</exception>
    public static EvitFile Read(string path)
    {
        EvitFile former;
        try
        {
            former = EvitFile.Parse(FileBytes.Read(path), former: true);
        }
        catch (EvitFormatException e)
        {
            throw new EvitFormatException($"{path}: {e.Message}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EvitFormatException($"{path}: can't be read: {FileFault.Of(e, path)}", e);
        }

        return former.Graph.Version < ModelGraph.CurrentVersion
            ? former
            : throw new ModelFormatException(
                $"{path}: a model of version {former.Graph.Version}, which runs as it is; expected a checkpoint, or a model of an earlier version.");
    }

    private static string Provenance(EvitFile former)
    {
        JsonObject provenance = JsonNode.Parse(former.Provenance)!.AsObject();
        provenance["formerSha256"] = former.Sha256;
        return provenance.ToJsonString();
    }
}
