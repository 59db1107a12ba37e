namespace EdgeVit.Imaging;

/// <summary>What the images of a part of a data set are for.</summary>
internal enum SplitKind
{
    Train,
    Validation,
    Test,
}

/// <summary>Tells by its name whether a folder is a split: <c>train</c>, <c>seg_train</c>, <c>training_set</c>, <c>train2017</c>, <c>Test Data</c>.
/// A name's words are parted by <c>- _ .</c>, blanks and capitals; digits at the end of a word do not matter. One word or more must name the split,
/// and all others must be words for pictures.</summary>
internal static class SplitNames
{
    private static readonly Dictionary<string, SplitKind> s_splits = new(StringComparer.Ordinal)
    {
        ["train"] = SplitKind.Train,
        ["training"] = SplitKind.Train,
        ["val"] = SplitKind.Validation,
        ["valid"] = SplitKind.Validation,
        ["validate"] = SplitKind.Validation,
        ["validation"] = SplitKind.Validation,
        ["dev"] = SplitKind.Validation,
        ["test"] = SplitKind.Test,
        ["testing"] = SplitKind.Test,
        ["eval"] = SplitKind.Test,
        ["evaluation"] = SplitKind.Test,
    };

    private static readonly HashSet<string> s_others = new(StringComparer.Ordinal)
    {
        "set", "data", "dataset", "seg", "split", "image", "images", "img", "imgs", "picture", "pictures", "photo", "photos", "samples", "folder", "ilsvrc", "imagenet",
    };

    /// <summary>The split that a folder's name says; null for any other name.</summary>
    internal static SplitKind? KindOf(string name)
    {
        SplitKind? kind = null;
        foreach (string word in Words(name))
        {
            if (Split(word) is not { } found)
            {
                if (!s_others.Contains(word))
                {
                    return null;
                }

                continue;
            }

            if (kind is not null && kind != found)
            {
                return null;
            }

            kind = found;
        }
        return kind;
    }

    /// <summary>The split of a word such as <c>train</c>, <c>trainset</c> or <c>testdata</c>.</summary>
    private static SplitKind? Split(string word)
    {
        if (s_splits.TryGetValue(word, out SplitKind kind))
        {
            return kind;
        }

        foreach (string other in s_others)
        {
            if (word.EndsWith(other, StringComparison.Ordinal) && s_splits.TryGetValue(word[..^other.Length], out kind))
            {
                return kind;
            }
        }
        return null;
    }

    private static IEnumerable<string> Words(string name)
    {
        int start = 0;
        for (int i = 1; i <= name.Length; i++)
        {
            bool capital = i < name.Length && char.IsUpper(name[i]) && char.IsLower(name[i - 1]);
            if (i < name.Length && !capital && !IsGap(name[i]))
            {
                continue;
            }

            string word = name[start..i].TrimStart('-', '_', ' ', '.').TrimEnd(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
            if (word.Length > 0)
            {
                yield return word.ToLowerInvariant();
            }

            start = i;
        }
    }

    private static bool IsGap(char c) => c is '-' or '_' or ' ' or '.';
}
