using System.Globalization;
using System.Text.RegularExpressions;

namespace EdgeVit.Runtime.Tests.Neon;

/// <summary>An inner loop: instructions from the target of a backward branch to the branch, with no other such loop in it.</summary>
/// <param name="Method">Name of the type and method, without namespace and parameters.</param>
/// <param name="Instructions">As the JIT prints them.</param>
internal sealed record InnerLoop(string Method, IReadOnlyList<string> Instructions)
{
    /// <summary>Whether an instruction with this mnemonic is in it.</summary>
    internal bool Has(string mnemonic) => Instructions.Any(i => i.Split(' ')[0] == mnemonic);
}

/// <summary>Reads the listing that the JIT writes with <c>DOTNET_JitDisasm</c> on ARM64.</summary>
internal static partial class JitListing
{
    /// <summary>The inner loops of all methods in a listing, in its order; of a method that was compiled several times, the last ones. A
    /// generic method is another one for every width of vectors that it is made for.</summary>
    internal static IReadOnlyList<InnerLoop> InnerLoops(string listing)
    {
        var loops = new Dictionary<string, InnerLoop[]>(StringComparer.Ordinal);
        foreach (string text in listing.Split("; Assembly listing for method ").Skip(1))
        {
            string[] lines = text.Split('\n');
            string method = Name(lines[0]);
            method = method[(method.LastIndexOf('.', method.LastIndexOf('.') - 1) + 1)..];
            loops[lines[0][..lines[0].LastIndexOf('(')]] = [.. Inner(lines).Select(body => new InnerLoop(method, body))];
        }

        return [.. loops.Values.SelectMany(l => l)];
    }

    /// <summary>The instructions of every method in a listing, by <c>Type.Method</c> and size in bytes. The labels of branches are the
    /// numbers of the instructions that they lead to, as <c>@5</c>.</summary>
    internal static IReadOnlyDictionary<(string Name, int Bytes), string[]> Methods(string listing)
    {
        var methods = new Dictionary<(string, int), string[]>();
        foreach (string text in listing.Split("; Assembly listing for method EdgeVit.Runtime.").Skip(1))
        {
            if (Size().Match(text) is not { Success: true } size)
            {
                continue;
            }

            methods[(Name(text.Split('\n')[0]), int.Parse(size.Groups[1].Value, CultureInfo.InvariantCulture))] =
                Numbered(text.Split('\n').Skip(1));
        }

        return methods;
    }

    /// <summary>Type and method, without what a generic one is made for.</summary>
    private static string Name(string signature)
    {
        int colon = signature.LastIndexOf(':', signature.IndexOf('(', StringComparison.Ordinal));
        return signature[..colon].Split('[')[0] + "." + signature[(colon + 1)..].Split('(', '[')[0];
    }

    private static string[] Numbered(IEnumerable<string> lines)
    {
        var code = new List<string>();
        var labels = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (string line in lines)
        {
            if (Label().Match(line) is { Success: true } label)
            {
                labels[label.Groups[1].Value] = code.Count;
            }
            else if (Instruction().IsMatch(line))
            {
                code.AddRange(Expand(line));
            }
        }

        return [.. code.Select(text => labels.TryGetValue(text.Split(' ', ',')[^1], out int to) ? text[..(text.LastIndexOf(' ') + 1)] + "@" + to : text)];
    }

    private static IEnumerable<string> Expand(string line)
    {
        string text = Regex.Replace(line.Trim(), @"\s+", " ");
        return Padding().Match(text) is { Success: true } padding
            ? Enumerable.Repeat("nop", int.Parse(padding.Groups[1].Value, CultureInfo.InvariantCulture) / 4)
            : text.StartsWith("align", StringComparison.Ordinal) ? [] : [text];
    }

    private static IEnumerable<string[]> Inner(string[] lines)
    {
        var code = new List<string>();
        var labels = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (string line in lines.Skip(1))
        {
            if (Label().Match(line) is { Success: true } label)
            {
                labels[label.Groups[1].Value] = code.Count;
            }
            else if (Instruction().IsMatch(line))
            {
                code.Add(Regex.Replace(line.Trim(), @"\s+", " "));
            }
        }

        (int From, int To)[] ranges =
        [
            .. code.Select((text, at) => (From: labels.GetValueOrDefault(text.Split(' ', ',')[^1], int.MaxValue), To: at))
                .Where(r => r.From <= r.To),
        ];
        return ranges.Where(r => !ranges.Any(q => q != r && q.From >= r.From && q.To <= r.To)).Select(r => code.GetRange(r.From, r.To - r.From + 1).ToArray());
    }

    [GeneratedRegex(@"^(G_M\w+):")]
    private static partial Regex Label();

    [GeneratedRegex(@"^; Total bytes of code (\d+)", RegexOptions.Multiline)]
    private static partial Regex Size();

    [GeneratedRegex(@"^align \[(\d+) bytes")]
    private static partial Regex Padding();

    [GeneratedRegex(@"^\s{4,}[a-z]")]
    private static partial Regex Instruction();
}
