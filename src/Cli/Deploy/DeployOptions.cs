namespace EdgeVit.Cli;

/// <summary>What a command line asks for.</summary>
internal sealed record DeployOptions
{
    /// <summary>The board.</summary>
    public required BoardAddress Address { get; init; }

    /// <summary>An archive or folder with the tool; null to find or make one.</summary>
    public string? Tool { get; init; }

    /// <summary>The folder on the board; empty for the usual one.</summary>
    public string Folder { get; init; } = "";

    public bool Service { get; init; }

    public int ServicePort { get; init; } = 8080;

    public bool Bench { get; init; } = true;

    /// <summary>ONNX files to measure against there.</summary>
    public IReadOnlyList<string> Against { get; init; } = [];

    /// <summary>Where the result of the bench goes; null for the usual place.</summary>
    public string? Out { get; init; }
}
