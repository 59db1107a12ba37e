using System.Globalization;

namespace EdgeVit.Imaging;

/// <summary>How many images each class has.</summary>
public static class ClassBalance
{
    /// <summary>Images per class, by label.</summary>
    /// <param name="dataset">The images.</param>
    public static int[] Count(IImageDataset dataset)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        int[] counts = new int[dataset.Labels.Count];
        for (int i = 0; i < dataset.Count; i++)
        {
            counts[dataset.Label(i)]++;
        }

        return counts;
    }

    /// <summary>One line of text: number of images and classes, and how evenly they are spread.</summary>
    /// <param name="dataset">The images.</param>
    /// <returns>For example <c>10 classes, 50,000 images, 5,000 each</c> or <c>3 classes, 120 images, 10 (fox) to 80 (cat) each: the
    /// largest has 8.0 times the smallest</c>.</returns>
    public static string Summary(IImageDataset dataset)
    {
        int[] counts = Count(dataset);
        int least = Array.IndexOf(counts, counts.Min()), most = Array.IndexOf(counts, counts.Max());
        string head = Text($"{counts.Length} classes, {dataset.Count:N0} images, ");
        if (counts[least] == counts[most])
        {
            return head + Text($"{counts[least]:N0} each");
        }

        string range = Text($"{counts[least]:N0} ({dataset.Labels[least]}) to {counts[most]:N0} ({dataset.Labels[most]}) each");
        if (counts[least] == 0)
        {
            return $"{head}{range}: {counts.Count(static c => c == 0)} without any image";
        }

        double ratio = (double)counts[most] / counts[least];
        return head + range + (ratio < 1.5 ? "" : Text($": the largest has {ratio:F1} times the smallest"));
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
