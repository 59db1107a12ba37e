using System.Globalization;

namespace EdgeVit.Devices;

/// <summary>The power mode of a Jetson, which bounds its cores and clocks.</summary>
/// <param name="Id">As <c>nvpmodel -m</c> takes it.</param>
/// <param name="Name">Such as <c>15W</c>; null where its table does not name it.</param>
public sealed record PowerMode(int Id, string? Name)
{
    /// <summary>Reads what <c>nvpmodel</c> has left; null where there is none.</summary>
    public static PowerMode? Read(SystemFiles? files = null)
    {
        files ??= SystemFiles.Machine;
        string? status = files.Text("var/lib/nvpmodel/status");
        return status?.Split(':') is ["pmode", var number] && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int id)
            ? new PowerMode(id, NameOf(files, id)) : null;
    }

    // Lines such as < POWER_MODEL ID=0 NAME=15W >
    private static string? NameOf(SystemFiles files, int id)
    {
        foreach (string line in files.Lines("etc/nvpmodel.conf"))
        {
            string[] words = line.Split([' ', '<', '>'], StringSplitOptions.RemoveEmptyEntries);
            if (words is ["POWER_MODEL", ..] && words.Contains($"ID={id.ToString(CultureInfo.InvariantCulture)}"))
            {
                return words.FirstOrDefault(w => w.StartsWith("NAME=", StringComparison.Ordinal))?["NAME=".Length..];
            }
        }
        return null;
    }
}
