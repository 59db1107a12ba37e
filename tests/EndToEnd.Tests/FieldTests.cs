using System.Text.RegularExpressions;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>Every row of the table of a folder <c>shared/field</c> beside the repository, where there is one: what people sent in, given to the command as they did, and
/// what must come of it.</summary>
public sealed partial class FieldTests
{
    private const string Image = "run MODEL INPUT --json", Teacher = "convert --data shapes --out OUT --teacher INPUT --epochs 0.25 --batch 32 --shapes-train 240 --shapes-test 10 --parity-images 1";

    private static readonly string s_field = Path.Combine(Repository.Root, "..", "shared", "field");

    /// <summary>By the beginning of a file's path: the command line, its exit code, and what it says.</summary>
    private static readonly Dictionary<string, (string Command, int Code, string[] Says)> s_expected = new(StringComparer.Ordinal)
    {
        ["images/subsampling_3x1.jpg"] = (Image, 0, ["\"top\""]),
        ["images/cmyk_subsampled_pillow.jpg"] = (Image, 0, ["\"top\""]),
        ["images/exif_long6.jpg"] = (Image, 0, ["\"top\""]),
        ["images/noeoi_zeros.jpg"] = (Image, 0, ["\"top\"", "a JPEG without end marker: its last pixels may be wrong"]),
        ["images/trunc_5.jpg"] = (Image, 1, ["the JPEG is cut off after 138 bytes"]),
        ["images/lfs_pointer.jpg"] = (Image, 1, ["a Git-LFS pointer to the picture", "git lfs pull"]),
        ["images/bomb_100M.png"] = (Image, 1, ["9999 x 10000 pixels, more than the", "EDGEVIT_MAX_PIXELS=99990000"]),
        ["images/gray16.png"] = (Image, 0, ["\"top\""]),
        ["onnx/02"] = (Teacher, 0, ["certificate  passed"]),
        ["onnx/03"] = (Teacher, 0, ["certificate  passed", "of its outputs '18' is taken (--teacher-output names another"]),
        ["onnx/04"] = (Teacher, 0, ["certificate  passed"]),
        ["onnx/06"] = (Teacher, 0, ["certificate  passed", "is probabilities (a softmax computes them)"]),
        ["onnx/11"] = ("convert --data shapes --out OUT --teacher INPUT --seed 1 --batch 128 --precision bfloat16 --shapes-train 256 --shapes-test 32 --epochs 1", 0, ["certificate  passed", " 0 mismatches"]),
        ["checkpoints/ck-hf_deit_classifier_with_dist_token.bin"] = ("import INPUT --out OUT", 0, ["DeiT with a distillation token and one head", "certificate  passed"]),
        ["checkpoints/ck-prefix_backbone.pth"] = ("import INPUT --out OUT", 0, ["the network's names begin with 'backbone.'", "certificate  passed"]),
        ["checkpoints/ck-lightning_criterion.ckpt"] = ("import INPUT --out OUT", 0, ["left out: criterion.weight (--prefix chooses another network)", "certificate  passed"]),
        ["checkpoints/ck-numpy_array.pth"] = ("import INPUT --out OUT", 0, ["left out, without executing anything: numpy.core.multiarray._reconstruct, numpy.ndarray", "certificate  passed"]),
        ["checkpoints/ck-qk_norm.pth"] = ("import INPUT --out OUT", 1, ["norms of queries and keys (QK-norm): blocks.0.attn.q_norm.bias", "convert --teacher net.onnx"]),
        ["checkpoints/ck-one_logit.pth"] = ("import INPUT --out OUT", 1, ["1 class, at least 2 are needed", "a second one, by a row of zeros"]),
    };

    public static TheoryData<string> Inputs => [.. s_expected.Keys];

    [Theory]
    [MemberData(nameof(Inputs))]
    public void WhatPeopleSentInIsTakenOrExplained(string input)
    {
        RequireFolder();
        (string command, int code, string[] says) = s_expected[input];
        Assert.SkipWhen(EdgeVitProcess.Tool is not null && command.StartsWith("convert", StringComparison.Ordinal), EdgeVitProcess.NoTraining);
        using var folder = new TestFolder();
        string file = Assert.Single(Files(), f => f.StartsWith(input, StringComparison.Ordinal));
        string model = Path.Combine(Repository.Root, "models", "cifar10.evit");
        Outcome outcome = EdgeVitProcess.Run([.. command.Split(' ').Select(w => w switch { "MODEL" => model, "INPUT" => Path.Combine(s_field, file), "OUT" => folder["out"], _ => w })]).Expect(code);
        string all = outcome.Output + outcome.Error;
        Assert.All(says, s => Assert.Contains(s, all, StringComparison.Ordinal));
        Assert.DoesNotContain("this is a bug", all, StringComparison.Ordinal);
    }

    /// <summary>No row of the table and no file of the folder goes untried.</summary>
    [Fact]
    public void EveryRowAndEveryFileIsTried()
    {
        RequireFolder();
        string[] rows = [.. from line in File.ReadLines(Path.Combine(s_field, "README.md")) let first = Row().Match(line) where first.Success && first.Groups[1].Value is not ("input" or "---") select first.Groups[1].Value];
        Assert.Equal(17, rows.Length);
        foreach (string row in rows)
        {
            string within = "";
            foreach (string name in row.Split(", "))
            {
                within = name.Contains('/', StringComparison.Ordinal) ? name.Split('/')[0] : within;
                string input = name.Contains('/', StringComparison.Ordinal) ? name : $"{within}/{name}";
                Assert.Single(s_expected.Keys, k => input == k);
            }
        }

        Assert.All(Files(), f => Assert.Single(s_expected.Keys, k => f.StartsWith(k, StringComparison.Ordinal)));
    }

    private static void RequireFolder() => Assert.SkipUnless(Directory.Exists(s_field), "there is no folder shared/field beside the repository");

    private static IEnumerable<string> Files() => Directory.EnumerateFiles(s_field, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(s_field, f)).Where(f => f.Contains('/', StringComparison.Ordinal));

    [GeneratedRegex(@"^\| ([^|]+?) \|")]
    private static partial Regex Row();
}
