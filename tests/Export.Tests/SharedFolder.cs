namespace EdgeVit.Export.Tests;

/// <summary>The reference networks, which are too large for the repository: in the folder that EDGEVIT_SHARED names, or in a folder
/// "shared" beside or above the repository.</summary>
internal static class SharedFolder
{
    /// <summary>The folder of a reference network, or null where this machine has none. A named or present "shared" folder that lacks the
    /// network is an error: a test that says nothing there would hide it.</summary>
    public static string? Reference(string network)
    {
        string? named = Environment.GetEnvironmentVariable("EDGEVIT_SHARED");
        string? shared = string.IsNullOrEmpty(named) ? Above(AppContext.BaseDirectory) : named;
        if (shared is null)
        {
            return null;
        }

        string folder = Path.Combine(shared, "reference", network);
        return Directory.Exists(folder) ? folder : throw new DirectoryNotFoundException($"{folder} is missing, though {shared} is there");
    }

    /// <summary>The folder of a reference network; the test is skipped where this machine has none.</summary>
    public static string RequiredReference(string network)
    {
        string? folder = Reference(network);
        Assert.SkipUnless(folder is not null, $"no shared/reference/{network} on this machine (EDGEVIT_SHARED names the folder that holds reference/)");
        return folder!;
    }

    private static string? Above(string folder)
    {
        for (DirectoryInfo? at = new(folder); at is not null; at = at.Parent)
        {
            string candidate = Path.Combine(at.FullName, "shared");
            if (Directory.Exists(Path.Combine(candidate, "reference")))
            {
                return candidate;
            }
        }
        return null;
    }
}
