using System.Globalization;
using System.Text.RegularExpressions;

namespace EdgeVit.Export;

/// <summary>Which of a network's classes the data's classes are, by their names: in any case, with blanks, hyphens or underscores, and where a name lists synonyms
/// ("tabby, tabby cat") by any of them.</summary>
/// <param name="Order">For each class of the data the number of the network's class; -1 where no name, or more than one, matches.</param>
internal sealed partial record LabelMatch(IReadOnlyList<int> Order)
{
    /// <summary>How many classes were found.</summary>
    public int Found => Order.Count(static o => o >= 0);

    /// <summary>Whether all were found, each another.</summary>
    public bool IsWhole => Order.All(static o => o >= 0) && Order.Distinct().Count() == Order.Count;

    /// <summary>Compares the names.</summary>
    public static LabelMatch Of(IReadOnlyList<string> classes, IReadOnlyList<string> labels)
    {
        ILookup<string, int> exact = Numbered(labels, static l => [l]), alike = Numbered(labels, static l => [Normal(l)]), synonyms = Numbered(labels, static l => l.Split(',').Select(Normal));
        return new LabelMatch([.. classes.Select(c => Only(exact[c]) ?? Only(alike[Normal(c)]) ?? Only(synonyms[Normal(c)]) ?? -1)]);
    }

    /// <summary>Whether names say nothing: numbers, or "class 3" and "LABEL_3".</summary>
    public static bool AreNumbers(IReadOnlyList<string> labels) =>
        labels.Select(static (l, i) => Normal(l) is var n && (n == i.ToString(CultureInfo.InvariantCulture) || n == $"class {i}" || n == $"label {i}" || n == $"class{i}")).All(static b => b);

    private static ILookup<string, int> Numbered(IReadOnlyList<string> labels, Func<string, IEnumerable<string>> names) =>
        labels.SelectMany((l, i) => names(l).Distinct().Select(n => (n, i))).ToLookup(static p => p.n, static p => p.i);

    private static int? Only(IEnumerable<int> found) => found.ToArray() is [var one] ? one : null;

    private static string Normal(string name) => Blanks().Replace(name.Trim().ToUpperInvariant(), " ").ToLowerInvariant();

    [GeneratedRegex(@"[\s_\-]+")]
    private static partial Regex Blanks();
}
