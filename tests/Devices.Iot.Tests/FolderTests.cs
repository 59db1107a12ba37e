using EdgeVit.EndToEnd.Tests;

namespace EdgeVit.Devices.Iot.Tests;

/// <summary>The folders of a project use each other one way.</summary>
public sealed class FolderTests
{
    [Fact]
    public void NoFolderIsUsedByWhatItUses()
    {
        SortedDictionary<(string From, string To), SortedSet<string>> references =
            FolderReferences.Of(Path.Combine(AppContext.BaseDirectory, "EdgeVit.Devices.Iot.dll"), Path.Combine(Repository.Root, "devices", "Iot"));
        Assert.Contains(("Gpio", "."), references.Keys);
        Assert.Empty(FolderReferences.Cycles(references.Keys));
    }
}
