namespace EdgeVit.EndToEnd.Tests;

/// <summary>A source file has one purpose and at most 300 lines; a longer one stands here with its reason.</summary>
public class FileSizeTests
{
    private const int Most = 300;

    private static readonly Dictionary<string, string> s_longer = new()
    {
        ["src/Runtime/Kernels/TableBitKernel.Loops.cs"] = "the loops of one kernel for each number of tokens, to be read side by side",
    };

    [Fact]
    public void FilesAreShortOrSayWhy()
    {
        string[] longer =
        [
            .. new[] { "src", "devices", "bench" }.SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), "*.cs", SearchOption.AllDirectories))
                .Where(file => File.ReadLines(file).Count() > Most).Select(file => Path.GetRelativePath(Repository.Root, file).Replace('\\', '/')).Order(StringComparer.Ordinal),
        ];
        Assert.Equal(s_longer.Keys.Order(StringComparer.Ordinal), longer);
    }
}
