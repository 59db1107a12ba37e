using System.Globalization;
using System.Text.RegularExpressions;

namespace EdgeVit.Bench;

/// <summary>Which basic blocks of which methods an emulated run executed, and how often.</summary>
internal sealed partial class ExecutedBlocks
{
    private const int PageInstructions = 1024;

    private readonly IReadOnlyDictionary<(string, int), string[]> _code;
    private readonly Dictionary<string, (ulong Start, string[] Instructions)> _methods = new(StringComparer.Ordinal);

    internal ExecutedBlocks(string folder, int images, IReadOnlyDictionary<(string, int), string[]> code)
    {
        _code = code;
        (ulong Start, ulong End, string Name)[] map = [.. File.ReadLines(Path.Combine(folder, $"perf.{images}")).Select(Parse).OfType<(ulong, ulong, string)>().Order()];
        ulong[] starts = [.. map.Select(m => m.Start)];
        foreach (string line in File.ReadLines(Path.Combine(folder, $"blocks.{images}")))
        {
            string[] parts = line.Split(' ');
            ulong address = ulong.Parse(parts[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            long count = long.Parse(parts[1], CultureInfo.InvariantCulture);
            int at = Array.BinarySearch(starts, address);
            at = at < 0 ? ~at - 1 : at;
            if (at < 0 || address >= map[at].End || !code.TryGetValue((map[at].Name, (int)(map[at].End - map[at].Start)), out string[]? instructions))
            {
                Unlisted += count;
                continue;
            }

            _methods[map[at].Name] = (map[at].Start, instructions);
            var key = (map[at].Name, (int)(address - map[at].Start) / 4);
            Counts[key] = Counts.GetValueOrDefault(key) + count;
        }
    }

    /// <summary>Executions by method and number of the block's first instruction.</summary>
    internal Dictionary<(string Method, int Offset), long> Counts { get; } = [];

    /// <summary>Executions of blocks in code that the listing lacks: stubs and libraries.</summary>
    internal long Unlisted { get; }

    /// <summary>A block's instructions: to the first branch or to the end of the page, where the emulator ends one too.</summary>
    internal string[] Body(string method, int offset)
    {
        (ulong start, string[] instructions) = _methods[method];
        int end = offset;
        while (end < instructions.Length)
        {
            string mnemonic = instructions[end++].Split(' ')[0];
            if (Branch().IsMatch(mnemonic) || ((start / 4) + (ulong)end) % PageInstructions == 0)
            {
                break;
            }
        }

        return instructions[offset..end];
    }

    private static (ulong, ulong, string)? Parse(string line)
    {
        Match m = MapLine().Match(line);
        if (!m.Success)
        {
            return null;
        }

        ulong start = ulong.Parse(m.Groups[1].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        ulong size = ulong.Parse(m.Groups[2].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        return (start, start + size, m.Groups[3].Value + "." + m.Groups[4].Value);
    }

    [GeneratedRegex(@"^(b|bl|blr|br|ret|cbn?z|tbn?z|b[.]?(eq|ne|lt|le|gt|ge|lo|ls|hi|hs|mi|pl|vs|vc))$")]
    private static partial Regex Branch();

    // 0x54f90e1240 278 void [EdgeVit.Runtime] EdgeVit.Runtime.NeonBitKernel::Four(uint8*,...)[Optimized]
    [GeneratedRegex(@"^0x([0-9a-f]+) ([0-9a-f]+) .*\[EdgeVit\.Runtime\] EdgeVit\.Runtime\.([^\s:\[]+)[^:]*::([^\s(]+)\(")]
    private static partial Regex MapLine();
}
