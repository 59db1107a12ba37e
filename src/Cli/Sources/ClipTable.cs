using System.Text.Json.Nodes;

namespace EdgeVit.Cli;

/// <summary>Clips whose folders name their classes: how many are told rightly, and how well the score of one class tells its clips from the others.</summary>
internal sealed class ClipTable(IReadOnlyList<string> labels, int? positive)
{
    private readonly List<(int Class, int Predicted, double Score)> _clips = [];

    /// <summary>The class whose score is compared: that of <c>--positive</c>, or the second of two, where the first gives the same area.</summary>
    private int? Compared => positive ?? (labels.Count == 2 ? 1 : null);

    /// <summary>The class that a clip's folder names; null where it names none.</summary>
    public int? Class(string clip)
    {
        string folder = Folder(clip);
        int found = Enumerable.Range(0, labels.Count).FirstOrDefault(i => string.Equals(labels[i], folder, StringComparison.OrdinalIgnoreCase), -1);
        return found < 0 ? null : found;
    }

    /// <summary>The name of the folder that a clip lies in; empty at the root.</summary>
    public static string Folder(string clip) => Path.GetFileName(Path.GetDirectoryName(Path.GetFullPath(clip))) ?? "";

    /// <summary>Adds a clip with the scores of all classes.</summary>
    public void Add(int label, IReadOnlyList<double> scores)
    {
        int predicted = Enumerable.Range(0, scores.Count).MaxBy(i => scores[i]);
        _clips.Add((label, predicted, Compared is { } c ? scores[c] : double.NaN));
    }

    /// <summary>The area under the receiver's curve: the share of pairs of a clip of the class and one of another in which the first has the higher score; a tie counts
    /// half. Null without such pairs.</summary>
    public double? Area()
    {
        double[] ours = [.. _clips.Where(c => c.Class == Compared).Select(static c => c.Score)], others = [.. _clips.Where(c => c.Class != Compared).Select(static c => c.Score)];
        return Compared is null || ours.Length == 0 || others.Length == 0 ? null
            : ours.Sum(o => others.Sum(x => o > x ? 1 : o == x ? 0.5 : 0)) / ((double)ours.Length * others.Length);
    }

    /// <summary>What a program reads; null where no folder names a class.</summary>
    public JsonObject? Json() => _clips.Count == 0 ? null : new JsonObject
    {
        ["clips"] = _clips.Count,
        ["right"] = Right,
        ["accuracy"] = Quantity.Json((double)Right / _clips.Count, 6),
        ["positive"] = Compared is { } c ? labels[c] : null,
        ["auc"] = Area() is { } area ? Quantity.Json(area, 6) : null,
    };

    /// <summary>A row for each class that has clips.</summary>
    public void Print(Printer printer)
    {
        if (_clips.Count == 0)
        {
            return;
        }

        var table = new TextTable(null, "class", ">clips", ">right", ">mean score");
        foreach (IGrouping<int, (int Class, int Predicted, double Score)> clips in _clips.GroupBy(static c => c.Class).OrderBy(static g => g.Key))
        {
            table.Add(labels[clips.Key], Quantity.Count(clips.Count()), Quantity.Count(clips.Count(static c => c.Predicted == c.Class)),
                Compared is null ? "" : Quantity.Fixed(clips.Average(static c => c.Score), 4));
        }

        printer.Data(table);
        string area = Area() is { } auc ? $"; AUC of '{labels[Compared!.Value]}' {Quantity.Fixed(auc, 4)}" : Compared is null ? $"; for an AUC name a class: {FaceOptions.PositiveName} NAME" : "";
        printer.Data($"{Right} of {_clips.Count} clips right, {Quantity.Percent((double)Right / _clips.Count)}{area}");
    }

    private int Right => _clips.Count(static c => c.Predicted == c.Class);
}
