namespace EdgeVit.Devices;

/// <summary>A chip of the kernel's hardware monitoring.</summary>
/// <param name="Folder">Relative to the root.</param>
/// <param name="Name">The driver's name for it, such as <c>k10temp</c>.</param>
internal sealed record HwmonChip(string Folder, string Name)
{
    private const string Monitor = "sys/class/hwmon";

    public static IEnumerable<HwmonChip> All(SystemFiles files) =>
        files.Folders(Monitor, "hwmon").Select(chip => new HwmonChip($"{Monitor}/{chip}", files.Text($"{Monitor}/{chip}/name") ?? chip));

    /// <summary>The channels that have a file <c>{kind}N{suffix}</c>, such as <c>temp1</c> of <c>temp1_input</c>.</summary>
    public IEnumerable<string> Channels(SystemFiles files, string kind, string suffix) =>
        files.Names(Folder).Where(n => n.StartsWith(kind, StringComparison.Ordinal) && n.EndsWith(suffix, StringComparison.Ordinal))
            .Select(n => n[..^suffix.Length]).Where(n => n.Length > kind.Length && n[kind.Length..].All(char.IsAsciiDigit));

    /// <summary>The chip's name, with the channel's label where it has one.</summary>
    public string Label(SystemFiles files, string channel) =>
        files.Text($"{Folder}/{channel}_label") is { Length: > 0 } label ? $"{Name} {label}" : Name;
}
