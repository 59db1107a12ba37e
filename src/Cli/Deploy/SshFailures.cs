namespace EdgeVit.Cli;

/// <summary>What ssh says when it fails, in words that say what to do.</summary>
internal static class SshFailures
{
    // What ssh prints, what that means, and the way out; {0} is the address, {1} ssh's arguments for it.
    private static readonly (string Printed, string Meaning, string Remedy)[] s_known =
    [
        ("REMOTE HOST IDENTIFICATION HAS CHANGED", "{0} shows another key than before: a new installation, or another machine at this address",
            "If you know why, forget the old key with 'ssh-keygen -R' (ssh's message names it) and log in once with 'ssh {1}'."),
        ("Host key verification failed", "{0} is not known yet, and nobody could be asked whether its key is right", "Log in once with 'ssh {1}' and answer the question, then deploy again."),
        ("No matching host key", "{0} and this ssh have no kind of key in common", "Try 'ssh -v {1}' to see which they offer."),
        ("Permission denied", "{0} does not accept this login", "Give it your key with 'ssh-copy-id {1}' (it asks for the password once), and see that 'ssh {1}' works."),
        ("Too many authentication failures", "{0} was offered too many keys", "Name the right one in ~/.ssh/config with IdentityFile and IdentitiesOnly yes."),
        ("Could not resolve hostname", "there is no machine of the name {0}", "Check the name; a Raspberry Pi answers to NAME.local, or take its IP address."),
        ("Connection refused", "{0} is there, but no ssh server answers on this port", "Switch it on there with 'sudo systemctl enable --now ssh', or name the port with --port."),
        ("No route to host", "{0} cannot be reached", "Check that the board is on and in this network."),
        ("Network is unreachable", "{0} cannot be reached", "Check that this machine and the board are in one network."),
        ("timed out", "{0} does not answer", "Check that the board is on and in this network, and that no firewall stands between."),
        ("Connection reset", "{0} ended the connection", "Try again; where it stays so, see the journal of the board's ssh server."),
        ("Connection closed", "{0} ended the connection", "Try again; where it stays so, see the journal of the board's ssh server."),
        ("Broken pipe", "the connection to {0} was lost", "Deploy again: what was sent is not in use and is cleared away."),
    ];

    /// <summary>The message for a connection that failed.</summary>
    public static UserException Describe(BoardAddress address, SshResult result)
    {
        string arguments = address.Port is { } port ? FormattableString.Invariant($"-p {port} {address.Target}") : address.Target;
        string said = result.LastWords.Length == 0 ? "ssh said nothing" : $"ssh said: {result.LastWords}";
        foreach ((string printed, string meaning, string remedy) in s_known)
        {
            if (result.Error.Contains(printed, StringComparison.OrdinalIgnoreCase))
            {
                string line = result.Error.Split('\n').Last(l => l.Contains(printed, StringComparison.OrdinalIgnoreCase)).Trim();
                return new UserException($"{Fill(meaning)} (ssh said: {line}). {Fill(remedy)}");
            }
        }
        return new UserException($"the connection to {address} failed ({said}). See that 'ssh {arguments}' works.");

        string Fill(string text) => text.Replace("{0}", address.ToString(), StringComparison.Ordinal).Replace("{1}", arguments, StringComparison.Ordinal);
    }
}
