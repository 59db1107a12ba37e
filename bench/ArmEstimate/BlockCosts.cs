using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace EdgeVit.Bench;

/// <summary>Cycles of a block by llvm-mca's models of some cores: of a loop its cycles a round; of other blocks what its instructions take of
/// the pipes on a core that runs them out of order, which overlaps a block with the next ones, and its cycles when repeated on one that runs
/// them in order.</summary>
/// <param name="mca">The program.</param>
/// <param name="models">The cores by llvm-mca's names, and whether they run instructions in order.</param>
internal sealed partial class BlockCosts(string mca, (string Name, bool InOrder)[] models)
{
    private const int Iterations = 100;

    private readonly Dictionary<string, double[]> _known = new(StringComparer.Ordinal);

    /// <summary>Instructions that llvm-mca could not read in the JIT's spelling.</summary>
    internal int Skipped { get; private set; }

    /// <summary>Cycles on each core.</summary>
    /// <param name="body">Instructions.</param>
    /// <param name="offset">Number of the first one in its method.</param>
    internal double[] Of(string[] body, int offset)
    {
        bool loop = IsLoop(body, offset);
        string source = ".Lx:\n" + string.Join('\n', body.Select(Spelling)) + "\n.Ldata:\n";
        string key = loop ? "loop " + source : source;
        if (!_known.TryGetValue(key, out double[]? cycles))
        {
            _known[key] = cycles = [.. models.Select(m => Cycles(source, m.Name, loop || m.InOrder))];
        }

        return cycles;
    }

    /// <summary>Whether the block branches back to its own first instruction.</summary>
    internal static bool IsLoop(string[] body, int offset) => body[^1].EndsWith(" @" + offset.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);

    private double Cycles(string source, string model, bool repeated)
    {
        var start = new ProcessStartInfo(mca, ["-mtriple=aarch64", $"-mcpu={model}", $"-iterations={Iterations}", "-skip-unsupported-instructions=parse-failure"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        process.StandardInput.Write(source);
        process.StandardInput.Close();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Skipped += error.Result.Split('\n').Count(l => l.Contains("error:", StringComparison.Ordinal));
        Match found = (repeated ? Total() : Throughput()).Match(output);
        return found.Success ? double.Parse(found.Groups[1].Value, CultureInfo.InvariantCulture) / (repeated ? Iterations : 1) : 0;
    }

    /// <summary>The JIT's spelling of an instruction as the assembler's.</summary>
    private static string Spelling(string instruction)
    {
        string s = Comment().Replace(instruction, "");
        s = s.Replace("xip0", "x16", StringComparison.Ordinal).Replace("xip1", "x17", StringComparison.Ordinal)
            .Replace("wip0", "w16", StringComparison.Ordinal).Replace("wip1", "w17", StringComparison.Ordinal);
        s = FramePointer().Replace(s, "x29");
        s = LinkRegister().Replace(s, "x30");
        s = HighReloc().Replace(s, "0");
        s = LowReloc().Replace(s, "#0");
        s = Data().Replace(s, ".Ldata");
        s = Label().Replace(s, ".Lx");
        s = SignExtend().Replace(s, "sxtw x$1, w$2");
        if (Bitwise().IsMatch(s))
        {
            s = Lanes().Replace(s, ".16b");
        }

        // llvm-mca takes a call for 100 cycles long, for which one that runs in order stands still.
        s = Call().Replace(s, "b$1 ");
        if (ByteAccess().IsMatch(s))
        {
            s = ScaledIndex().Replace(s, "$1]");
        }

        return s;
    }

    [GeneratedRegex(@"Total Cycles:\s+(\d+)")]
    private static partial Regex Total();

    [GeneratedRegex(@"Block RThroughput:\s+([0-9.]+)")]
    private static partial Regex Throughput();

    [GeneratedRegex(@"\s*(;;|//).*")]
    private static partial Regex Comment();

    [GeneratedRegex(@"\bfp\b")]
    private static partial Regex FramePointer();

    [GeneratedRegex(@"\blr\b")]
    private static partial Regex LinkRegister();

    [GeneratedRegex(@"\[HIGH RELOC #0x[0-9A-Fa-f]+\]")]
    private static partial Regex HighReloc();

    [GeneratedRegex(@"\[LOW RELOC #0x[0-9A-Fa-f]+\]")]
    private static partial Regex LowReloc();

    [GeneratedRegex(@"\[#?@?RWD\d+[^\]]*\]")]
    private static partial Regex Data();

    [GeneratedRegex(@"\[?(G_M\w+|@\d+)\]?")]
    private static partial Regex Label();

    [GeneratedRegex(@"^sxtw [xw](\d+), w(\d+)")]
    private static partial Regex SignExtend();

    [GeneratedRegex(@"^(eor|and|orr|orn|bic|bsl|bit|bif|mvn|not|mov) v\d+\.")]
    private static partial Regex Bitwise();

    [GeneratedRegex(@"\.(2d|4s|8h)\b")]
    private static partial Regex Lanes();

    [GeneratedRegex("^bl(r?) ")]
    private static partial Regex Call();

    [GeneratedRegex(@"^(ldrb|strb|ldrsb) ")]
    private static partial Regex ByteAccess();

    [GeneratedRegex(@"((SXTW|UXTW|LSL)) #\d+\]")]
    private static partial Regex ScaledIndex();
}
