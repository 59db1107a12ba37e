using System.Globalization;

namespace EdgeVit.Export;

/// <summary>Names of classes that tell them apart: published lists have some twice (ImageNet's "crane" is a bird and a machine).</summary>
internal static class DistinctNames
{
    /// <summary>The names, those that are there several times with their numbers behind them.</summary>
    /// <returns>The names, and how many of them have numbers now.</returns>
    internal static (string[] Names, int Numbered) Of(IReadOnlyList<string> names)
    {
        string[] distinct = [.. names];
        int all = 0;
        while (distinct.Select((n, i) => (Name: n, Number: i)).GroupBy(p => p.Name, StringComparer.Ordinal).Where(g => g.Count() > 1).SelectMany(g => g).ToArray() is { Length: > 0 } alike)
        {
            all = Math.Max(all, alike.Length);
            foreach ((string name, int number) in alike)
            {
                distinct[number] = string.Create(CultureInfo.InvariantCulture, $"{name} ({number})");
            }
        }

        return (distinct, all);
    }
}
