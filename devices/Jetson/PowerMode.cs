using System.Globalization;

namespace EdgeVit.Devices;

/// <summary>The power mode of a Jetson, which bounds its cores and clocks.</summary>
/// <param name="Id">As <c>nvpmodel -m</c> takes it.</param>
/// <param name="Name">Such as <c>15W</c>; null where its table does not name it.</param>
public sealed record PowerMode(int Id, string? Name)
{
    /// <summary>The mode without bounds where there is one (its name begins with MAXN), else the first.</summary>
    public int FastestId { get; init; }

    /// <summary>Reads what <c>nvpmodel</c> has left; null where there is none.</summary>
    public static PowerMode? Read(SystemFiles? files = null)
    {
        files ??= SystemFiles.Machine;
        if (files.Text("var/lib/nvpmodel/status")?.Split(':') is not ["pmode", var number]
            || !int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int id))
        {
            return null;
        }

        (int Id, string Name)[] modes = [.. Modes(files)];
        return new PowerMode(id, Array.Find(modes, m => m.Id == id).Name)
        {
            FastestId = Array.Find(modes, m => m.Name.StartsWith("MAXN", StringComparison.Ordinal)).Id,
        };
    }

    // Lines such as < POWER_MODEL ID=0 NAME=15W >
    private static IEnumerable<(int Id, string Name)> Modes(SystemFiles files)
    {
        foreach (string line in files.Lines("etc/nvpmodel.conf"))
        {
            string[] words = line.Split([' ', '<', '>'], StringSplitOptions.RemoveEmptyEntries);
            if (words is ["POWER_MODEL", ['I', 'D', '=', .. var id], ['N', 'A', 'M', 'E', '=', .. var name], ..]
                && int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
            {
                yield return (number, name);
            }
        }
    }
}
