using System.Text.Json.Nodes;

namespace EdgeVit.Cli;

/// <summary>Takes everything away that deployments have brought: the user's installation, the service with its unit, and root's installation.</summary>
internal sealed class Removal(DeployOptions options, SshSession ssh, Printer printer, CancellationToken token)
{
    /// <summary>Does it and returns what went; nothing to do is no error.</summary>
    /// <exception cref="UserException">Root's rights are needed and not to be had, or a deployment is under way.</exception>
    public JsonObject Run()
    {
        var board = new Board(ssh, options.Address, LockOwner.Here());
        BoardState state = board.Look(options.Folder, options.Service, options.ServicePort, token);
        var gone = new List<string>();

        // What only root may touch: the unit, and the folder that it names.
        bool unit = state.Unit is not null;
        string[] folders = [.. state.Installations, .. options.Folder.Length > 0 ? new[] { state.Folder } : []];
        string[] roots = [.. folders.Where(f => f.StartsWith("/opt/", StringComparison.Ordinal) || (options.Service && f == state.Folder)).Distinct()];
        string[] own = [.. folders.Except(roots)];
        bool sudo = !state.IsRoot && state.Root == "sudo";
        if (unit || (roots.Length > 0 && !state.IsRoot))
        {
            if (!state.IsRoot && !sudo)
            {
                throw new UserException($"the service of {options.Address} is root's, and {state.User} is neither root nor may it use sudo without a password. Remove it as root:  edgevit deploy root@{options.Address.Host} --remove");
            }

            gone.AddRange(board.Remove(state, sudo, unit, roots, token));
        }
        else
        {
            own = [.. own, .. roots];
        }

        if (own.Length > 0)
        {
            gone.AddRange(board.Remove(state, sudo: false, unit: false, own, token));
        }

        foreach (string line in gone)
        {
            printer.Data(line);
        }

        if (gone.Count == 0)
        {
            printer.Data($"nothing of edgevit is on {options.Address}");
        }

        return new JsonObject { ["host"] = options.Address.Target, ["removed"] = Lines("removed: "), ["left"] = Lines("left: ") };

        JsonArray Lines(string prefix) => new([.. gone.Where(l => l.StartsWith(prefix, StringComparison.Ordinal)).Select(l => (JsonNode)l[prefix.Length..])]);
    }
}
